"""Counts for people: exact while that is cheap, an estimate that says so beyond."""

from typing import NamedTuple

import orjson
from django.db.models import QuerySet

EXACT_UP_TO = 100_000


class Count(NamedTuple):
    n: int
    is_estimate: bool

    def __str__(self) -> str:
        return f"about {self.n:,}" if self.is_estimate else f"{self.n:,}"


def count(rows: QuerySet) -> Count:
    """How many rows; past 100,000 the planner's estimate (never below that), rounded to two digits."""
    n = rows.order_by()[: EXACT_UP_TO + 1].count()
    if n <= EXACT_UP_TO:
        return Count(n, is_estimate=False)
    plan = orjson.loads(rows.order_by().explain(format="json"))
    estimate = max(int(plan[0]["Plan"]["Plan Rows"]), EXACT_UP_TO)
    step = 10 ** (len(str(estimate)) - 2)
    return Count(round(estimate / step) * step, is_estimate=True)
