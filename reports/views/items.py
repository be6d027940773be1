from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from annotate.models import Label
from annotate.services.adjudicating import rubric_of
from corpus.models import Item, Project, Reference, Rubric
from corpus.permissions import Capability, project_view
from judges.models import Run, Verdict


@project_view(Capability.VIEW)
def item_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """One item; for those who may see reports also what people and judges said of it."""
    items = Item.objects.for_project(project).select_related("query", "candidate", "rival")
    item = get_object_or_404(items, pk=pk)
    rubric = rubric_of(item, project)
    context = {"item": item, "rubric": rubric, "rail": "items"}
    if "report" in request.capabilities:
        context |= {
            "reference": Reference.objects.filter(item=item).first(),
            "labels": _labels(item, rubric),
            "verdicts": _verdicts(item, project),
        }
    return render(request, "reports/item_detail.html", context)


def _labels(item: Item, rubric: Rubric) -> list[Label]:
    """The current labels, each with the `scale` it was given on."""
    labels = Label.objects.current().filter(item=item).select_related("rater", "round__rubric")
    found = list(labels.order_by("rater__name", "id"))
    for label in found:
        label.scale = label.round.rubric if label.round else rubric
    return found


def _verdicts(item: Item, project: Project) -> list[Verdict]:
    """Every judge's verdicts, reruns newest first. Asked for by run, as the table's key is (run, item)."""
    runs = list(Run.objects.filter(judge__project=project).order_by().values_list("pk", flat=True))
    verdicts = Verdict.objects.filter(run_id__in=runs, item=item).select_related(
        "run__judge__prompt", "run__judge__rubric", "run__condition"
    )
    return list(
        verdicts.order_by("run__judge__name", "run__judge__prompt__name", "run__condition__name", "-run_id")
    )
