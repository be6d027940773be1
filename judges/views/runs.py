from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.models import Job, Project
from corpus.paging import page_of_newest
from corpus.permissions import Capability, project_view
from corpus.services import freeze_all_items
from judges.describing import cost, segments
from judges.estimating import estimate_run
from judges.forms import CapForm, RunForm
from judges.looking import label_masses, place_pull
from judges.models import Outcome, Run, Shard
from judges.services import (
    RunRefused,
    cancel_run,
    pause_run,
    raise_cap,
    resume_run,
    retry_failures,
    start_run,
)
from judges.services.runs import check_pairs

MOST_REASONS = 5000  # failures looked at for the table of reasons


@project_view(Capability.REPORT)
def run_list(request: HttpRequest, project: Project) -> HttpResponse:
    page = page_of_newest(_runs(project), before=request.GET.get("before"))
    rows = [(run, segments(run)) for run in page.rows]
    return render(request, "judges/run_list.html", {"page": page, "rows": rows, "rail": "runs"})


@project_view(Capability.MANAGE)
def run_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = RunForm(request.POST or None, project=project, initial={"judge": request.GET.get("judge")})
    if request.method == "POST" and form.is_valid():
        try:
            run = start_run(
                form.cleaned_data["judge"],
                item_set=form.cleaned_data["item_set"],
                cap=form.cleaned_data["cap"],
                by=request.user,
            )
        except RunRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(run)
    context = {"form": form, "has_judges": project.judges.made_here().exists(), "rail": "runs"}
    return render(request, "judges/run_create.html", context)


@project_view(Capability.MANAGE)
@require_POST
def run_estimate(request: HttpRequest, project: Project) -> HttpResponse:
    """What the run in the form would take, for htmx."""
    form = RunForm(request.POST, project=project)
    estimate, refusal = None, ""
    if form.is_valid():
        judge = form.cleaned_data["judge"]
        item_set = form.cleaned_data["item_set"] or freeze_all_items(project)
        try:
            check_pairs(judge, item_set)
            estimate = estimate_run(judge, item_set)
        except RunRefused as refused:
            refusal = str(refused)
    context = {"estimate": estimate, "refusal": refusal}
    return render(request, "judges/run_create.html#run-estimate", context)


@project_view(Capability.MANAGE)
@require_POST
def run_cap(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Raise the cap, and go on."""
    form = CapForm(request.POST)
    if not form.is_valid():
        messages.warning(request, "The cap is an amount in US dollars.")
        return redirect(get_object_or_404(_runs(project), pk=pk))
    return _steer(
        request, project, pk, lambda run: raise_cap(run, cap=form.cleaned_data["cap"], by=request.user)
    )


@project_view(Capability.REPORT)
def run_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    run = get_object_or_404(_runs(project), pk=pk)
    context = _progress(run) | {
        "reasons": _reasons(run),
        "masses": label_masses(run),
        "places": place_pull(run),
        "rail": "runs",
    }
    return render(request, "judges/run_detail.html", context)


@project_view(Capability.REPORT)
def run_progress(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The part of the run's page that is fetched again and again until the run has ended."""
    return render(
        request, "judges/run_detail.html#run-progress", _progress(get_object_or_404(_runs(project), pk=pk))
    )


@project_view(Capability.MANAGE)
@require_POST
def run_pause(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, lambda run: pause_run(run, by=request.user))


@project_view(Capability.MANAGE)
@require_POST
def run_resume(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, resume_run)


@project_view(Capability.MANAGE)
@require_POST
def run_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, lambda run: cancel_run(run, by=request.user))


@project_view(Capability.MANAGE)
@require_POST
def run_retry(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    return _steer(request, project, pk, retry_failures)


def _runs(project: Project):
    related = ("job__created_by", "judge__engine", "judge__prompt", "judge__project", "item_set", "condition")
    return Run.objects.for_project(project).select_related(*related)


def _steer(request: HttpRequest, project: Project, pk: int, steer: Callable[[Run], object]) -> HttpResponse:
    """Steer the run and show it: its progress alone for htmx, its page otherwise."""
    run = get_object_or_404(_runs(project), pk=pk)
    refusal = ""
    try:
        steer(run)
    except RunRefused as refused:
        refusal = str(refused)
    if request.htmx:
        run = get_object_or_404(_runs(project), pk=pk)
        return render(request, "judges/run_detail.html#run-progress", _progress(run) | {"refusal": refusal})
    if refusal:
        messages.warning(request, refusal)
    return redirect(run)


def _progress(run: Run) -> dict:
    job = run.job
    took = (job.finished_at - job.started_at).total_seconds() if job.finished_at and job.started_at else None
    speed = run.n_done / took if job.is_ended and took else run.speed
    is_under_way = job.state in (Job.State.QUEUED, Job.State.RUNNING, Job.State.WAITING)
    return {
        "run": run,
        "job": job,
        "segments": segments(run),
        "n_workers": run.shards.filter(state=Shard.State.LEASED).count() if job.state == "running" else 0,
        "cached_share": run.tokens_cached / run.tokens_in if run.tokens_in else None,
        "cost": cost(run),
        "is_at_cap": run.cap is not None and (cost(run) or 0) >= run.cap and job.state == Job.State.PAUSED,
        "took": took,
        "speed": speed,
        "token_speed": speed * run.tokens_in / run.n_done if speed and run.n_done else None,
        "can_pause": is_under_way,
        "can_cancel": is_under_way or job.state == Job.State.PAUSED,
        "can_resume": job.state in ("paused", "waiting", "failed", "cancelled") and not run.judge.is_imported,
        "can_retry": run.n_failed and not is_under_way and not run.judge.is_imported,
        "poll_every": "" if job.is_ended else "5s" if job.state == Job.State.PAUSED else "1s",
    }


def _reasons(run: Run) -> list[dict]:
    """Why items have no grade, commonest first, among the first few thousand of them."""
    if not (run.n_abstained or run.n_unreadable or run.n_failed):
        return []
    without = run.verdicts.exclude(outcome__in=[Outcome.GRADED, Outcome.SCORED])
    sampled = run.verdicts.filter(item__in=list(without.values_list("item_id", flat=True)[:MOST_REASONS]))
    rows = sampled.values("outcome", "reason").annotate(n=Count("item_id")).order_by("-n", "outcome")[:20]
    return [row | {"outcome": Outcome(row["outcome"]).label} for row in rows]
