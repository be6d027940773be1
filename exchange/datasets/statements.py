"""The SELECT of each table: one row after the other in the table's order, for a stretch of queries.

`%(first)s` and `%(last)s` bound the places in `release_query`. Variants (attacked items) are never in it.
"""

from corpus.variants import no_variant
from exchange.datasets.sources import Sources
from exchange.datasets.voices import Voice, verdict_of_item
from judges.models.judge import Scoring

Statement = tuple[str, dict[str, object]]

QUERIES = (
    "FROM release_query r JOIN corpus_query q ON q.id = r.query_id JOIN corpus_item i ON i.query_id = q.id"
    " JOIN corpus_candidate c ON c.id = i.candidate_id"
)
CHOSEN = f" WHERE r.place BETWEEN %(first)s AND %(last)s AND {no_variant('i.id')}"
IN_SET = (
    " AND EXISTS (SELECT FROM corpus_itemsetentry entry"
    " WHERE entry.item_set_id = %(item_set)s AND entry.item_id = i.id)"
)
ENOUGH_LABELS = (
    " AND (f.n_labels >= %(min_labels)s OR EXISTS (SELECT FROM annotate_adjudication decided"
    " WHERE decided.item_id = i.id AND decided.superseded_at IS NULL))"
)
WHY_PEOPLE = (
    "coalesce((SELECT nullif(decided.note, '') FROM annotate_adjudication decided"
    " WHERE decided.item_id = i.id AND decided.superseded_at IS NULL),"
    " (SELECT label.rationale FROM annotate_label label WHERE label.item_id = i.id AND label.grade = f.grade"
    " AND label.superseded_at IS NULL AND label.gold_grade IS NULL AND label.rationale <> ''"
    " ORDER BY label.id LIMIT 1), '')"
)
COLUMNS = (
    "query_id, text, need, candidate_id, title, candidate, split, state, grade, score, log_odds, miner, rank,"
    " judge, prompt_hash, rule, graded_by, reason"
)
STATES = {
    "references": "CASE WHEN f.grade >= %(cut)s THEN 'positive' WHEN f.grade IS NOT NULL THEN 'hard_negative'"
    " ELSE 'unjudged' END",
    "judge": "CASE WHEN v.grade >= %(cut)s THEN 'positive' WHEN v.grade IS NOT NULL THEN 'hard_negative'"
    " WHEN v.outcome = 'scored' THEN 'ambiguous' ELSE 'unjudged' END",
    "both": "CASE WHEN f.grade >= %(cut)s THEN 'positive' WHEN f.grade IS NOT NULL THEN 'hard_negative'"
    " WHEN v.grade >= %(cut)s THEN 'relabelled_positive' WHEN v.grade IS NOT NULL THEN 'hard_negative'"
    " WHEN v.outcome = 'scored' THEN 'ambiguous' ELSE 'unjudged' END",
}


def rows_statement(sources: Sources) -> Statement:
    """The long table (table.Row): positives first, then falling scores, falling grades, ids."""
    return (
        f"SELECT {COLUMNS} FROM {_listed(sources)} ORDER BY place,"
        " state NOT IN ('positive', 'relabelled_positive'), score DESC NULLS LAST, grade DESC NULLS LAST,"
        ' candidate_id COLLATE "C"',
        _keys(sources),
    )


def counts_statement(sources: Sources) -> Statement:
    """Split, state, graded by, rows and queries of the long table; state NULL: of the whole split."""
    return (
        f"SELECT split, state, graded_by, count(*), count(DISTINCT place) FROM {_listed(sources)}"
        " GROUP BY GROUPING SETS ((1, 2, 3), (1))",
        _keys(sources),
    )


def _listed(sources: Sources) -> str:
    """The long table without an order."""
    plan, judge = sources.plan, sources.judge
    by_people = "f.grade" if plan.source != "judge" else "NULL::smallint"
    by_judge = "v.grade" if plan.source != "references" else "NULL::smallint"
    score, log_odds = ("v.score", judge.log_odds("v")) if judge else ("NULL::float8", "NULL::float8")
    named = "v.score IS NOT NULL OR v.grade IS NOT NULL" if judge else "false"
    why = "''"
    if plan.with_reasons:
        why = f"CASE WHEN {by_people} IS NOT NULL THEN {WHY_PEOPLE} WHEN {by_judge} IS NOT NULL"
        why += f" THEN {_raw(judge)} ELSE '' END"
    select = (
        f"SELECT q.external_id AS query_id, q.text, q.need, c.external_id AS candidate_id, c.title, c.text AS"
        f" candidate, r.split, {STATES[plan.source]} AS state,"
        f" coalesce({by_people}, {by_judge})::int AS grade, {score} AS score, {log_odds} AS log_odds,"
        f" '' AS miner, NULL::int AS rank, CASE WHEN {named} THEN %(judge)s::text ELSE '' END AS judge,"
        f" CASE WHEN {named} THEN %(prompt_hash)s::text ELSE '' END AS prompt_hash,"
        f" CASE WHEN {by_people} IS NOT NULL THEN %(rule)s::text WHEN {by_judge} IS NOT NULL"
        " THEN %(judge_rule)s::text ELSE '' END AS rule,"
        f" CASE WHEN {by_people} IS NOT NULL THEN 'people' WHEN {by_judge} IS NOT NULL THEN 'judge' ELSE ''"
        f" END AS graded_by, {why} AS reason, r.place {QUERIES}{_joins(sources)}"
        f"{CHOSEN}{IN_SET if plan.item_set else ''} AND i.rival_id IS NULL"
    )
    kept = "" if plan.with_unjudged else " WHERE state <> 'unjudged'"
    return f"({select}) listed{kept}"


