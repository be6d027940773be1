from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from corpus.archiving import ProjectBusy, archive_project, unarchive_project
from corpus.audit import acting
from corpus.deleting import delete_project
from corpus.forms import ProjectDeleteForm, ProjectForm
from corpus.models import Membership, Project
from corpus.permissions import Capability, project_view
from corpus.services import create_project


def project_list(request: HttpRequest) -> HttpResponse:
    """The projects the user may see, each with the user's role in it."""
    members = {member.project_id: member for member in Membership.objects.filter(user=request.user)}
    projects = [(each, members.get(each.pk)) for each in Project.objects.visible_to(request.user)]
    return render(request, "corpus/project_list.html", {"projects": projects, "rail": "projects"})


def project_create(request: HttpRequest) -> HttpResponse:
    """Make a project; its maker owns it."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with acting(request.user):
                project = create_project(**form.cleaned_data, by=request.user)
        except IntegrityError:
            form.add_error("slug", "Somebody has just taken this short name; choose another.")
        else:
            messages.success(request, f"The project “{project}” is ready.")
            return redirect(project)
    return render(request, "corpus/project_create.html", {"form": form, "rail": "projects"})


@project_view(Capability.ARCHIVE)
def project_archive(request: HttpRequest, project: Project) -> HttpResponse:
    """Says what archiving and deleting mean; archives."""
    if request.method == "POST":
        try:
            archive_project(project)
        except ProjectBusy as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, "The project is archived: nothing changes in it any more.")
        return redirect("corpus:project-archive", project.slug)
    return render(request, "corpus/project_archive.html", {"rail": "settings"})


@project_view(Capability.ARCHIVE)
@require_POST
def project_unarchive(request: HttpRequest, project: Project) -> HttpResponse:
    unarchive_project(project)
    messages.success(request, "The project is back: people can work in it again.")
    return redirect("corpus:project-archive", project.slug)


@project_view(Capability.ARCHIVE)
def project_delete(request: HttpRequest, project: Project) -> HttpResponse:
    form = ProjectDeleteForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        delete_project(project)
        messages.success(request, f"The project “{project}” and all its data are deleted.")
        return redirect("corpus:project-list")
    return render(request, "corpus/project_delete.html", {"form": form, "rail": "settings"})
