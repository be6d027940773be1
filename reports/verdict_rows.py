"""The verdicts that speak for judges, as SQL: one row an item of each, under the newest of its runs."""

from collections.abc import Sequence
from typing import Any

from reports.runs import JudgeRuns

OF_ONE_RUN = """
    SELECT run_id, item_id, outcome, grade, score FROM judges_verdict WHERE run_id = ANY(%(single)s)
"""
NEWEST_OF_SEVERAL = """
    (SELECT DISTINCT ON (member.newest, old.item_id)
            member.newest AS run_id, old.item_id, old.outcome, old.grade, old.score
     FROM judges_verdict old
     JOIN unnest(%(runs)s::bigint[], %(newest)s::bigint[]) AS member (run_id, newest) USING (run_id)
     WHERE old.run_id = ANY(%(runs)s)
     ORDER BY member.newest, old.item_id, old.run_id DESC)
"""


def verdict_rows(judges: Sequence[JudgeRuns]) -> tuple[str, dict[str, Any]]:
    """A statement for (run_id, item_id, outcome, grade, score) and its parameters; "" without judges.

    `run_id` is the newest run of the judge, also for a verdict that only an older one has.
    """
    single = [each.ids[0] for each in judges if len(each.runs) == 1]
    several = [(run, each.ids[0]) for each in judges if len(each.runs) > 1 for run in each.ids]
    sources = [OF_ONE_RUN] * bool(single) + [NEWEST_OF_SEVERAL] * bool(several)
    parameters = {
        "single": single,
        "runs": [run for run, _ in several],
        "newest": [newest for _, newest in several],
    }
    return " UNION ALL ".join(sources), parameters