def pairs_statement(sources: Sources) -> Statement:
    """The comparisons (table.Pair): people's where there are and the plan takes them, else the judge's."""
    plan, judge = sources.plan, sources.pair_judge
    by_people = "f.grade" if plan.uses_people else "NULL::smallint"
    takes_judge = judge is not None and (plan.source != "references")
    by_judge = "v.grade" if takes_judge else "NULL::smallint"
    score = "v.score" if judge else "NULL::float8"
    named = "v.score IS NOT NULL OR v.grade IS NOT NULL" if judge else "false"
    joins = " LEFT JOIN corpus_reference f ON f.item_id = i.id" if plan.uses_people else ""
    if judge:
        joins += f" LEFT JOIN LATERAL ({verdict_of_item('pair_runs', judge)}) v ON true"
    preferred = f"coalesce({by_people}, {by_judge})"
    return (
        "SELECT q.external_id, q.text, q.need, c.external_id, c.title, c.text,"
        " x.external_id, x.title, x.text, r.split,"
        f" CASE {preferred} WHEN 2 THEN 'first' WHEN 0 THEN 'second' ELSE 'tie' END, {score},"
        f" CASE WHEN {named} THEN %(pair_judge)s::text ELSE '' END,"
        f" CASE WHEN {named} THEN %(pair_hash)s::text ELSE '' END,"
        f" CASE WHEN {by_people} IS NOT NULL THEN 'people' ELSE 'judge' END,"
        f" {'coalesce(f.n_labels, 0)::int' if plan.uses_people else '0'}"
        f" {QUERIES} JOIN corpus_candidate x ON x.id = i.rival_id{joins}{CHOSEN}"
        f" AND {preferred} IS NOT NULL"
        ' ORDER BY r.place, c.external_id COLLATE "C", x.external_id COLLATE "C"',
        _keys(sources),
    )


def criteria_statement(sources: Sources) -> Statement:
    """Grades on several criteria (table.Marks), means of people's still to be rounded to a grade."""
    plan, judge, rubric = sources.plan, sources.criteria_judge, sources.criteria
    assert rubric is not None
    n_further = len(rubric.scales) - 1
    means = ", ".join(["avg(l.grade)", *(f"avg(l.marks[{place}])" for place in range(1, n_further + 1))])
    people = (
        f"SELECT array[{means}]::float8[] AS grades, count(*)::int AS n_labels FROM annotate_label l"
        " JOIN annotate_round o ON o.id = l.round_id WHERE l.item_id = i.id AND o.rubric_id = %(criteria)s"
        " AND l.superseded_at IS NULL AND l.grade IS NOT NULL AND l.gold_grade IS NULL HAVING count(*) > 0"
    )
    joins, by_people, by_judge = "", "NULL::float8[]", "NULL::float8[]"
    if plan.uses_people:
        joins += f" LEFT JOIN LATERAL ({people}) p ON true"
        by_people = "p.grades"
    if judge and plan.source != "references":
        joins += f" LEFT JOIN LATERAL ({verdict_of_item('criteria_runs', judge)}) v ON v.grade IS NOT NULL"
        by_judge = "(v.grade || v.marks)::float8[]"
    judged = f"{by_people} IS NULL"
    return (
        "SELECT q.external_id, q.text, q.need, c.external_id, c.title, c.text, r.split, %(names)s::text[],"
        f" coalesce({by_people}, {by_judge}), CASE WHEN {judged} THEN %(criteria_judge)s::text ELSE '' END,"
        f" CASE WHEN {judged} THEN %(criteria_hash)s::text ELSE '' END,"
        f" CASE WHEN {judged} THEN 'judge' ELSE 'people' END,"
        f" {'coalesce(p.n_labels, 0)' if plan.uses_people else '0'}"
        f" {QUERIES}{joins}{CHOSEN} AND i.rival_id IS NULL AND coalesce({by_people}, {by_judge}) IS NOT NULL"
        ' ORDER BY r.place, c.external_id COLLATE "C"',
        _keys(sources),
    )


def _joins(sources: Sources) -> str:
    """References and verdicts beside the items; an inner join where no other item could be in the table."""
    plan, joins = sources.plan, ""
    if plan.uses_people:
        outer = "LEFT " if plan.source == "both" or plan.with_unjudged else ""
        enough = ENOUGH_LABELS if plan.min_labels > 1 else ""
        joins += f" {outer}JOIN corpus_reference f ON f.item_id = i.id{enough}"
    if sources.judge:
        joins += f" LEFT JOIN LATERAL ({verdict_of_item('runs', sources.judge)}) v ON true"
    return joins


def _raw(judge: Voice | None) -> str:
    """What the judge wrote, where it writes reasons."""
    writes = judge is not None and judge.judge.scoring in (Scoring.REASON, Scoring.CRITERIA)
    return "v.raw" if writes else "''"


def _keys(sources: Sources) -> dict[str, object]:
    plan, cut = sources.plan, sources.rubric.cut
    keys: dict[str, object] = {
        "cut": cut,
        "item_set": plan.item_set,
        "min_labels": plan.min_labels,
        "rule": f"{sources.project.reference_rule}, cut {cut}",
        "judge_rule": f"grade of the judge, cut {cut}",
        "criteria": sources.criteria.pk if sources.criteria else None,
        "names": [scale.name for scale in sources.criteria.scales] if sources.criteria else [],
    }
    for name, runs, hashed, voice in (
        ("judge", "runs", "prompt_hash", sources.judge),
        ("pair_judge", "pair_runs", "pair_hash", sources.pair_judge),
        ("criteria_judge", "criteria_runs", "criteria_hash", sources.criteria_judge),
    ):
        keys |= {name: voice.judge.name if voice else "", runs: voice.runs if voice else []}
        keys[hashed] = voice.prompt_hash if voice else ""
    return keys
