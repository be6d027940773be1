"""How far each judge of a project withstands attacks, beside its clean answers."""

from corpus.models import Project
from reports.models import CachedFigures
from reports.robustness.as_json import as_json, from_json
from reports.robustness.attacks import Robustness, measure_robustness
from reports.robustness.position import pairwise_runs
from reports.robustness.variants import variants_mark
from reports.robustness.verdicts import attack_runs
from reports.runs import state_of
from reports.scope import Scope

EDITION = 1
"""To be raised whenever the same verdicts would give other figures; older cached ones are then not found."""


def robustness(
    project: Project, *, scope: Scope, experiment: str | None = None, carrier: str | None = None
) -> Robustness:
    """The report of all runs or one experiment's, of all carriers or one; cached while nothing changes.

    Only the scale and the cut of the scope count: attacked items are of all queries. A carrier that is not
    there leaves nothing. Raises ExperimentUnknown.
    """
    judges, comparing = attack_runs(project, experiment=experiment), pairwise_runs(project, experiment)
    states = [state_of(run) for judged in (*judges, *comparing) for run in judged.runs]
    key = scope.key(project, "robustness", EDITION, carrier, variants_mark(project), *states)
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        made = measure_robustness(project, judges, comparing, scope=scope, carrier=carrier)
        known = {key: as_json(made)}
        CachedFigures.objects.remember(project, known)
    return from_json(known[key])
