"""Rows of a mined selection as rows of the long table: the one place where mining and datasets meet."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter

from django.db import connection
from django.db.models import CharField, Q, Value
from django.db.models.functions import Concat

from corpus.models import Project
from exchange.datasets.plan import CannotRelease
from exchange.datasets.table import POSITIVES, Row, State
from mining.models import Selection
from mining.rule_words import REASONS
from mining.rules import Reason
from mining.selections import BY_PEOPLE, rows_of
from mining.selections import Row as SelectedRow

Counted = tuple[str, str | None, str | None, int, int]
PATH = Concat("pool__name", Value("/"), "name", output_field=CharField())
PEOPLE_SAY = frozenset(reason.name.lower() for reason in BY_PEOPLE)
COUNTS = """
    SELECT r.split, entry.state, CASE WHEN entry.state = 'unjudged' THEN ''
           WHEN entry.reason = ANY(%(by_people)s) THEN 'people' ELSE 'judge' END AS graded_by,
           count(*), count(DISTINCT r.place)
    FROM mining_selectionentry entry JOIN release_query r ON r.query_id = entry.query_id
    WHERE entry.selection_id = %(selection)s
      AND (entry.picked OR (%(with_unjudged)s AND entry.state = 'unjudged'))
    GROUP BY GROUPING SETS ((1, 2, 3), (1))"""


def selection_names(project: Project) -> list[str]:
    """The project's selections as `find_selection` takes them, newest first: POOL/NAME."""
    found = Selection.objects.filter(pool__project=project).annotate(path=PATH)
    return list(found.values_list("path", flat=True))


def find_selection(project: Project, name: str) -> Selection:
    """The project's newest selection of this name, or of this POOL/NAME. Raises CannotRelease."""
    known = Selection.objects.filter(pool__project=project).annotate(path=PATH)
    found: Selection | None = (
        known.filter(Q(name=name) | Q(path=name))
        .select_related("pool__project", "run__judge__prompt", "run__judge__rubric")
        .first()
    )
    if found is None:
        raise CannotRelease(f"The project has no selection “{name}”.")
    return found


def read_selection(
    selection: Selection, *, with_unjudged: bool, with_reasons: bool = False
) -> Iterator[list[Row]]:
    """The rows of a selection, a query at a time: those picked, and where wanted those nobody judged."""
    members = rows_of(selection, everything=with_unjudged)
    wanted = (each for each in members if each.picked or each.state == State.UNJUDGED)
    return rows_of_selection(wanted, _splits(), with_reasons=with_reasons)


def rows_of_selection(
    selected: Iterable[SelectedRow], splits: Mapping[str, str], *, with_reasons: bool = False
) -> Iterator[list[Row]]:
    """The rows with their splits, each query's in the table's order."""
    for query_id, members in groupby(selected, key=attrgetter("query_id")):
        split = splits[query_id]
        yield sorted((_row(each, split, with_reasons=with_reasons) for each in members), key=_place)


def count_selection(selection: Selection, *, with_unjudged: bool) -> list[Counted]:
    """How many rows `read_selection` gives, as `counting` takes them."""
    keys = {"selection": selection.pk, "by_people": [int(reason) for reason in BY_PEOPLE]}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, keys | {"with_unjudged": with_unjudged})
        found: list[Counted] = cursor.fetchall()
    return found


def _row(each: SelectedRow, split: str, *, with_reasons: bool) -> Row:
    """Its state is people's word where they decided, else the judge's; a score has a judge, no score none."""
    is_scored = each.score is not None or each.log_odds is not None
    by_people = each.reason in PEOPLE_SAY
    return Row(
        query_id=each.query_id,
        query=each.query,
        need=each.need,
        candidate_id=each.candidate_id,
        title=each.title,
        candidate=each.candidate,
        split=split,
        state=each.state,
        grade=each.grade,
        score=each.score,
        log_odds=each.log_odds,
        miner=each.miner,
        rank=each.rank,
        judge=each.judge if is_scored else "",
        prompt_hash=each.prompt_hash if is_scored else "",
        rule=each.rule,
        graded_by="people" if by_people else "" if each.state == State.UNJUDGED else "judge",
        reason=REASONS[Reason[each.reason.upper()]] if with_reasons else "",
    )


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
