"""The long form, one row per grade of a person or a judge, as COPY statements.

Labels from files come first, then round by round, then run by run, oldest first: so a file tells the order
in which one person or judge changed their mind, and nothing is ever sorted. Items that nobody has graded
are not in it. Variants and the runs of experiments go out where their item set is asked for, alone: then
every row says what it is a variant of.

CSV cells that a spreadsheet could run as formulas are guarded here by the rule of
`corpus.formula_guard`; `import --as grades` takes the guard off again. JSON needs none.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from django.db import connection

from corpus.formula_guard import GUARD_REGEX
from corpus.models import Rubric
from corpus.variants import no_variant
from exchange.tools.names import RATER

# The connection writes times in UTC and in ISO's form; this makes every number read back to the last bit.
EXACT = "SET LOCAL extra_float_digits TO 1"
ABSENT = "NULL"


class Column(NamedTuple):
    """One column: its SQL for a label and for a verdict, and whether it may be text from outside."""

    name: str
    label: str
    verdict: str
    is_text: bool = False


COLUMNS = (
    Column("query_id", "q.external_id", "q.external_id", True),
    Column("query", "q.text", "q.text", True),
    Column("need", "q.need", "q.need", True),
    Column("candidate_id", "c.external_id", "c.external_id", True),
    Column("title", "c.title", "c.title", True),
    Column("candidate", "c.text", "c.text", True),
    Column("rater_kind", "'person'", "'judge'"),
    Column("rater", "a.name", "j.name", True),
    Column("prompt", ABSENT, "p.name", True),
    Column("judge_version", ABSENT, "j.version"),
    Column("prompt_hash", ABSENT, "p.content_hash", True),
    Column("scoring", ABSENT, "j.scoring", True),
    Column("condition", ABSENT, "k.name", True),
    Column("round", "o.name", ABSENT, True),
    Column("run", ABSENT, "v.run_id"),
    Column("outcome", "CASE WHEN l.cannot_judge THEN 'abstained' ELSE 'graded' END", "v.outcome"),
    Column("grade", "l.grade", "v.grade"),
    Column("score", ABSENT, "v.score"),
    Column("raw", ABSENT, "v.raw", True),
    Column("rationale", "l.rationale", "v.reason", True),
    Column("reason", "l.reason", ABSENT),
    Column("marks", "NULL::json", ABSENT),
    Column("gold_grade", "l.gold_grade", ABSENT),
    Column("guidelines_version", "l.guidelines_version", ABSENT),
    Column("drawn_with", "l.drawn_with", ABSENT),
    Column("seconds", "l.seconds", ABSENT),
    Column("metadata", "c.metadata", "c.metadata"),
    Column("created_at", "l.created_at", "v.created_at"),
)

# What a row tells of its item where an item set is exported.
VARIANT_COLUMNS: list[tuple[str, str, bool]] = [
    ("carrier", "w.carrier", True),
    ("attack", "w.attack", True),
    ("words", "w.words", False),
    ("original_query_id", "wq.external_id", True),
    ("original_candidate_id", "wc.external_id", True),
    ("right", 'w."right"', False),
]
VARIANT = (
    " LEFT JOIN corpus_variant w ON w.item_id = i.id LEFT JOIN corpus_item wi ON wi.id = w.original_id"
    " LEFT JOIN corpus_query wq ON wq.id = wi.query_id"
    " LEFT JOIN corpus_candidate wc ON wc.id = wi.candidate_id"
)

WON = "CASE {} WHEN 2 THEN 'candidate' WHEN 0 THEN 'rival' WHEN 1 THEN 'neither' END"
RIVAL = " JOIN corpus_candidate x ON x.id = i.rival_id"
# A preference in columns of its own: name, SQL, whether it may be text from outside.
PREFERENCE_COLUMNS: list[tuple[str, str, bool]] = [
    *[(column.name, column.label, column.is_text) for column in COLUMNS[:6]],
    ("rival_id", "x.external_id", True),
    ("rival_title", "x.title", True),
    ("rival", "x.text", True),
    ("rater", "a.name", True),
    ("round", "o.name", True),
    ("preferred", WON.format("l.grade"), False),
    ("score", ABSENT, False),
    ("left_side", "CASE WHEN l.rival_first THEN 'rival' ELSE 'candidate' END", False),
    ("rationale", "l.rationale", True),
    ("reason", "l.reason", False),
    ("gold", WON.format("l.gold_grade"), False),
    *[
        (column.name, column.label, column.is_text)
        for column in COLUMNS
        if column.name in ("guidelines_version", "drawn_with", "seconds", "created_at")
    ],
]

# What a judge's verdict on a pair gives for columns that a label fills otherwise.
PREFERENCE_OF_JUDGE = {
    "rater": "j.name",
    "round": ABSENT,
    "preferred": WON.format("v.grade"),
    "score": "v.score",
    "left_side": ABSENT,
    "rationale": "v.reason",
    "reason": ABSENT,
    "gold": ABSENT,
    "guidelines_version": ABSENT,
    "drawn_with": ABSENT,
    "seconds": ABSENT,
    "created_at": "v.created_at",
}


def header(rubric: Rubric | None = None, *, item_set: int | None = None) -> bytes:
    """The first line of a CSV file of the long form, or of labels on this rubric, or of this item set."""
    columns: Sequence[tuple] = PREFERENCE_COLUMNS if rubric and rubric.compares else COLUMNS
    if item_set is not None and not (rubric and rubric.compares):
        columns = [*columns, *VARIANT_COLUMNS]
    return ",".join(column[0] for column in columns).encode() + b"\n"


ITEMS = """
JOIN corpus_item i ON i.id = {item}
JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id"""
LABELS_FROM_FILES = (
    "FROM annotate_label l JOIN annotate_rater a ON a.id = l.rater_id"
    " LEFT JOIN annotate_round o ON false"
    + ITEMS.format(item="l.item_id")
    + " WHERE a.project_id = %(project)s AND l.round_id IS NULL AND l.superseded_at IS NULL"
)
LABELS_OF_ROUND = (
    "FROM annotate_label l JOIN annotate_rater a ON a.id = l.rater_id"
    " JOIN annotate_round o ON o.id = l.round_id"
    + ITEMS.format(item="l.item_id")
    + " WHERE l.round_id = %(round)s AND l.superseded_at IS NULL"
)
# One row an item; the rater tells what somebody decided from what the rule makes of labels.
REFERENCES = (
    "FROM (SELECT f.item_id, f.query_id, f.grade, false AS cannot_judge, coalesce(d.note, '') AS rationale,"
    " '' AS reason, NULL::int AS gold_grade, NULL::int AS guidelines_version, NULL::float8 AS drawn_with,"
    " NULL::float8 AS seconds,"
    " coalesce(d.created_at, f.updated_at) AS created_at,"
    " CASE WHEN d.id IS NULL THEN 'reference' ELSE 'adjudicated' END AS rater"
    " FROM corpus_reference f"
    " LEFT JOIN annotate_adjudication d ON d.item_id = f.item_id AND d.superseded_at IS NULL) l"
    " CROSS JOIN LATERAL (VALUES (l.rater)) a (name) LEFT JOIN annotate_round o ON false"
    + ITEMS.format(item="l.item_id")
    + " WHERE q.project_id = %(project)s AND i.rival_id IS NULL"
)
VERDICTS_OF_RUN = (
    "FROM judges_verdict v JOIN judges_run n ON n.id = v.run_id JOIN judges_judge j ON j.id = n.judge_id"
    " LEFT JOIN judges_prompt p ON p.id = j.prompt_id LEFT JOIN judges_condition k ON k.id = n.condition_id"
    + ITEMS.format(item="v.item_id")
    + " WHERE v.run_id = %(run)s"
)

Statement = tuple[str, dict]


class Taken(NamedTuple):
    """Which items go out: those of one item set, or all that are no variants."""

    item_set: int | None

    def source(self, source: str, *, item: str, extra: str = "") -> str:
        """The FROM and WHERE kept to these items; `item` is the column with their key, `extra` a join."""
        if self.item_set is None:
            return f"{source.replace(' WHERE', f'{extra} WHERE')} AND {no_variant(item)}"
        joined = source.replace(" WHERE", f"{VARIANT}{extra} WHERE")
        entry = f"SELECT FROM corpus_itemsetentry e WHERE e.item_id = {item} AND e.item_set_id = %(item_set)s"
        return f"{joined} AND EXISTS ({entry})"

    def columns(self, columns: Sequence[tuple[str, str, bool]]) -> list[tuple[str, str, bool]]:
        """These, and what says of which item each is a variant."""
        return [*columns, *(VARIANT_COLUMNS if self.item_set is not None else ())]

    @property
    def keys(self) -> dict[str, object]:
        return {} if self.item_set is None else {"item_set": self.item_set}


def guarded(expression: str) -> str:
    """SQL for a text with its guard. Most begin with a letter or a digit and need no look at the rule."""
    return (
        f"CASE WHEN ascii({expression}) BETWEEN 97 AND 122 OR ascii({expression}) BETWEEN 65 AND 90"
        f" OR ascii({expression}) BETWEEN 48 AND 57 OR {expression} = '' THEN {expression}"
        f" WHEN {expression} ~ %(guard)s THEN '''' || {expression} ELSE {expression} END"
    )


def csv_statements(
    project_id: int,
    *,
    what: str,
    scale: int | None = None,
    item_set: int | None = None,
    pseudonyms: bool = False,
) -> Iterator[Statement]:
    """COPY statements whose output, below `header`, is the long form as CSV: UTF-8, cells guarded."""

    def cells(columns: Sequence[tuple[str, str, bool]]) -> str:
        return ", ".join(
            guarded(called(value)) if is_text and value != ABSENT else value for _, value, is_text in columns
        )

    taken, called = Taken(item_set), _called(pseudonyms and what != "references")
    for select, keys in _selects(project_id, what=what, scale=scale, taken=taken, cells=cells):
        yield f"COPY ({select}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')", keys | {"guard": GUARD_REGEX}


def jsonl_statements(
    project_id: int,
    *,
    what: str,
    scale: int | None = None,
    item_set: int | None = None,
    pseudonyms: bool = False,
) -> Iterator[Statement]:
    """COPY statements of the long form as JSON lines; labels have no keys that only verdicts have."""

    def cells(columns: Sequence[tuple[str, str, bool]]) -> str:
        return ", ".join(f"{called(value)} AS {name}" for name, value, _ in columns if value != ABSENT)

    taken, called = Taken(item_set), _called(pseudonyms and what != "references")
    for select, keys in _selects(project_id, what=what, scale=scale, taken=taken, cells=cells):
        yield copy_lines_out(f"SELECT row_to_json(grades)::text FROM ({select}) grades"), keys


Cells = Callable[[Sequence], str]


def _called(pseudonyms: bool) -> Callable[[str], str]:
    """What to select for a value: for a rater's name, with pseudonyms, the pseudonym."""
    names = {RATER[False]: RATER[pseudonyms]}
    return lambda value: names.get(value, value)


