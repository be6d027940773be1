from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.forms import ScheduleForm
from judges.services.schedules import ScheduleRefused, create_schedule, delete_schedule, switch_schedule


@project_view(Capability.REPORT)
def schedule_list(request: HttpRequest, project: Project) -> HttpResponse:
    return render(request, "judges/schedule_list.html", {"schedules": _schedules(project), "rail": "runs"})


@project_view(Capability.MANAGE)
def schedule_create(request: HttpRequest, project: Project) -> HttpResponse:
    form = ScheduleForm(request.POST or None, project=project, initial={"judge": request.GET.get("judge")})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if given["cron"]:
            given["every_minutes"] = None
        try:
            create_schedule(**given, by=request.user)
        except ScheduleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The schedule is on.")
            return redirect("judges:schedule-list", project.slug)
    context = {"form": form, "has_judges": project.judges.made_here().exists(), "rail": "runs"}
    return render(request, "judges/schedule_create.html", context)


@project_view(Capability.MANAGE)
@require_POST
def schedule_switch(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    schedule = get_object_or_404(_schedules(project), pk=pk)
    switch_schedule(schedule, on=not schedule.is_on, by=request.user)
    return redirect("judges:schedule-list", project.slug)


@project_view(Capability.MANAGE)
@require_POST
def schedule_delete(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    delete_schedule(get_object_or_404(_schedules(project), pk=pk), by=request.user)
    messages.success(request, "The schedule is deleted; the runs it started stay.")
    return redirect("judges:schedule-list", project.slug)


def _schedules(project: Project):
    related = ("judge", "item_set", "beat__crontab", "beat__interval", "created_by", "project")
    return project.schedules.select_related(*related).prefetch_related("runs")
