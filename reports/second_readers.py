"""Two readers of the same written replies: the strict one that makes the verdict, and another engine.

Whether a reply states a grade at all is what they are compared on: four counts, with how common a grade is
beside κ, since κ says little where nearly all replies state one (Feinstein & Cicchetti 1990).
"""

from typing import NamedTuple

import numpy as np
from django.db import connection

from judges.models import Experiment
from measures.gwet import ac1
from measures.kappa import kappa

STATES = (0, 1)  # no grade, a grade

COUNTS = """
    SELECT judge.name, engine.name, count(*),
           count(*) FILTER (WHERE verdict.outcome = 'graded' AND reading.outcome = 'graded'),
           count(*) FILTER (WHERE verdict.outcome = 'graded' AND reading.outcome <> 'graded'),
           count(*) FILTER (WHERE verdict.outcome <> 'graded' AND reading.outcome = 'graded'),
           count(*) FILTER (WHERE verdict.outcome <> 'graded' AND reading.outcome <> 'graded'),
           count(*) FILTER (WHERE verdict.grade = reading.grade)
    FROM judges_run run JOIN judges_judge judge ON judge.id = run.judge_id
    JOIN judges_secondreading reading ON reading.run_id = run.id
    JOIN judges_engine engine ON engine.id = reading.engine_id
    JOIN judges_verdict verdict ON verdict.run_id = run.id AND verdict.item_id = reading.item_id
    WHERE run.experiment_id = %s GROUP BY 1, 2 ORDER BY 1, 2
"""
DIFFERENT = """
    SELECT DISTINCT reading.item_id FROM judges_run run
    JOIN judges_secondreading reading ON reading.run_id = run.id
    JOIN judges_verdict verdict ON verdict.run_id = run.id AND verdict.item_id = reading.item_id
    WHERE run.experiment_id = %s AND (verdict.grade IS DISTINCT FROM reading.grade
        OR (verdict.outcome = 'abstained') <> (reading.outcome = 'abstained'))
    ORDER BY 1
"""


class TwoReaders(NamedTuple):
    """How two readers find grades in the replies of one judge."""

    judge: str
    engine: str
    n: int  # replies that both read
    both: int  # both find a grade
    only_strict: int
    only_second: int
    neither: int
    same_grade: int

    @property
    def prevalence(self) -> float:
        """Share of replies in which a reader finds a grade, over both readers."""
        return (2 * self.both + self.only_strict + self.only_second) / (2 * self.n)

    @property
    def kappa(self) -> float:
        """Cohen's κ of "states a grade"; NaN where both find one everywhere."""
        return float(kappa(self._table(), STATES))

    @property
    def ac1(self) -> float:
        """Gwet's AC1 of the same, which a high prevalence does not bring down."""
        return float(ac1(self._table(), STATES))

    def _table(self) -> np.ndarray:
        return np.array([[self.neither, self.only_second], [self.only_strict, self.both]])


def compare_readers(experiment: Experiment) -> list[TwoReaders]:
    """The readers of every judge whose replies were read a second time."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [experiment.pk])
        return [TwoReaders(*row) for row in cursor.fetchall()]


def items_read_differently(experiment: Experiment) -> list[int]:
    """Items with a reply in which the two readers found something else."""
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT, [experiment.pk])
        return [item for (item,) in cursor.fetchall()]
