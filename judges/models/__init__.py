from judges.models.condition import Condition, Wording
from judges.models.engine import Engine
from judges.models.experiment import Experiment
from judges.models.judge import Judge
from judges.models.prompt import Prompt
from judges.models.run import Run, Shard
from judges.models.schedule import Schedule
from judges.models.second_reading import SecondReading
from judges.models.verdict import FAILURES, Outcome, Verdict

__all__ = [
    "FAILURES",
    "Condition",
    "Engine",
    "Experiment",
    "Judge",
    "Outcome",
    "Prompt",
    "Run",
    "Schedule",
    "SecondReading",
    "Shard",
    "Verdict",
    "Wording",
]
