"""What a run's verdicts look like beside their grades: the labels' mass, and the pull of the place."""

from typing import NamedTuple

from django.db import connection

from judges.models import Run
from judges.models.judge import Scoring

N_BINS = 10
MOST = 100_000  # verdicts looked at


class Bin(NamedTuple):
    """Verdicts whose label mass lies from `low` to `high`; `width` of a bar 100 wide."""

    low: float
    high: float
    n: int
    width: float


class PlacePull(NamedTuple):
    """Of pairs asked in both orders: how often the place decided, and which one."""

    n: int
    n_first: int  # the candidate shown first was chosen both times
    n_second: int
    mean: float  # p(a candidate | shown first) − p(the same | shown second), mean over the pairs


def label_masses(run: Run) -> list[Bin]:
    """The histogram of label masses in tenths; empty where the scoring knows none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least(floor(label_mass * %s), %s)::int, count(*) FROM ("
            " SELECT label_mass FROM judges_verdict WHERE run_id = %s AND label_mass IS NOT NULL LIMIT %s"
            ") looked_at GROUP BY 1",
            [N_BINS, N_BINS - 1, run.pk, MOST],
        )
        found = dict(cursor.fetchall())
    if not found:
        return []
    most = max(found.values())
    return [
        Bin(place / N_BINS, (place + 1) / N_BINS, found.get(place, 0), 100 * found.get(place, 0) / most)
        for place in range(N_BINS)
    ]


def place_pull(run: Run) -> PlacePull | None:
    """Of a pairwise run, how far the place decided instead of the candidate; None for other runs."""
    if run.judge.scoring != Scoring.PAIRWISE:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE probs[1] >= 0.5 AND probs[2] < 0.5),"
            " count(*) FILTER (WHERE probs[1] < 0.5 AND probs[2] >= 0.5), avg(probs[1] - probs[2])"
            " FROM judges_verdict WHERE run_id = %s AND outcome = 'graded' AND array_length(probs, 1) = 2",
            [run.pk],
        )
        n, n_first, n_second, mean = cursor.fetchone()
    return PlacePull(n, n_first, n_second, float(mean)) if n else None
