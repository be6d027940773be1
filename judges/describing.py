"""Runs and judges in words and figures, for the command line and for JSON."""

from collections.abc import Mapping
from typing import NamedTuple

from judges.models import Judge, Run


def run_figures(run: Run) -> dict:
    """The run as plain values; times in ISO 8601, speed in items a second, undefined is None."""
    job = run.job
    return {
        "run": run.pk,
        "project": run.judge.project.slug,
        "judge": run.judge.name,
        "version": run.judge.version,
        "prompt": run.judge.prompt.name if run.judge.prompt else None,
        "item_set": run.item_set.name if run.item_set else None,
        "condition": run.condition.name if run.condition else None,
        "state": job.state,
        "note": job.note,
        "error": job.error,
        "n_items": run.n_items,
        "n_graded": run.n_graded,
        "n_scored": run.n_scored,
        "n_abstained": run.n_abstained,
        "n_unreadable": run.n_unreadable,
        "n_failed": run.n_failed,
        "n_left": run.n_left,
        "items_per_second": run.speed,
        "seconds_left": run.seconds_left if not job.is_ended else None,
        "tokens_in": run.tokens_in,
        "tokens_out": run.tokens_out,
        "tokens_cached": run.tokens_cached,
        "retry_at": job.retry_at.isoformat() if job.state == job.State.WAITING and job.retry_at else None,
        "probed_at": run.probed_at.isoformat() if run.probed_at else None,
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }


def judge_figures(judge: Judge) -> dict:
    """The judge as plain values."""
    return {
        "judge": judge.name,
        "version": judge.version,
        "project": judge.project.slug,
        "engine": judge.engine.name if judge.engine else None,
        "model": judge.model,
        "prompt": judge.prompt.name if judge.prompt else None,
        "prompt_version": judge.prompt.version if judge.prompt else None,
        "prompt_hash": judge.prompt.content_hash if judge.prompt else None,
        "scoring": judge.scoring,
        "options": judge.options,
        "rubric": judge.rubric.name,
    }


def outcome_sentence(run: Run) -> str:
    """How many items came out how: “190 graded, 2 unreadable”."""
    return ", ".join(f"{part.n:,} {part.name}" for part in segments(run) if part.n) or "nothing yet"


class Segment(NamedTuple):
    """One part of a run's bar: name, number of items, and where it lies in a bar 1,000 wide."""

    name: str
    n: int
    x: float
    width: float


def segments(run: Run) -> list[Segment]:
    """The run's bar from left to right: graded, scored, abstained, unreadable, failed, left."""
    return lay_out(
        {
            "graded": run.n_graded,
            "scored": run.n_scored,
            "abstained": run.n_abstained,
            "unreadable": run.n_unreadable,
            "failed": run.n_failed,
            "left": run.n_left,
        }
    )


def lay_out(counts: Mapping[str, int]) -> list[Segment]:
    """A bar of these parts, from left to right."""
    total = max(sum(counts.values()), 1)
    parts = []
    x = 0.0
    for name, n in counts.items():
        width = 1000 * n / total
        parts.append(Segment(name, n, round(x, 2), round(width, 2)))
        x += width
    return parts


def cost(run: Run) -> float | None:
    """US dollars so far by the engine's prices; None where it has none."""
    engine = run.judge.engine
    if engine is None or not (engine.price_in or engine.price_out):
        return None
    return (run.tokens_in * engine.price_in + run.tokens_out * engine.price_out) / 1e6
