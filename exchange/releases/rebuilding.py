"""Making a release's files a second time, from its frozen tables, to prove that they are what they were."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from exchange.datasets.frozen import FILES, sha256_of, thaw
from exchange.datasets.outputs import Outputs
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.writers.base import Choices
from exchange.datasets.writers.formats import FORMATS
from exchange.models import Release
from exchange.releases.making import paper_fact
from exchange.releases.papers import MANIFEST, README, make_manifest, make_readme


class Check(NamedTuple):
    """One file of a release, made again."""

    path: str
    expected: str  # SHA-256
    found: str  # "" where the file was not made
    note: str = ""

    @property
    def is_same(self) -> bool:
        return self.expected == self.found


def rebuild(release: Release, folder: Path, *, on_rows: Callable[[int], None] | None = None) -> list[Check]:
    """Make all files of the release in an empty folder and compare their checksums with those of then.

    The frozen tables themselves are only read: whether they are untouched is the first check. `on_rows` is
    told how many of their rows were read so far. Raises CannotRelease where one of them is gone.
    """
    plan = Plan.from_json(release.plan)
    frozen = {table: release.folder / FILES[table] for table in plan.tables}
    if gone := [path.name for path in frozen.values() if not path.is_file()]:
        raise CannotRelease(
            f"{gone[0]} of this release is not on the server any more; nothing can be made again."
        )
    found = {path.name: sha256_of(path) for path in frozen.values()}
    formats = [FORMATS[name] for name in plan.formats if name in FORMATS]
    n_read = 0
    with Outputs(folder, formats, Choices(**release.facts["choices"])) as outputs:
        for table, path in frozen.items():
            for rows in thaw(path, table):
                outputs.add(table, rows)
                n_read += len(rows)
                if on_rows:
                    on_rows(n_read)
    found |= {each.path: each.sha256 for each in outputs.written}
    papers = [file for file in release.files if file["path"] not in (README, MANIFEST)]
    for name, make in ((README, make_readme), (MANIFEST, make_manifest)):
        data = make(release, papers)
        (folder / name).write_bytes(data)
        papers = [*papers, paper_fact(name, data)]
        found[name] = papers[-1]["sha256"]
    expected = {file["path"]: file for file in release.files}
    checks = [
        Check(path, file["sha256"], found.get(path, ""), _note(release, file["format"]))
        for path, file in expected.items()
    ]
    return checks + [
        Check(path, "", found[path], "was not there") for path in sorted(found.keys() - expected)
    ]


def _note(release: Release, format_name: str) -> str:
    """Why the bytes may differ though the rows are the same."""
    then, now = release.facts["editions"].get(format_name), FORMATS.get(format_name)
    if then is not None and now is None:
        return "this Concord does not write the format any more"
    if then is not None and now is not None and then != now.edition:
        return f"written by edition {then} of the format; this Concord has edition {now.edition}"
    return ""
