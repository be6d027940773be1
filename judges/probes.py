"""The look at the engine that comes before a run, with the labels of its judge; kept with the run."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.utils import timezone

from judges.chunks import Asking
from judges.engines.base import Check, EngineUnavailable, EngineUnsuited
from judges.models import Run
from judges.prompting import abstain_label
from judges.scoring import SCORINGS
from judges.services.judges import scale_of
from judges.services.prompts import template_of

FRESH = timedelta(hours=1)  # so long another run of the same judge need not look again
NEEDED = ("labels are single tokens", "label for “cannot judge”")


def make_sure(run: Run, *, asking: Asking, look: Callable[[], None]) -> None:
    """Probe the engine unless this run, or a recent one of its judge, did; the checks are kept with the run.

    Raises EngineUnavailable where the engine does not answer, and EngineUnsuited where the judge could never
    be asked on it. Everything else that is missing is said on the run's page and stops nothing. `look` is
    called meanwhile.
    """
    if run.probe is not None:
        return
    recent = Run.objects.filter(judge=run.judge, probed_at__gte=timezone.now() - FRESH)
    checks, probed_at = recent.order_by("-probed_at").values_list("probe", "probed_at").first() or (
        None,
        None,
    )
    if checks is None:
        labels, abstain = _labels(run)
        found = asking.aside(partial(asking.engine.probe, labels, abstain=abstain), look=look)
        _refuse(found, needs_labels=bool(labels))
        checks, probed_at = [_for_members(check)._asdict() for check in found], timezone.now()
    run.probe, run.probed_at = checks, probed_at
    run.save(update_fields=["probe", "probed_at"])


def _labels(run: Run) -> tuple[list[str], str]:
    """What the judge chooses from, and beside it what stands for "cannot judge" where it may say so."""
    prompt, scale = template_of(run.judge.prompt), scale_of(run.judge.rubric)
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
