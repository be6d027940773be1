from copy import copy

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from corpus.audit import record
from corpus.forms import (
    CriterionForm,
    CriterionFormSet,
    GradeFormSet,
    ProjectSettingsForm,
    RubricAddForm,
    RubricForm,
)
from corpus.models import Project, Rubric
from corpus.models.audit import Verb
from corpus.permissions import Capability, project_view
from corpus.rubrics import add_rubric, grades_of_preference, remove_rubric
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
def rubric_edit(request: HttpRequest, project: Project, pk: int | None = None) -> HttpResponse:
    """Change the project's own scale, or a further one, while nothing uses it; show it afterwards."""
    rubric = get_object_or_404(project.rubrics, pk=pk) if pk else project.rubric
    form = RubricForm(request.POST or None, instance=copy(rubric))
    grades = GradeFormSet(request.POST or None, initial=rubric.grades, prefix="grades")
    typed = [each | {"scale": CriterionForm.lines(each["grades"])} for each in rubric.criteria]
    criteria = CriterionFormSet(request.POST or None, initial=typed, prefix="criteria")
    forms = [form] if rubric.compares else [form, grades, criteria]
    if request.method == "POST" and all(each.is_valid() for each in forms):
        changed = form.instance
        if rubric.compares:
            changed.grades = grades_of_preference(ties=form.cleaned_data["ties"])
        else:
            changed.grades, changed.criteria = grades.grades, criteria.criteria
            changed.kind = Rubric.Kind.CRITERIA if changed.criteria else Rubric.Kind.GRADED
        try:
            changed.full_clean()
            with transaction.atomic():
                changed.save()
                record(Verb.RUBRIC_CHANGED, changed, project=project)
        except ValidationError as problem:
            form.add_error(None, ValidationError(problem.messages))
        else:
            messages.success(request, "The rubric is saved.")
            return redirect(request.path)
    context = {
        "rubric": rubric,
        "rubrics": project.rubrics.order_by("id"),
        "form": form,
        "grades": grades,
        "criteria": criteria,
        "add_form": RubricAddForm(),
        "rail": "settings",
    }
    return render(request, "corpus/rubric_edit.html", context)


@project_view(Capability.OWN)
@require_POST
def rubric_add(request: HttpRequest, project: Project) -> HttpResponse:
    """Make a further scale from one that is ready, to be changed before its first use."""
    form = RubricAddForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose which kind of scale to add; its name has at most 90 characters.")
        return redirect("corpus:rubric-edit", project.slug)
    added = add_rubric(project, template=form.cleaned_data["template"], name=form.cleaned_data["rubric_name"])
    messages.success(request, f"“{added}” is ready. Change it as you like before a round uses it.")
    return redirect("corpus:further-rubric-edit", project.slug, added.pk)


@project_view(Capability.OWN)
@require_POST
def rubric_remove(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Delete a further scale that nothing uses."""
    rubric = get_object_or_404(project.rubrics, pk=pk)
    if remove_rubric(rubric):
        messages.success(request, f"“{rubric}” is removed.")
    else:
        messages.error(request, f"“{rubric}” is in use and stays.")
    return redirect("corpus:rubric-edit", project.slug)
