"""What was chosen otherwise for one release than for another, and which of their files are not the same.

Choices are told by the names that they had when each release was made.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from exchange.datasets.plan import Plan
from exchange.datasets.writers.formats import FORMATS
from exchange.models import Release
from exchange.releases.papers import PAPERS

LONGEST = 100


class Choice(NamedTuple):
    """One choice that is another one now."""

    name: str
    before: str
    after: str

    @property
    def in_words(self) -> str:
        return f"{self.name}: {self.before} → {self.after}"


class Files(NamedTuple):
    """Paths of data files; the card and the manifest are always others."""

    n_same: int
    differ: tuple[str, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(self.differ) + len(self.new) + len(self.gone)

    @property
    def by_kind(self) -> list[tuple[str, tuple[str, ...]]]:
        """(words, paths) of the files that are not the same."""
        kinds = (("differs", self.differ), ("is new", self.new), ("is gone", self.gone))
        return [(words, paths) for words, paths in kinds if paths]


def changed_choices(before: Release, after: Release) -> tuple[Choice, ...]:
    """The choices in which two releases differ, in the order in which they are asked for."""
    old, new = dict(_choices(before)), dict(_choices(after))
    return tuple(
        Choice(name, _short(old.get(name)), _short(new.get(name)))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name)
    )


def changed_files(before: Release, after: Release) -> Files:
    """Which data files of one release the other has not, or has with another checksum."""
    old, new = _checksums(before), _checksums(after)
    both = [path for path in new if path in old]
    return Files(
        n_same=sum(old[path] == new[path] for path in both),
        differ=tuple(path for path in both if old[path] != new[path]),
        new=tuple(path for path in new if path not in old),
        gone=tuple(path for path in old if path not in new),
    )


def _checksums(release: Release) -> dict[str, str]:
    return {file["path"]: file["sha256"] for file in release.files if file["format"] != PAPERS}


def _choices(release: Release) -> Iterator[tuple[str, str]]:
    """Everything that was chosen, by its name; what says nothing is not in it."""
    plan, facts = Plan.from_json(release.plan), release.facts
    yield "source", plan.source
    yield "formats", ", ".join(name for name in FORMATS if name in plan.formats)
    yield from _of_selection(facts.get("selection"))
    for judge in facts.get("judges", ()):
        prompt = f", {judge['prompt']}" if judge["prompt"] else ""
        yield f"judge of {judge['used_for']}", f"{judge['name']} (version {judge['version']}){prompt}"
        yield f"runs for {judge['used_for']}", ", ".join(str(run) for run, _ in judge["runs"])
    yield "items", facts.get("item_set") or "all"
    yield "labels behind a reference", str(plan.min_labels)
    yield "unjudged candidates", "kept" if plan.with_unjudged else "left out"
    yield "reasons", "kept" if plan.with_reasons else "left out"
    yield "negatives of a query", str(plan.negatives)
    yield "train", f"{plan.train} %"
    yield "dev", f"{plan.dev} %"
    yield "seed of the splits", str(plan.seed)
    yield "test queries", "the project’s own" if facts.get("keeps_test") else "by the seed"
    yield from _of_project(facts)
    for name, edition in facts.get("editions", {}).items():
        yield f"edition of {name}", str(edition)
    yield "licence", " ".join(release.licence.split())


def _of_selection(selection: dict[str, Any] | None) -> Iterator[tuple[str, str]]:
    if not selection:
        return
    yield "selection", f"{selection['pool']}/{selection['name']}"
    yield "run of the selection", str(selection["run"])
    yield "rule", selection["rule"]
    yield "second judge", selection["second_judge"]
    yield "its rule", selection["second_rule"]
    yield "sampling", selection["sampling"]


def _of_project(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    rubric = facts.get("rubric", {})
    yield "scale", str(rubric.get("name", ""))
    yield "relevant from grade", str(rubric.get("cut", ""))
    yield "rule of references", str(facts.get("reference_rule", ""))
    yield "scale of several criteria", str(facts.get("criteria", ""))
    yield "version of the guidelines", str((facts.get("guidelines") or {}).get("current") or "")


def _short(said: str | None) -> str:
    if not said:
        return "none"
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
