"""What a labelling tool's file is made of, on the way out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from corpus.models import Project, Rubric

Statement: TypeAlias = tuple[str, dict[str, Any]]


Piece: TypeAlias = Statement | bytes


class Source(NamedTuple):
    """What goes out: a project's items on its own scale, with people's and judges' grades.

    judges: key → the name it goes by. pseudonyms: whether raters go by numbers instead of their names.
    item_set: the key of the only items that go out, variants among them; without it all but variants do.
    """

    project: Project
    rubric: Rubric
    judges: Mapping[int, str]
    pseudonyms: bool = False
    with_labels: bool = True
    with_verdicts: bool = True
    item_set: int | None = None


class ToolFile(NamedTuple):
    """One tool's file: COPY statements that give its rows, a line each, between `before` and `after`.

    beside: the end of the name of a second file that the tool wants too; beside_title: what it is, in a word.
    """

    name: str
    title: str
    suffix: str
    content_type: str
    statements: Callable[[Source], Sequence[Statement]]
    beside: str
    beside_title: str
    beside_type: str
    write_beside: Callable[[Source], Iterable[Piece]]
    before: Callable[[Source], bytes] = lambda source: b""
    after: bytes = b""
