"""Experiments: planned on one page, shown as planned on the next, started, watched and steered there."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.experiments.battery_items import BatteryItems, clean_set_of, make_battery_items
from judges.experiments.compliance_items import make_compliance_items
from judges.experiments.describing import Plan, describe_plan, show_prompts
from judges.experiments.following import progress_of, steer_all
from judges.experiments.forms import ComplianceForm, RobustnessForm
from judges.experiments.planning import (
    discard_plan,
    judges_for_experiments,
    plan_compliance,
    plan_robustness,
    start_experiment,
)
from judges.experiments.refusing import ExperimentRefused
from judges.models import Engine, Experiment, Run
from judges.models.judge import Scoring
from judges.second_reading import ReadingRefused, start_second_reading
from judges.services import cancel_run, pause_run, resume_run, retry_failures


@project_view(Capability.MANAGE)
def compliance_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = ComplianceForm(request.POST or None, project=project, initial={"name": _next_name(project)})
    return _create(request, project, form, _plan_compliance, rail="compliance")


@project_view(Capability.MANAGE)
def robustness_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = RobustnessForm(request.POST or None, project=project, initial={"name": _next_name(project)})
    return _create(request, project, form, _plan_robustness, rail="robustness")


@project_view(Capability.REPORT)
def experiment_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    experiment = _find(project, pk)
    plan = describe_plan(experiment)
    context = _progress(experiment) | {
        "plan": plan,
        "prompts": show_prompts(experiment, _chosen_judge(plan, request.GET.get("judge"))),
        "judge_pk": _chosen_judge(plan, request.GET.get("judge")),
        "readers": _readers(plan),
        "rail": experiment.kind,
    }
    return render(request, "judges/experiment_detail.html", context)


@project_view(Capability.REPORT)
def experiment_progress(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The part of the page that is fetched again and again until all runs have ended."""
    return render(request, "judges/experiment_detail.html#experiment-progress", _progress(_find(project, pk)))


@project_view(Capability.MANAGE)
@require_POST
def experiment_start(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    experiment = _find(project, pk)
    try:
        n_runs = start_experiment(experiment, by=request.user)
    except ExperimentRefused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, f"{n_runs} runs are under way. You may leave this page; the work goes on.")
    return redirect(experiment)


@project_view(Capability.MANAGE)
@require_POST
def experiment_discard(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Forget a plan that was not started."""
    experiment = _find(project, pk)
    kind = experiment.kind
    try:
        discard_plan(experiment)
    except ExperimentRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect(experiment)
    messages.success(request, f"The plan “{experiment}” is gone; its items are kept.")
    return redirect(f"reports:{kind}", project.slug)


@project_view(Capability.MANAGE)
@require_POST
def experiment_pause(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, lambda run: pause_run(run, by=request.user), "paused")


@project_view(Capability.MANAGE)
@require_POST
def experiment_resume(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, resume_run, "resumed")


@project_view(Capability.MANAGE)
@require_POST
def experiment_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, lambda run: cancel_run(run, by=request.user), "cancelled")


@project_view(Capability.MANAGE)
@require_POST
def experiment_retry(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, retry_failures, "taken up again for their failures")


@project_view(Capability.MANAGE)
@require_POST
def experiment_read(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Have another engine read the written replies of all ended runs a second time."""
    experiment = _find(project, pk)
    engine = get_object_or_404(Engine, pk=request.POST.get("engine") or 0)
    n, refusal = 0, ""
    for run in experiment.runs.select_related("job", "judge__project", "judge__engine"):
        try:
            start_second_reading(run, engine, by=request.user)
        except ReadingRefused as refused:
            refusal = str(refused)
        else:
            n += 1
    if n:
        runs = "1 run" if n == 1 else f"{n} runs"
        messages.success(request, f"“{engine}” reads the replies of {runs}; see Jobs.")
    else:
        messages.warning(request, refusal or "There is no run to read yet.")
    return redirect(experiment)


def _create(
    request: HttpRequest,
    project: Project,
    form: ComplianceForm | RobustnessForm,
    plan: Callable[[Project, dict, HttpRequest], Experiment],
    *,
    rail: str,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(plan(project, form.cleaned_data, request))
        except ExperimentRefused as refusal:
            form.add_error(None, str(refusal))
    context = {"form": form, "has_judges": judges_for_experiments(project).exists(), "rail": rail}
    return render(request, "judges/experiment_create.html", context)


def _plan_compliance(project: Project, asked: dict, request: HttpRequest) -> Experiment:
    item_set = (
        asked["item_set"]
        or make_compliance_items(
            project,
            n_answerable=asked["n_answerable"],
            n_each=asked["n_each"],
            kinds=asked["kinds"],
            seed=asked["seed"],
        ).item_set
    )
    return plan_compliance(
        project,
        name=asked["name"],
        judges=list(asked["judges"]),
        item_set=item_set,
        repeats=asked["repeats"],
        within=asked["within"],
        arms=asked["arms"],
        ladder=asked["ladder"],
        cap=asked["cap"],
        by=request.user,
    )


def _plan_robustness(project: Project, asked: dict, request: HttpRequest) -> Experiment:
    made = (
        BatteryItems(asked["item_set"], clean_set_of(asked["item_set"]))
        if asked["item_set"]
        else make_battery_items(
            project,
            n_each=asked["n_each"],
            attacks=asked["attacks"],
            words=asked["words"],
            seed=asked["seed"],
        )
    )
    return plan_robustness(
        project,
        name=asked["name"],
        judges=list(asked["judges"]),
        item_set=made.item_set,
        clean_set=made.clean_set if asked["noise"] else None,
        defences=asked["defences"],
        cap=asked["cap"],
        by=request.user,
    )


def _next_name(project: Project) -> str:
    return f"Experiment {project.experiments.count() + 1}"


def _find(project: Project, pk: int) -> Experiment:
    return get_object_or_404(project.experiments.select_related("project", "item_set", "created_by"), pk=pk)


def _chosen_judge(plan: Plan, wanted: str | None) -> int | None:
    """The judge whose prompts are shown: the one asked for, else the first of the plan."""
    known = [judge.pk for judge in plan.judges]
    return next((pk for pk in known if str(pk) == wanted), known[0] if known else None)


def _readers(plan: Plan) -> list[Engine]:
    """The engines that can read a second time what judges of the plan wrote."""
    writing = [judge.engine_id for judge in plan.judges if judge.scoring == Scoring.REASON]
    if not writing:
        return []
    return [engine for engine in Engine.objects.all() if any(engine.pk != each for each in writing)]


def _progress(experiment: Experiment) -> dict:
    progress = progress_of(experiment)
    return {
        "experiment": experiment,
        "progress": progress,
        "poll_every": "2s" if progress.n_runs and not progress.has_ended else "",
    }


def _steer(
    request: HttpRequest, project: Project, pk: int, steer: Callable[[Run], object], done: str
) -> HttpResponse:
    experiment = _find(project, pk)
    n = steer_all(experiment, steer)
    said = f"{n} run{'' if n == 1 else 's'} {done}." if n else "There is no run that this can be done to now."
    if request.htmx:
        return render(
            request,
            "judges/experiment_detail.html#experiment-progress",
            _progress(experiment) | {"said": said},
        )
    messages.success(request, said)
    return redirect(experiment)
