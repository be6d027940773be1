from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.forms import JudgeForm, JuryForm
from judges.models import Engine
from judges.services import JudgeRefused, create_judge, create_jury


@project_view(Capability.REPORT)
def judge_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Judges made here and imported ones, each version with its runs."""
    judges = list(
        project.judges.select_related("engine", "prompt")
        .annotate(n_runs=Count("runs"), last_run_at=Max("runs__created_at"))
        .order_by("name", "prompt__name", "-version")
    )
    context = {
        "n_judges": len(judges),
        "made_here": [judge for judge in judges if not judge.is_imported],
        "imported": [judge for judge in judges if judge.is_imported],
        "rail": "judges",
    }
    return render(request, "judges/judge_list.html", context)


@project_view(Capability.MANAGE)
def judge_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = JudgeForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            judge = create_judge(project, **form.cleaned_data, by=request.user)
        except JudgeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"The judge “{judge}”, version {judge.version}, is ready.")
            return redirect(judge)
    context = {"form": form, "has_engines": Engine.objects.exists(), "rail": "judges"}
    return render(request, "judges/judge_create.html", context)


@project_view(Capability.MANAGE)
def jury_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = JuryForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            jury = create_jury(project, **form.cleaned_data, by=request.user)
        except JudgeRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"The jury “{jury}”, version {jury.version}, is ready.")
            return redirect(jury)
    return render(request, "judges/jury_create.html", {"form": form, "rail": "judges"})


@project_view(Capability.REPORT)
def judge_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """What a judge is, word for word, with its other versions and its runs."""
    related = ("engine", "prompt", "rubric", "created_by", "project")
    judge = get_object_or_404(project.judges.select_related(*related), pk=pk)
    same = Q(name=judge.name)
    if judge.is_imported:
        same &= Q(prompt=judge.prompt_id, engine=None)
    versions = project.judges.filter(same).select_related("prompt", "engine").order_by("-version")
    runs = judge.runs.select_related("job", "item_set", "condition").order_by("-pk")
    members = judge.members.select_related("prompt", "project").order_by("name", "version")
    context = {
        "judge": judge,
        "members": members if judge.is_jury else [],
        "versions": versions,
        "runs": runs[:50],
        "rail": "judges",
    }
    return render(request, "judges/judge_detail.html", context)
