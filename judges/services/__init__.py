"""What can be done with engines, prompts, judges and runs; the doors (views, commands, tasks) call these."""

from judges.services.engines import EngineRefused, connect_engine, offer_engine, probe_engine, register_engine
from judges.services.judges import JudgeRefused, create_judge, create_jury
from judges.services.prompts import find_prompt, sync_shipped_prompts, template_of
from judges.services.runs import (
    RunRefused,
    cancel_run,
    done_run,
    pause_run,
    raise_cap,
    resume_run,
    retry_failures,
    start_run,
    unfinished_run,
)

__all__ = [
    "EngineRefused",
    "JudgeRefused",
    "RunRefused",
    "cancel_run",
    "connect_engine",
    "create_judge",
    "create_jury",
    "done_run",
    "find_prompt",
    "offer_engine",
    "pause_run",
    "probe_engine",
    "raise_cap",
    "register_engine",
    "resume_run",
    "retry_failures",
    "start_run",
    "sync_shipped_prompts",
    "template_of",
    "unfinished_run",
]
