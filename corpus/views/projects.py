from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from corpus.deleting import delete_project
from corpus.forms import ProjectDeleteForm, ProjectForm
from corpus.models import Membership, Project, Role
from corpus.permissions import Capability, project_view
from corpus.services import create_project


def project_list(request: HttpRequest) -> HttpResponse:
    """The projects the user may see, each with the user's role in it."""
    roles = dict(Membership.objects.filter(user=request.user).values_list("project_id", "role"))
    projects = [
        (project, Role(roles[project.pk]).label if project.pk in roles else "Site admin")
        for project in Project.objects.visible_to(request.user)
    ]
    return render(request, "corpus/project_list.html", {"projects": projects, "rail": "projects"})


def project_create(request: HttpRequest) -> HttpResponse:
    """Make a project; its maker owns it."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = create_project(**form.cleaned_data, by=request.user)
        except IntegrityError:
            form.add_error("slug", "Somebody has just taken this short name; choose another.")
        else:
            messages.success(request, f"The project “{project}” is ready.")
            return redirect(project)
    return render(request, "corpus/project_create.html", {"form": form, "rail": "projects"})


@project_view(Capability.OWN)
def project_delete(request: HttpRequest, project: Project) -> HttpResponse:
    form = ProjectDeleteForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        delete_project(project)
        messages.success(request, f"The project “{project}” and all its data are deleted.")
        return redirect("corpus:project-list")
    return render(request, "corpus/project_delete.html", {"form": form, "rail": "settings"})
