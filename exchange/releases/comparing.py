"""What changed from one release to another: choices, files, and rows that came, went, or have another label.

Both tables stand in the order of the queries' ids: they are walked side by side, a query of each at a time.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from corpus.how_many import how_many
from exchange.datasets.frozen import FILES, thaw_columns
from exchange.datasets.plan import CannotRelease
from exchange.models import Release
from exchange.releases.otherwise import Choice, Files, changed_choices, changed_files

COLUMNS = ["query_id", "candidate_id", "split", "state", "grade", "score", "candidate", "title"]
MOST_QUERIES = 100
MOST_EXAMPLES = 5


class Example(NamedTuple):
    """One row that is labelled otherwise."""

    candidate_id: str
    state_before: str
    state_after: str
    grade_before: int | None
    grade_after: int | None


class QueryChanges(NamedTuple):
    """How many rows of one query changed, and in which way."""

    query_id: str
    added: int
    removed: int
    relabelled: int  # another state or grade
    rescored: int  # another score alone
    retexted: int  # another text
    moved: str  # "train → dev", or ""
    examples: tuple[Example, ...] = ()

    @property
    def n(self) -> int:
        return self.added + self.removed + self.relabelled + self.rescored + self.retexted + bool(self.moved)

    @property
    def in_words(self) -> str:
        return ", ".join([*_counts(self), *([self.moved] if self.moved else [])])


class Changes(NamedTuple):
    """All changes; of the queries the first hundred that changed most."""

    same: int
    added: int
    removed: int
    relabelled: int
    rescored: int
    retexted: int
    moved: int  # queries in another split
    n_queries: int  # that changed at all
    queries: tuple[QueryChanges, ...]
    choices: tuple[Choice, ...]
    files: Files

    @property
    def in_words(self) -> str:
        """What became of the table's rows."""
        if not self.n_queries:
            return f"nothing changed in {how_many(self.same, 'row')} of the table"
        moved = [f"{how_many(self.moved, 'query', 'queries')} in another split"] if self.moved else []
        return ", ".join([*_counts(self), *moved, f"{how_many(self.same, 'row')} the same"])

    def as_json(self) -> dict[str, Any]:
        told = self._asdict()
        told["queries"] = [
            query._asdict() | {"examples": [example._asdict() for example in query.examples]}
            for query in self.queries
        ]
        told["choices"] = [choice._asdict() for choice in self.choices]
        told["files"] = self.files._asdict()
        return told


def compare(before: Release, after: Release) -> Changes:
    """What changed between two releases. Raises CannotRelease where a table is gone."""
    totals = dict.fromkeys(("same", "added", "removed", "relabelled", "rescored", "retexted", "moved"), 0)
    n_queries, most = 0, []
    for query_id, old, new in _side_by_side(before, after):
        changes, same = _of_query(query_id, old, new)
        totals["same"] += same
        if not changes.n:
            continue
        n_queries += 1
        for name in ("added", "removed", "relabelled", "rescored", "retexted"):
            totals[name] += getattr(changes, name)
        totals["moved"] += bool(changes.moved)
        most.append(changes)
        if len(most) > 2 * MOST_QUERIES:
            most = _largest(most)
    return Changes(
        **totals,
        n_queries=n_queries,
        queries=tuple(_largest(most)),
        choices=changed_choices(before, after),
        files=changed_files(before, after),
    )


def _largest(changes: list[QueryChanges]) -> list[QueryChanges]:
    return sorted(changes, key=lambda each: (-each.n, each.query_id))[:MOST_QUERIES]


Rows = dict[str, tuple[Any, ...]]  # candidate → its row


def _side_by_side(before: Release, after: Release) -> Iterator[tuple[str, Rows, Rows]]:
    """(query, its rows before, its rows after), in the order of the ids; one of them may have none."""
    left, right = _queries(before), _queries(after)
    old, new = next(left, None), next(right, None)
    while old or new:
        first = min(each[0].encode() for each in (old, new) if each)
        is_old, is_new = (each is not None and each[0].encode() == first for each in (old, new))
        yield first.decode(), old[1] if old and is_old else {}, new[1] if new and is_new else {}
        old = next(left, None) if is_old else old
        new = next(right, None) if is_new else new


def _queries(release: Release) -> Iterator[tuple[str, Rows]]:
    path = release.folder / FILES["rows"]
    if not path.is_file():
        raise CannotRelease(f"The table of “{release}” is not on the server any more.")
    for query_id, rows in groupby(thaw_columns(path, COLUMNS), key=itemgetter(0)):
        yield query_id, {row[1]: row[2:] for row in rows}


def _of_query(query_id: str, old: Rows, new: Rows) -> tuple[QueryChanges, int]:
    """Its changes and how many rows are the same."""
    relabelled = rescored = retexted = same = 0
    examples: list[Example] = []
    for candidate_id in old.keys() & new.keys() if old != new else ():
        (_, state, grade, score, *text), (_, its_state, its_grade, its_score, *its_text) = (
            old[candidate_id],
            new[candidate_id],
        )
        if (state, grade) != (its_state, its_grade):
            relabelled += 1
            examples.append(Example(candidate_id, state, its_state, grade, its_grade))
        elif score != its_score:
            rescored += 1
        elif text != its_text:
            retexted += 1
        else:
            same += 1
    splits = [next(iter(rows.values()))[0] if rows else None for rows in (old, new)]
    moved = f"{splits[0]} → {splits[1]}" if all(splits) and splits[0] != splits[1] else ""
    changes = QueryChanges(
        query_id,
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        relabelled=relabelled,
        rescored=rescored,
        retexted=retexted,
        moved=moved,
        examples=tuple(sorted(examples)[:MOST_EXAMPLES]),
    )
    return changes, len(old) if old == new else same


def _counts(changes: QueryChanges | Changes) -> list[str]:
    words = (
        (changes.added, "added"),
        (changes.removed, "removed"),
        (changes.relabelled, "labelled otherwise"),
        (changes.rescored, "with another score"),
        (changes.retexted, "with another text"),
    )
    return [f"{n:,} {said}" for n, said in words if n]