def _selects(
    project_id: int, *, what: str, scale: int | None, taken: Taken, cells: Cells
) -> Iterator[Statement]:
    """The SELECTs of labels (from files, then each round's) and of verdicts (each complete run's).

    Labels and verdicts are those on the project's own scale; of another `scale` (a rubric's key) its rounds'
    labels and its judges' verdicts. Or of the references alone, as labels that one rater might have given.
    """
    if scale is not None:
        yield from _labels_of_rounds(scale, taken, cells)
        yield from _verdicts_of_judges(scale, taken, cells)
        return
    labels = cells(taken.columns([(column.name, column.label, column.is_text) for column in COLUMNS]))
    keys = {"project": project_id, **taken.keys}
    if what == "references":
        yield f"SELECT {labels} {taken.source(REFERENCES, item='l.item_id')}", keys
        return
    own = Rubric.objects.filter(project=project_id).order_by("id").values_list("pk", flat=True)[0]
    if what != "verdicts":
        yield f"SELECT {labels} {taken.source(LABELS_FROM_FILES, item='l.item_id')}", keys
        yield from _labels_of_rounds(own, taken, cells)
    if what != "labels":
        yield from _verdicts_of_judges(own, taken, cells)


def _verdicts_of_judges(rubric_id: int, taken: Taken, cells: Cells) -> Iterator[Statement]:
    """The SELECT of each complete run of a judge on this rubric; of a preference in columns of its own."""
    rubric = Rubric.objects.get(pk=rubric_id)
    columns = [(column.name, column.verdict, column.is_text) for column in COLUMNS]
    marks, keys = _named_marks(rubric, "v.marks")
    if marks:
        columns = [("marks", marks, False) if column[0] == "marks" else column for column in columns]
    columns, extra = taken.columns(columns), ""
    if rubric.compares:
        columns = [
            (name, PREFERENCE_OF_JUDGE.get(name, value), is_text)
            for name, value, is_text in PREFERENCE_COLUMNS
        ]
        extra = RIVAL
    source = taken.source(VERDICTS_OF_RUN, item="v.item_id", extra=extra)
    whose = "n.experiment_id IS NULL" if taken.item_set is None else "true"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.id FROM judges_run n JOIN judges_judge j ON j.id = n.judge_id"
            " JOIN corpus_job b ON b.id = n.job_id"
            f" WHERE j.rubric_id = %s AND b.state = 'done' AND {whose} ORDER BY n.id",
            [rubric_id],
        )
        runs = cursor.fetchall()
    for (run,) in runs:
        yield f"SELECT {cells(columns)} {source}", {"run": run, **keys, **taken.keys}


