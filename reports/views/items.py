from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from annotate.models import Label
from annotate.services.adjudicating import rubric_of
from corpus.models import Item, Project, Reference, Rubric, Variant
from corpus.permissions import Capability, project_view
from judges.models import Run, Verdict

MOST_VARIANTS = 100  # that the page of their original lists


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
            **_variants(item),
        }
    return render(request, "reports/item_detail.html", context)


def _variants(item: Item) -> dict[str, object]:
    """What the item is a variant of, and the first of its own variants."""
    made = Variant.objects.filter(original=item).select_related("item__candidate")
    first = list(made.order_by("carrier", "attack", "words", "pk")[:MOST_VARIANTS])
    own = Variant.objects.select_related("original__query", "original__candidate", "original__reference")
    return {
        "variant": own.filter(item=item).first(),
        "variants": first,
        "n_variants": made.count() if len(first) == MOST_VARIANTS else len(first),
    }


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
