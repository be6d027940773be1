"""TREC qrels out of the store: the reference, or one judge's grades, as a COPY statement."""

from django.db import connection

from corpus.variants import no_variant
from exchange.long_form import copy_lines_out

BLANK = "[\t\n\v\f\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"  # as str.split cuts
REFERENCE = "SELECT f.item_id, f.grade FROM corpus_reference f"
LATEST_OF_JUDGE = (
    "SELECT DISTINCT ON (v.item_id) v.item_id, v.grade FROM judges_verdict v"
    " JOIN judges_run n ON n.id = v.run_id JOIN corpus_job b ON b.id = n.job_id AND b.state = 'done'"
    " WHERE n.judge_id = %(judge)s AND n.condition_id IS NULL AND n.experiment_id IS NULL"
    " ORDER BY v.item_id, v.run_id DESC"
)


def qrels_statement(
    project_id: int, *, judge_id: int | None, item_set: int | None = None
) -> tuple[str, dict]:
    """COPY of query id, 0, candidate id and grade between blanks, sorted by query, best grade first.

    The reference, or of a judge the latest plain verdict of each item; what has no grade is left out, and so
    are variants, but for those of an item set that is asked for.
    """
    return (
        copy_lines_out(
            "SELECT q.external_id || ' 0 ' || c.external_id || ' ' || g.grade "
            + _graded(judge_id, item_set)
            + " ORDER BY q.external_id, g.grade DESC, c.external_id"
        ),
        {"project": project_id, "judge": judge_id, "item_set": item_set},
    )


def id_with_blank(project_id: int, *, judge_id: int | None, item_set: int | None = None) -> str:
    """A query's or candidate's id among them that qrels cannot hold, because it has a blank in it, or ""."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN q.external_id ~ %(blank)s THEN q.external_id ELSE c.external_id END "
            + _graded(judge_id, item_set)
            + " AND (q.external_id ~ %(blank)s OR c.external_id ~ %(blank)s) LIMIT 1",
            {"project": project_id, "judge": judge_id, "item_set": item_set, "blank": BLANK},
        )
        row = cursor.fetchone()
    return row[0] if row else ""


def _graded(judge_id: int | None, item_set: int | None) -> str:
    taken = no_variant("i.id")
    if item_set is not None:
        taken = "i.id IN (SELECT e.item_id FROM corpus_itemsetentry e WHERE e.item_set_id = %(item_set)s)"
    return (
        f"FROM ({LATEST_OF_JUDGE if judge_id else REFERENCE}) g JOIN corpus_item i ON i.id = g.item_id"
        " JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id"
        " WHERE q.project_id = %(project)s AND g.grade IS NOT NULL AND i.rival_id IS NULL"
        f" AND {taken}"
    )
