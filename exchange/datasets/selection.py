"""Rows of a mined selection as rows of the long table: the one place where mining and datasets meet."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any, Protocol

from django.db import connection

from corpus.models import Project
from exchange.datasets.plan import CannotRelease
from exchange.datasets.table import POSITIVES, Row, State


class SelectedRow(Protocol):
    """What a selection gives of each pooled candidate, the candidates of a query together."""

    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    state: str
    grade: int | None
    score: float | None
    log_odds: float | None
    miner: str
    rank: int | None
    judge: str
    prompt_hash: str
    rule: str


def selection_names(project: Project) -> list[str]:
    """The project's selections; none where there is no mining."""
    try:
        from mining.models import Selection
    except ImportError:
        return []
    return list(Selection.objects.filter(project=project).order_by("name").values_list("name", flat=True))


def find_selection(project: Project, name: str) -> Any:
    """The project's selection of this name. Raises CannotRelease."""
    try:
        from mining.models import Selection
    except ImportError as error:
        raise CannotRelease("There is no mining here, so there are no selections to take rows of.") from error
    found = Selection.objects.filter(project=project, name=name).first()
    if found is None:
        raise CannotRelease(f"The project has no selection “{name}”.")
    return found


def read_selection(selection: Any, *, with_unjudged: bool) -> Iterator[list[Row]]:
    """The rows of a selection, a query at a time."""
    from mining.selections import rows_of

    return rows_of_selection(rows_of(selection), _splits(), with_unjudged=with_unjudged)


def rows_of_selection(
    selected: Iterable[SelectedRow], splits: Mapping[str, str], *, with_unjudged: bool
) -> Iterator[list[Row]]:
    """The rows with their splits, each query's in the table's order."""
    for query_id, members in groupby(selected, key=attrgetter("query_id")):
        split = splits[query_id]
        rows = [_row(each, split) for each in members if with_unjudged or each.state != State.UNJUDGED]
        if rows:
            yield sorted(rows, key=_place)


def _row(each: SelectedRow, split: str) -> Row:
    values: dict[str, Any] = {
        name: getattr(each, name) for name in Row._fields if hasattr(each, name) and name != "split"
    }
    texts = {
        name: values.get(name) or "" for name in ("need", "title", "miner", "judge", "prompt_hash", "rule")
    }
    graded_by = values.get("graded_by") or ("" if each.state == State.UNJUDGED else "judge")
    return Row(split=split, **values | texts | {"graded_by": graded_by})


def _place(row: Row) -> tuple[bool, bool, float, bool, int, bytes]:
    """Positives first, then falling scores, falling grades, ids: as the store sorts."""
    return (
        row.state not in POSITIVES,
        row.score is None,
        -(row.score or 0.0),
        row.grade is None,
        -(row.grade or 0),
        row.candidate_id.encode(),
    )


def _splits() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id, split FROM release_query")
        return dict(cursor.fetchall())
