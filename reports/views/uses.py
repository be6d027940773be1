from django.contrib import messages
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from corpus.audit import record
from corpus.models import Project
from corpus.models.audit import Verb
from corpus.permissions import Capability, project_view
from reports.models import UseFloors


class UseFloorsForm(ModelForm):
    class Meta:
        model = UseFloors
        fields = ("graded", "binary", "ranking", "negatives")


@project_view(Capability.OWN)
def use_floors(request: HttpRequest, project: Project) -> HttpResponse:
    """What a judge has to reach before its page says yes to a use."""
    form = UseFloorsForm(request.POST or None, instance=UseFloors.of(project))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            changed = ", ".join(sorted(form.changed_data))
            record(Verb.SETTINGS_CHANGED, project=project, changed=f"floors of uses: {changed}")
        messages.success(request, "The floors are saved.")
        return redirect("reports:use-floors", project.slug)
    return render(request, "reports/use_floors.html", {"form": form, "rail": "settings"})