def _named_marks(rubric: Rubric, marks: str) -> tuple[str, dict[str, object]]:
    """SQL for the grades of the further criteria by name, with its parameters; empty where there are none."""
    if not rubric.criteria:
        return "", {}
    keys: dict[str, object] = {
        f"criterion_{place}": scale.name for place, scale in enumerate(rubric.scales[1:], 1)
    }
    pairs = ", ".join(f"%(criterion_{n})s::text, {marks}[{n}]" for n in range(1, len(keys) + 1))
    return f"CASE WHEN {marks} IS NOT NULL THEN json_build_object({pairs}) END", keys


def _labels_of_rounds(rubric_id: int, taken: Taken, cells: Cells) -> Iterator[Statement]:
    """The SELECT of each round on this rubric; of a preference in columns of its own."""
    rubric = Rubric.objects.get(pk=rubric_id)
    columns = [(column.name, column.label, column.is_text) for column in COLUMNS]
    marks, keys = _named_marks(rubric, "l.marks")
    if marks:
        columns = [("marks", marks, False) if column[0] == "marks" else column for column in columns]
    columns = PREFERENCE_COLUMNS if rubric.compares else taken.columns(columns)
    source = taken.source(LABELS_OF_ROUND, item="l.item_id", extra=RIVAL if rubric.compares else "")
    for round in rubric.rounds.order_by("id").values_list("pk", flat=True):
        yield f"SELECT {cells(columns)} {source}", {"round": round, **keys, **taken.keys}


def copy_lines_out(select: str) -> str:
    """COPY of a SELECT of one text column, each text a line as it is.

    CSV with control characters as quote and delimiter: nothing is quoted that holds neither of them.
    """
    return f"COPY ({select}) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8')"
