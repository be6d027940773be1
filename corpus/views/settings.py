from copy import copy

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from corpus.audit import record
from corpus.forms import GradeFormSet, ProjectSettingsForm, RubricForm
from corpus.models import Project
from corpus.models.audit import Verb
from corpus.permissions import Capability, project_view
from corpus.services import save_project


@project_view(Capability.OWN)
def project_settings(request: HttpRequest, project: Project) -> HttpResponse:
    form = ProjectSettingsForm(request.POST or None, instance=copy(project))
    if request.method == "POST" and form.is_valid():
        save_project(form.instance, changed=form.changed_data)
        messages.success(request, "The settings are saved.")
        return redirect("corpus:project-settings", project.slug)
    return render(request, "corpus/project_settings.html", {"form": form, "rail": "settings"})


@project_view(Capability.OWN)
def rubric_edit(request: HttpRequest, project: Project) -> HttpResponse:
    """Change the scale while nothing uses it; show it afterwards."""
    rubric = project.rubric
    form = RubricForm(request.POST or None, instance=rubric)
    grades = GradeFormSet(request.POST or None, initial=rubric.grades, prefix="grades")
    if request.method == "POST" and form.is_valid() and grades.is_valid():
        rubric.grades = grades.grades
        try:
            rubric.full_clean()
            with transaction.atomic():
                rubric.save()
                record(Verb.RUBRIC_CHANGED, rubric, project=project)
        except ValidationError as problem:
            form.add_error(None, ValidationError(problem.messages))
        else:
            messages.success(request, "The rubric is saved.")
            return redirect("corpus:rubric-edit", project.slug)
    context = {"rubric": rubric, "form": form, "grades": grades, "rail": "settings"}
    return render(request, "corpus/rubric_edit.html", context)
