"""The look at the engine that comes before a run, with the labels of its judge; kept with the run."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from judges.chunks import Asking
from judges.engines.base import Check, EngineUnavailable, EngineUnsuited
from judges.models import Run
from judges.prompting import abstain_label
from judges.scoring import SCORINGS
from judges.services.conditions import asked_under

FRESH = timedelta(hours=1)  # so long another run of the same judge need not look again
MOST_RECENT = 50  # runs of that hour that are looked at
NEEDED = ("labels are single tokens", "label for “cannot judge”")


def make_sure(run: Run, *, asking: Asking, look: Callable[[], None]) -> None:
    """Probe the engine unless this run, or a recent one with the same labels, did; the checks are kept.

    Raises EngineUnavailable where the engine does not answer, and EngineUnsuited where the judge could never
    be asked on it. Everything else that is missing is said on the run's page and stops nothing. `look` is
    called meanwhile.
    """
    if run.probe is not None:
        return
    labels, abstain = _labels(run)
    checks, probed_at = _recent_checks(run)
    if checks is None:
        found = asking.aside(partial(asking.engine.probe, labels, abstain=abstain), look=look)
        _refuse(found, needs_labels=bool(labels))
        checks, probed_at = [_for_members(check)._asdict() for check in found], timezone.now()
    run.probe, run.probed_at = checks, probed_at
    run.save(update_fields=["probe", "probed_at"])


def _recent_checks(run: Run) -> tuple[list | None, datetime | None]:
    """What the last hour's runs of the judge found, of those in which it chose from the same labels."""
    recent = Run.objects.filter(judge=run.judge, probed_at__gte=timezone.now() - FRESH)
    related = recent.select_related("judge__prompt", "judge__rubric", "condition")
    labels = _labels(run)
    for other in related.order_by("-probed_at")[:MOST_RECENT]:
        if _labels(other) == labels:
            return other.probe, other.probed_at
    return None, None


def _labels(run: Run) -> tuple[list[str], str]:
    """What the judge chooses from, and beside it what stands for "cannot judge" where it may say so."""
    prompt, scale = asked_under(run.judge, run.condition)
    labels = list(SCORINGS[run.judge.scoring].labels(prompt, scale))
    abstain = abstain_label(prompt)
    return [label for label in labels if label != abstain], abstain if abstain in labels else ""


def _for_members(check: Check) -> Check:
    """The check as project members may read it: what a server lists is the site admins' business."""
    if check.name == "model" and not check.passed:
        return check._replace(detail="the server does not list this model", remedy="Ask a site admin.")
    return check


def _refuse(checks: list[Check], *, needs_labels: bool) -> None:
    for check in checks:
        if check.passed:
            continue
        if check.name == "reachable":
            raise EngineUnavailable(f"The engine does not answer: {check.detail}.")
        if check.name == "answers":
            raise EngineUnavailable(check.detail)
        if check.name == "accepted":
            raise EngineUnsuited(check.detail)
        if needs_labels and check.name in NEEDED:
            raise EngineUnsuited(
                f"The engine does not suit this judge ({check.name}): {check.detail} {check.remedy}"
            )
