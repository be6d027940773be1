"""A judge as a source of a dataset: its complete plain runs, and what its scores can be used for."""

from typing import NamedTuple

from corpus.models import Project, Rubric
from exchange.datasets.plan import CannotRelease
from exchange.datasets.soft import Unit
from judges.models import Judge, Run
from judges.models.judge import Scoring

OWN_LOG_ODDS = (Scoring.YES_NO,)
GRADE_PROBABILITIES = (Scoring.GRADE, Scoring.JURY)
EPSILON = 1e-6
"""Probabilities of 0 and 1 are moved so far inwards: log-odds stay within ±13.8."""


class Voice(NamedTuple):
    """Of several runs the newest verdict on an item counts. Runs of experiments and conditions are none."""

    judge: Judge
    runs: list[int]  # newest first

    @property
    def has_log_odds(self) -> bool:
        return self.judge.scoring in (*OWN_LOG_ODDS, *GRADE_PROBABILITIES)

    @property
    def unit(self) -> Unit:
        """What margins are made of: its log-odds, or its score where it has none."""
        return "log_odds" if self.has_log_odds else "score"

    @property
    def prompt_hash(self) -> str:
        return self.judge.prompt.content_hash if self.judge.prompt else ""

    def log_odds(self, verdict: str) -> str:
        """SQL for log P(relevant) − log P(not): the judge's own, or from P(grade ≥ cut) of its grades.

        Grades' probabilities are its first labels, in the order of the rubric; the share of “cannot judge”
        behind them is left out, as in its expected grade.
        """
        if self.judge.scoring not in GRADE_PROBABILITIES:
            return f"{verdict}.log_odds"
        rubric: Rubric = self.judge.rubric
        n_grades = len(rubric.values)
        first = sum(value < rubric.cut for value in rubric.values) + 1
        above, every = (
            f"(SELECT sum(p) FROM unnest({verdict}.probs[{low}:{n_grades}]) p)" for low in (first, 1)
        )
        inward = f"least(greatest({above} / nullif({every}, 0), {EPSILON}), 1 - {EPSILON})"
        return (
            f"CASE WHEN {verdict}.grade IS NOT NULL AND {verdict}.probs IS NOT NULL"
            f" THEN (SELECT ln(p / (1 - p)) FROM (SELECT {inward}) shares (p)) END"
        )


def find_voice(project: Project, judge_id: int, *, rubric: Rubric) -> Voice:
    """The judge of this key with its runs. Raises CannotRelease where it has nothing to say on the scale."""
    judge = project.judges.select_related("prompt", "rubric").filter(pk=judge_id).first()
    if judge is None:
        raise CannotRelease("That judge is none of this project’s.")
    if judge.rubric_id != rubric.pk:
        raise CannotRelease(f"The judge “{judge}” grades on another scale than “{rubric}”.")
    runs = Run.objects.complete().filter(judge=judge, condition=None, experiment=None).order_by("-pk")
    ids = list(runs.values_list("pk", flat=True))
    if not ids:
        raise CannotRelease(f"The judge “{judge}” has no complete run. Run it first.")
    return Voice(judge, ids)


def verdict_of_item(runs: str) -> str:
    """SQL for the newest verdict on item `i` in the runs that the parameter `runs` names."""
    return (
        "SELECT verdict.* FROM judges_verdict verdict"
        f" WHERE verdict.run_id = ANY(%({runs})s::bigint[]) AND verdict.item_id = i.id"
        " ORDER BY verdict.run_id DESC LIMIT 1"
    )
