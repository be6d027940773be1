"""Runs and judges in words and figures, for the command line and for JSON."""

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
    named = {
        "graded": run.n_graded,
        "scored": run.n_scored,
        "abstained": run.n_abstained,
        "unreadable": run.n_unreadable,
        "failed": run.n_failed,
        "left": run.n_left,
    }
    return ", ".join(f"{n:,} {name}" for name, n in named.items() if n) or "nothing yet"


def duration(seconds: float) -> str:
    """A time span in words a person says: “41 s”, “12 min”, “3.5 h”."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
