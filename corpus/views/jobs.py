from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.jobs import cancel, retry
from corpus.models import Project
from corpus.paging import page_of_newest
from corpus.permissions import Capability, project_view


@project_view(Capability.MANAGE)
def job_list(request: HttpRequest, project: Project) -> HttpResponse:
    page = page_of_newest(project.jobs.select_related("created_by"), before=request.GET.get("before"))
    return render(request, "corpus/job_list.html", {"page": page, "rail": "jobs"})


@project_view(Capability.MANAGE)
def job_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    job = get_object_or_404(project.jobs.select_related("created_by"), pk=pk)
    return render(request, "corpus/job_detail.html", {"job": job, "rail": "jobs"})


@project_view(Capability.MANAGE)
def job_progress(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The part of the job's page that is fetched every second until the job has ended."""
    job = get_object_or_404(project.jobs, pk=pk)
    return render(request, "corpus/job_detail.html#job-progress", {"job": job})


@project_view(Capability.MANAGE)
@require_POST
def job_cancel(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    job = get_object_or_404(project.jobs, pk=pk)
    if not cancel(job):
        messages.info(request, "The job had ended already.")
    return redirect("corpus:job-detail", project.slug, pk)


@project_view(Capability.MANAGE)
@require_POST
def job_retry(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    job = get_object_or_404(project.jobs, pk=pk)
    if not retry(job):
        messages.info(request, "Only a failed or cancelled job can be tried again.")
    return redirect("corpus:job-detail", project.slug, pk)
