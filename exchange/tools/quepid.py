"""Quepid: a book's judgements as CSV, a column for each person and judge, and beside them one rating for each
query and document, the reference, which Quepid reads back into a case.

Quepid knows queries by their texts. Cells that a spreadsheet could run as formulas are guarded.
"""

import csv
from collections.abc import Iterator
from io import StringIO

from corpus.formula_guard import GUARD_REGEX, guard_cell
from corpus.jobs import JobFailed
from exchange.formats.names import normalised
from exchange.formats.quepid import JUDGE_SIGN, NO_JUDGES
from exchange.long_form import guarded
from exchange.tools.file import Source, Statement, ToolFile
from exchange.tools.source import items, keys_of, raters_of, taken

QUERY = guarded("coalesce(nullif(q.text, ''), q.external_id)")
DOCUMENT = guarded("c.external_id")
MOST_COLUMNS = 1000  # PostgreSQL selects 1,664 at most
REFERENCES = """
FROM corpus_query q JOIN corpus_item i ON i.query_id = q.id JOIN corpus_candidate c ON c.id = i.candidate_id
{join} corpus_reference f ON f.item_id = i.id
WHERE q.project_id = %(project)s AND i.rival_id IS NULL AND {taken}
ORDER BY q.external_id, c.external_id"""
COPY = "COPY ({select}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')"


def statements(source: Source) -> list[Statement]:
    """One query and document a row. Raises JobFailed where there are too many people for columns."""
    raters, judges = raters_of(source), _judges(source)
    if len(raters) + len(judges) > MOST_COLUMNS:
        raise JobFailed(
            f"There are {len(raters) + len(judges):,} people and judges, and Quepid’s file has a column for"
            " each. Export the reference alone, or CSV."
        )
    columns = [QUERY, DOCUMENT]
    columns += [f"people.grades ->> '{pk}'" for pk in raters]
    columns += [f"judges.grades ->> '{pk}'" for pk in judges]
    select = f"SELECT {', '.join(columns)} " + items(
        source,
        people="jsonb_object_agg(l.rater_id, l.grade) AS grades",
        judges="jsonb_object_agg(v.judge, v.grade) AS grades",
    )
    return [(COPY.format(select=select), keys_of(source) | {"guard": GUARD_REGEX})]


def header(source: Source) -> bytes:
    """The first line: a column for each person and each judge."""
    names = ["query", "docid"]
    for name in raters_of(source).values():
        names.append(_free(name, names))
    names += [JUDGE_SIGN + name for name in _judges(source).values()]
    return _line(names)


def ratings(source: Source) -> Iterator[Statement | bytes]:
    """The reference as Quepid's cases read it: one rating for a query and document; empty ones of all items
    where no labels go out."""
    yield _line(["query", "docid", "rating"])
    join, grade = ("JOIN", "f.grade") if source.with_labels else ("LEFT JOIN", "NULL")
    select = f"SELECT {QUERY}, {DOCUMENT}, {grade} {REFERENCES.format(join=join, taken=taken(source))}"
    keys = {"project": source.project.pk, "item_set": source.item_set, "guard": GUARD_REGEX}
    yield COPY.format(select=select), keys


def _judges(source: Source) -> dict[int, str]:
    """The judges whose verdicts go out, by key, as they are called."""
    answered = set(keys_of(source)["judges"])
    return {pk: name for pk, name in source.judges.items() if pk in answered}


def _free(name: str, taken: list[str]) -> str:
    """The name as a column; one that is there already, or means something else, says that it is a rater's."""
    is_free = normalised(name) not in NO_JUDGES and not name.startswith(JUDGE_SIGN) and name not in taken
    return name if is_free else f"{name} (rater)"


def _line(cells: list[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerow(map(guard_cell, cells))
    return text.getvalue().encode()


FILE = ToolFile(
    "quepid",
    "Quepid: a book’s judgements as CSV, and the reference for a case",
    "csv",
    "text/csv; charset=utf-8",
    statements,
    "ratings.csv",
    "Ratings",
    "text/csv; charset=utf-8",
    ratings,
    before=header,
)
