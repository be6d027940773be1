"""Log-odds of relevance out of verdicts, in SQL: a judge's own, or those of its grades' probabilities."""

from judges.models import Judge
from judges.models.judge import Scoring

OWN = (Scoring.YES_NO,)
OF_GRADES = (Scoring.GRADE, Scoring.JURY)
EPSILON = 1e-6
"""Probabilities of 0 and 1 are moved so far inwards: log-odds stay within ±13.8."""


def gives_log_odds(judge: Judge) -> bool:
    """Whether this judge's verdicts tell log-odds of relevance."""
    return judge.scoring in (*OWN, *OF_GRADES)


def log_odds_of(judge: Judge, verdict: str) -> str:
    """SQL for log P(relevant) − log P(not): the judge's own, or from P(grade ≥ cut) of its grades.

    Grades' probabilities are its first labels, in the order of the rubric; the share of “cannot judge”
    behind them is left out, as in its expected grade.
    """
    if judge.scoring not in OF_GRADES:
        return f"{verdict}.log_odds"
    rubric = judge.rubric
    n_grades = len(rubric.values)
    first = sum(value < rubric.cut for value in rubric.values) + 1
    above, every = (f"(SELECT sum(p) FROM unnest({verdict}.probs[{low}:{n_grades}]) p)" for low in (first, 1))
    inward = f"least(greatest({above} / nullif({every}, 0), {EPSILON}), 1 - {EPSILON})"
    return (
        f"CASE WHEN {verdict}.grade IS NOT NULL AND {verdict}.probs IS NOT NULL"
        f" THEN (SELECT ln(p / (1 - p)) FROM (SELECT {inward}) shares (p)) END"
    )
