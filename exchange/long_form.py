"""The long form, one row per grade of a person or a judge, as COPY statements.

CSV cells that a spreadsheet could run as formulas are guarded here by the rule of
`exchange.formats.formula_guard`; `import --as grades` takes the guard off again. JSON needs none.
"""

from exchange.formats.formula_guard import GUARD_REGEX

# (column, its SQL for labels, its SQL for verdicts, whether its text came from outside)
COLUMNS = [
    ("query_id", "q.external_id", "q.external_id", True),
    ("query", "q.text", "q.text", True),
    ("need", "q.need", "q.need", True),
    ("candidate_id", "c.external_id", "c.external_id", True),
    ("title", "c.title", "c.title", True),
    ("candidate", "c.text", "c.text", True),
    ("rater_kind", "'person'", "'judge'", False),
    ("rater", "r.name", "j.name", True),
    ("prompt", "NULL", "p.name", True),
    ("judge_version", "NULL::int", "j.version", False),
    ("prompt_hash", "NULL", "p.content_hash", False),
    ("scoring", "NULL", "j.scoring", False),
    ("condition", "NULL", "k.name", True),
    ("run", "NULL::bigint", "v.run_id", False),
    (
        "outcome",
        "CASE WHEN l.cannot_judge THEN 'abstained' ELSE 'graded' END",
        "v.outcome",
        False,
    ),
    ("grade", "l.grade", "v.grade", False),
    ("score", "NULL::float8", "v.score", False),
    ("raw", "NULL", "v.raw", True),
    ("rationale", "l.rationale", "v.reason", True),
    ("created_at", "l.created_at", "v.created_at", False),
]
FROM_LABELS = """
FROM annotate_label l JOIN annotate_rater r ON r.id = l.rater_id
JOIN corpus_item i ON i.id = l.item_id
JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
WHERE r.project_id = %(project)s AND l.superseded_at IS NULL"""
FROM_VERDICTS = """
FROM judges_verdict v JOIN judges_run n ON n.id = v.run_id
JOIN judges_judge j ON j.id = n.judge_id JOIN corpus_job b ON b.id = n.job_id AND b.state = 'done'
LEFT JOIN judges_prompt p ON p.id = j.prompt_id LEFT JOIN judges_condition k ON k.id = n.condition_id
JOIN corpus_item i ON i.id = v.item_id
JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
WHERE j.project_id = %(project)s"""


def guarded(expression: str) -> str:
    """SQL for a text with its guard. Texts that begin with a Latin letter or a digit need no look at the rule."""
    return (
        f"CASE WHEN ascii({expression}) BETWEEN 97 AND 122 OR ascii({expression}) BETWEEN 65 AND 90"
        f" OR ascii({expression}) BETWEEN 48 AND 57 OR {expression} = '' THEN {expression}"
        f" WHEN {expression} ~ %(guard)s THEN '''' || {expression} ELSE {expression} END"
    )


def _select(*, what: str, guard: bool) -> str:
    parts = []
    for name, position, tables in (("labels", 1, FROM_LABELS), ("verdicts", 2, FROM_VERDICTS)):
        if what not in (name, "both"):
            continue
        cells = ", ".join(
            f"{guarded(column[position]) if guard and column[3] and column[position] != 'NULL' else column[position]}"
            f" AS {column[0]}"
            for column in COLUMNS
        )
        parts.append(f"SELECT {cells} {tables}")
    return "\nUNION ALL\n".join(parts)


def copy_csv(project_id: int, *, what: str) -> tuple[str, dict]:
    """COPY of the long form as CSV with a header line, UTF-8, cells guarded."""
    return (
        f"COPY ({_select(what=what, guard=True)}) TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')",
        {"project": project_id, "guard": GUARD_REGEX},
    )


def copy_jsonl(project_id: int, *, what: str) -> tuple[str, dict]:
    """COPY of the long form as JSON lines; what a row does not have is left out.

    Written in CSV format with control characters as quote and delimiter, which JSON never contains
    unescaped: so each row is its JSON text and nothing else.
    """
    return (
        f"COPY (SELECT json_strip_nulls(row_to_json(grades))::text FROM ({_select(what=what, guard=False)})"
        " grades) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8')",
        {"project": project_id},
    )


def copy_qrels(project_id: int, *, judge_id: int | None) -> tuple[str, dict]:
    """COPY of TREC qrels: the reference, or one judge's grades from its latest plain run per item."""
    if judge_id is None:
        grades = "SELECT f.item_id, f.grade FROM corpus_reference f"
    else:
        grades = (
            "SELECT DISTINCT ON (v.item_id) v.item_id, v.grade FROM judges_verdict v"
            " JOIN judges_run n ON n.id = v.run_id JOIN corpus_job b ON b.id = n.job_id AND b.state = 'done'"
            " WHERE n.judge_id = %(judge)s AND n.condition_id IS NULL ORDER BY v.item_id, v.run_id DESC"
        )
    return (
        "COPY (SELECT q.external_id, 0, c.external_id, g.grade"
        f" FROM ({grades}) g JOIN corpus_item i ON i.id = g.item_id"
        " JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id"
        " WHERE q.project_id = %(project)s AND g.grade IS NOT NULL ORDER BY 1, 4 DESC, 3)"
        " TO STDOUT (FORMAT text, DELIMITER ' ', ENCODING 'UTF8')",
        {"project": project_id, "judge": judge_id},
    )
