"""Wordings: the texts that conditions are made of. Files ship them; a project can put its own in their place.

Two places can stand in a wording and are filled for each judge: {{abstain}}, the judge's answer for "cannot
judge", and {{mark}}, the character that joins a marked candidate's words.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from django.db import transaction

from corpus.audit import record
from corpus.models import Project, User
from corpus.models.audit import Verb
from judges.models import Wording
from judges.prompting import PLACE

FOLDER = Path(__file__).parent / "wordings"
FIELDS = ("name", "kind", "version", "place", "text", "source", "note")
KINDS: dict[str, str] = {
    "framing": "what stands around the task without being part of it",
    "suffix": "the demand to answer at any price",
    "rung": "a step of the ladder of such demands",
    "arm": "a way out of the demand",
    "defence": "a defence against attacks",
}
WHERE = ("before", "after")
WORDING_PLACES = ("abstain", "mark")
LONGEST = 5000  # characters
MOST_GAP = 0.05  # past it the threat may work by being longer than the distraction


class WordingProblem(ValueError):
    """A wording is not usable as written; one sentence says what and where."""


class WordingText(NamedTuple):
    """One version of a wording: the shipped one, or the project's own that stands in for it."""

    name: str
    kind: str  # of KINDS
    place: str  # before or after the judge's user message
    text: str
    version: int = 1
    source: str = ""
    note: str = ""
    is_own: bool = False

    @property
    def content_hash(self) -> str:
        """SHA-256 of the text in UTF-8, 64 hexadecimal digits."""
        return hash_text(self.text)

    @property
    def n_words(self) -> int:
        """Words by the spaces between them."""
        return len(self.text.split())


Wordings = Mapping[str, WordingText]


def hash_text(text: str) -> str:
    """SHA-256 of the text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def make_wording(fields: Mapping[str, Any]) -> WordingText:
    """A checked wording from a file's fields; WordingProblem says what is wrong with them."""
    if unknown := set(map(str, fields)) - set(FIELDS):
        raise WordingProblem(
            f"a wording has no field {', '.join(sorted(unknown))}; its fields are {', '.join(FIELDS)}"
        )
    name = str(fields.get("name") or "").strip()
    if not name:
        raise WordingProblem("the wording has no name")
    kind, place, version = fields.get("kind"), fields.get("place"), fields.get("version", 1)
    if kind not in KINDS:
        raise WordingProblem(f"wording “{name}”: the kind is one of {', '.join(KINDS)}, not {kind!r}")
    if place not in WHERE:
        raise WordingProblem(f"wording “{name}”: the place is {' or '.join(WHERE)}, not {place!r}")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise WordingProblem(f"wording “{name}”: the version is a whole number from 1, not {version!r}")
    return WordingText(
        name=name,
        kind=kind,
        place=place,
        text=read_text(str(fields.get("text") or ""), name=name),
        version=version,
        source=str(fields.get("source") or "").strip(),
        note=str(fields.get("note") or "").strip(),
    )


def read_text(text: str, *, name: str, needed: frozenset[str] = frozenset()) -> str:
    """The text with plain line ends and nothing around it; WordingProblem where it cannot be shown.

    `needed` are places that it must have.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    where = f"wording “{name}”"
    if not text:
        raise WordingProblem(f"{where} has no text")
    if len(text) > LONGEST:
        raise WordingProblem(f"{where} has {len(text):,} characters; {LONGEST:,} are the most")
    if "\0" in text:
        raise WordingProblem(f"{where} holds a NUL character, which no text may")
    found = PLACE.findall(text)
    for place in found:
        if place not in WORDING_PLACES:
            known = ", ".join(f"{{{{{each}}}}}" for each in WORDING_PLACES)
            raise WordingProblem(f"{where}: unknown place {{{{{place}}}}}; a wording's places are {known}")
    left_over = PLACE.sub("", text)
    if "{{" in left_over or "}}" in left_over:
        raise WordingProblem(f"{where}: a place is not closed on its line; write it as {{{{abstain}}}}")
    if missing := needed - set(found):
        shown = " and ".join(f"{{{{{each}}}}}" for each in sorted(missing))
        raise WordingProblem(f"{where} needs {shown}: without it the judge is not told what to answer")
    return text


def load_wording_file(path: Path) -> WordingText:
    """The wording in one YAML file; WordingProblem names the file and what is wrong in it."""
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise WordingProblem(f"{path.name} cannot be read as YAML: {problem}") from problem
    if not isinstance(fields, dict):
        raise WordingProblem(f"{path.name} is not a mapping of fields")
    try:
        return make_wording(fields)
    except WordingProblem as problem:
        raise WordingProblem(f"{path.name}: {problem}") from problem


@lru_cache(maxsize=1)
def shipped_wordings() -> dict[str, WordingText]:
    """The wordings that come with Concord, by name."""
    wordings = [load_wording_file(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {wording.name: wording for wording in wordings}


def wordings_for(project: Project) -> dict[str, WordingText]:
    """The project's wordings by name: its own newest version of each, else the shipped one."""
    newest = Wording.objects.filter(project=project).order_by("name", "-version").distinct("name")
    own = {row.name: row for row in newest}
    return {name: _own(shipped, own.get(name)) for name, shipped in shipped_wordings().items()}


def history_of(project: Project, name: str) -> list[tuple[WordingText, Wording | None]]:
    """Every version of the wording, newest first, with its row; last the shipped one, which has none."""
    shipped = _shipped(name)
    rows = Wording.objects.filter(project=project, name=name).select_related("created_by")
    return [*((_own(shipped, row), row) for row in rows.order_by("-version")), (shipped, None)]


@transaction.atomic
def save_wording(project: Project, name: str, text: str, *, by: User | None = None) -> WordingText:
    """The text as the project's next version of this wording; the same text again is not saved.

    A version of the project's own counts on from the shipped one. Raises WordingProblem for a name that is
    not shipped, or a text that lost a place the shipped one has.
    """
    shipped = _shipped(name)
    text = read_text(text, name=name, needed=frozenset(PLACE.findall(shipped.text)))
    Project.objects.select_for_update().get(pk=project.pk)
    newest = Wording.objects.filter(project=project, name=name).order_by("-version").first()
    current = _own(shipped, newest)
    if current.text == text:
        return current
    row = Wording.objects.create(
        project=project,
        name=name,
        version=current.version + 1,
        text=text,
        content_hash=hash_text(text),
        created_by=by,
    )
    record(Verb.WORDING_SAVED, row, project=project, by=by, version=row.version)
    return _own(shipped, row)


def differences(older: WordingText, newer: WordingText) -> list[tuple[str, str]]:
    """The lines of both texts as (sign, line): "+" for what is new, "-" for what is gone, " " for both."""
    lines = difflib.ndiff(older.text.splitlines(), newer.text.splitlines())
    return [(line[0], line[2:]) for line in lines if line[0] != "?"]


def length_gap(wordings: Wordings) -> float:
    """How much longer the longer of the two framings is than the shorter one, in words: 0.05 is 5 %."""
    shorter, longer = sorted(wordings[name].n_words for name in ("framing-distraction", "framing-threat"))
    return longer / shorter - 1


def _shipped(name: str) -> WordingText:
    if name not in shipped_wordings():
        raise WordingProblem(f"there is no wording “{name}”; there are {', '.join(shipped_wordings())}")
    return shipped_wordings()[name]


def _own(shipped: WordingText, row: Wording | None) -> WordingText:
    """The project's version of the shipped wording; the shipped one itself where there is no row."""
    return shipped._replace(text=row.text, version=row.version, is_own=True) if row else shipped
