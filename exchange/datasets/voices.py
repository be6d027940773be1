"""A judge as a source of a dataset: its complete plain runs, and what its scores can be used for."""

from typing import NamedTuple

from corpus.models import Project, Rubric
from exchange.datasets.plan import CannotRelease
from exchange.datasets.soft import Unit
from judges.log_odds import gives_log_odds, log_odds_of
from judges.models import Judge, Run


class Voice(NamedTuple):
    """Of several runs the newest verdict on an item counts. Runs of experiments and conditions are none."""

    judge: Judge
    runs: list[int]  # newest first

    @property
    def has_log_odds(self) -> bool:
        return gives_log_odds(self.judge)

    @property
    def unit(self) -> Unit:
        """What margins are made of: its log-odds, or its score where it has none."""
        return "log_odds" if self.has_log_odds else "score"

    @property
    def prompt_hash(self) -> str:
        return self.judge.prompt.content_hash if self.judge.prompt else ""

    def log_odds(self, verdict: str) -> str:
        """SQL for log P(relevant) − log P(not) of a verdict."""
        return log_odds_of(self.judge, verdict)


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


def verdict_of_item(runs: str, voice: Voice) -> str:
    """SQL for the newest verdict on item `i` in the voice's runs, which the parameter `runs` names.

    Of a single run there is no newest: so said, the database may join in whichever way is quickest.
    """
    if len(voice.runs) == 1:
        return (
            "SELECT verdict.* FROM judges_verdict verdict"
            f" WHERE verdict.run_id = (%({runs})s::bigint[])[1] AND verdict.item_id = i.id"
        )
    return (
        "SELECT verdict.* FROM judges_verdict verdict"
        f" WHERE verdict.run_id = ANY(%({runs})s::bigint[]) AND verdict.item_id = i.id"
        " ORDER BY verdict.run_id DESC LIMIT 1"
    )
