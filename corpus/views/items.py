from typing import NamedTuple

from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.counting import count
from corpus.forms import ItemFilterForm
from corpus.models import Item, Project
from corpus.models.collection import ItemQuerySet
from corpus.paging import PAGE_SIZE
from corpus.permissions import Capability, project_view
from corpus.variants import has_variants

OPENING = 300  # characters of a candidate that the list shows


class ItemPage(NamedTuple):
    rows: list[Item]
    before: int | None
    after: int | None


@project_view(Capability.VIEW)
def item_list(request: HttpRequest, project: Project) -> HttpResponse:
    """Items by query; references, and which are variants, only for those who may see reports.

    Whoever labels is not told that a text was attacked.
    """
    sees_references = "report" in request.capabilities
    form = ItemFilterForm(request.GET)
    form.is_valid()
    items = Item.objects.for_project(project).single()
    if form.cleaned_data.get("q"):
        items = items.asking(form.cleaned_data["q"])
    if sees_references and form.cleaned_data.get("reference") == "yes":
        items = items.with_reference()
    if sees_references and form.cleaned_data.get("reference") == "no":
        items = items.without_reference()
    marks_variants = sees_references and has_variants(project)
    if marks_variants and form.cleaned_data.get("kind") == "plain":
        items = items.plain()
    if marks_variants and form.cleaned_data.get("kind") == "variants":
        items = items.variants()
    shown = items.annotate(opening=Left("candidate__text", OPENING)).select_related("query", "candidate")
    columns = ["query__external_id", "query__text", "candidate__external_id", "candidate__title"]
    if sees_references:
        shown = shown.select_related("reference")
        columns += ["reference__grade", "reference__n_labels"]
    if marks_variants:
        shown = shown.select_related("variant")
        columns += ["variant__carrier", "variant__attack", "variant__words"]
    context = {
        "form": form,
        "is_filtered": any(form.cleaned_data.values()),
        "count": count(items),
        "page": _page(shown.only(*columns), project, request.GET),
        "rubric": project.rubric,
        "sees_references": sees_references,
        "marks_variants": marks_variants,
        "rail": "items",
    }
    return render(request, "corpus/item_list.html", context)


def _page(items: ItemQuerySet, project: Project, wanted) -> ItemPage:
    """The page after or before the item whose id was sent; the first one when there is no such item."""
    after, before = (_item(project, wanted.get(name, "")) for name in ("after", "before"))
    if before:
        found = list(items.before(before)[: PAGE_SIZE + 1])
        rows = found[:PAGE_SIZE][::-1]
        has_before, has_after = len(found) > PAGE_SIZE, True
    else:
        items = items.in_order()
        found = list((items.after(after) if after else items)[: PAGE_SIZE + 1])
        rows = found[:PAGE_SIZE]
        has_before, has_after = after is not None, len(found) > PAGE_SIZE
    return ItemPage(
        rows,
        before=rows[0].pk if rows and has_before else None,
        after=rows[-1].pk if rows and has_after else None,
    )


def _item(project: Project, pk: str) -> Item | None:
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    return Item.objects.for_project(project).select_related("query", "candidate").filter(pk=pk).first()
