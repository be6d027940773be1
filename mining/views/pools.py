from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.jobs import cancel, retry
from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.services import RunRefused, done_run, start_run
from mining.deleting import delete_pool, refuse_frozen, what_goes
from mining.forms import DeletePoolForm, JudgePoolForm, PoolForm
from mining.models import Pool
from mining.pool_settings import PoolRefused
from mining.pools import prepare_pool
from mining.selections import runs_over

N_DUPLICATES = 20


@project_view(Capability.REPORT)
def pool_list(request: HttpRequest, project: Project) -> HttpResponse:
    pools = project.pools.select_related("job").annotate(n_selections=Count("selections"))
    return render(request, "mining/pool_list.html", {"pools": pools, "rail": "negatives"})


@project_view(Capability.MANAGE)
def pool_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = PoolForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            pool = prepare_pool(
                project, name=form.cleaned_data["name"], settings=form.settings, by=request.user
            )
        except PoolRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect(pool)
    return render(request, "mining/pool_create.html", {"form": form, "rail": "negatives"})


@project_view(Capability.REPORT)
def pool_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    pool = _pool(project, pk)
    context = {"pool": pool, "job": pool.job, "rail": "negatives"}
    if pool.frozen_at:
        duplicates = pool.entries.filter(kind="duplicate").select_related("query", "candidate", "like")
        runs = runs_over(pool)
        context |= {
            "miners": _miners(pool),
            "duplicates": duplicates.order_by("-likeness", "query_id", "candidate_id")[:N_DUPLICATES],
            "runs": [run for run in runs if run.item_set_id == pool.item_set_id],
            "imported": [run for run in runs if run.item_set_id != pool.item_set_id],
            "selections": pool.selections.select_related("run__judge", "second_run__judge"),
            "form": JudgePoolForm(pool=pool),
        }
    return render(request, "mining/pool_detail.html", context)


@project_view(Capability.REPORT)
def pool_progress(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The part of the page that is fetched every second until the pool is made; then the whole page."""
    pool = _pool(project, pk)
    response = render(request, "mining/pool_detail.html#pool-progress", {"pool": pool, "job": pool.job})
    if pool.frozen_at:
        response["HX-Refresh"] = "true"
    return response


@project_view(Capability.MANAGE)
@require_POST
def pool_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    pool = _pool(project, pk)
    if not cancel(pool.job):
        messages.info(request, "The pool’s job had ended already.")
    return redirect(pool)


@project_view(Capability.MANAGE)
@require_POST
def pool_resume(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Go on where a cancelled or failed job stopped."""
    pool = _pool(project, pk)
    if not retry(pool.job):
        messages.info(request, "Only a pool whose job failed or was cancelled can be gone on with.")
    return redirect(pool)


@project_view(Capability.MANAGE)
def pool_delete(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Says what goes, asks for the name, and deletes; a frozen pool stays."""
    pool = _pool(project, pk)
    form = DeletePoolForm(request.POST or None, pool=pool)
    try:
        refuse_frozen(pool)
        if request.method == "POST" and form.is_valid():
            delete_pool(pool, by=request.user)
            messages.success(request, f"The pool {pool} was deleted.")
            return redirect("mining:pool-list", project.slug)
    except PoolRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(pool)
    context = {"pool": pool, "form": form, "goes": what_goes(pool), "rail": "negatives"}
    return render(request, "mining/pool_delete.html", context)


@project_view(Capability.MANAGE)
@require_POST
def pool_judge(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Run a judge over the pool and its positives."""
    pool = _pool(project, pk)
    form = JudgePoolForm(request.POST, pool=pool)
    if not form.is_valid() or pool.item_set is None:
        messages.error(request, "Choose a judge, once the pool is made.")
        return redirect(pool)
    judge = form.cleaned_data["judge"]
    done = done_run(judge, item_set=pool.item_set)
    try:
        run = start_run(judge, item_set=pool.item_set, by=request.user)
    except RunRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(pool)
    if done:
        messages.info(request, f"{done} of “{judge.name}” over this pool is done already: this is another.")
    return redirect(run)


def _pool(project: Project, pk: int) -> Pool:
    return get_object_or_404(project.pools.select_related("job__created_by", "item_set"), pk=pk)


def _miners(pool: Pool) -> list[dict]:
    """Each miner with what it found, alone and with every other one."""
    counts = pool.counts
    return [
        {
            "name": miner["name"],
            "kind": miner["kind"],
            "n_hits": counts["n_hits"][place],
            "n_pooled": counts["together"][place][place],
            "alone": counts["alone"][place],
            "positives": counts["positives"][place],
            "together": counts["together"][place],
        }
        for place, miner in enumerate(pool.miners)
    ]
