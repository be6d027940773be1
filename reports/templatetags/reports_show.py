"""How estimates and sorted columns are shown on the pages of agreement."""

from collections.abc import Mapping
from math import isfinite

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from corpus.variants import say_left_out
from measures.estimates import UNDEFINED as UNDEFINED_ESTIMATE
from measures.estimates import Estimate
from reports.ceiling import Ceiling
from reports.next_steps import NextStep
from reports.scoreboard import Column
from reports.showing import said, shown

register = template.Library()

UNDEFINED = format_html('<span class="soft" title="{}">–</span>', "Undefined: too few or too uniform grades")
NO_INTERVAL = format_html(
    '<span title="{}">–</span>', "No interval: too few queries, or undefined in too many resamples"
)
SIGNS = {"ascending": "▲", "descending": "▼"}


@register.filter
def estimate_value(estimate: Estimate) -> str:
    return shown(estimate).value if isfinite(estimate.value) else UNDEFINED


@register.filter
def estimate_interval(estimate: Estimate) -> str:
    """The interval in brackets; nothing for an undefined value, "–" where only the interval is undefined."""
    return (shown(estimate).interval or NO_INTERVAL) if isfinite(estimate.value) else ""


@register.filter
def estimate_words(estimate: Estimate) -> str:
    """Value and interval as plain text."""
    return said(estimate)


@register.filter
def p_value(p: float) -> str:
    """A p-value with three decimals."""
    if not isfinite(p):
        return UNDEFINED
    if p >= 1:
        return "1"
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


@register.simple_tag
def measure_of(people: Ceiling, more: Mapping[str, Estimate] | str, key: str) -> Estimate:
    """People's figure for a column: one of the further measures, or of the main ones."""
    return more[key] if more and key in more else getattr(people.agreement, key, UNDEFINED_ESTIMATE)


@register.filter
def plain(number: float | None) -> str:
    """A number as SVG attributes and axes want it: no thousands separators, no trailing zeros."""
    return f"{number:g}" if number is not None else "0"


@register.simple_tag(takes_context=True)
def sort_link(context: template.Context, column: Column, text: str) -> SafeString | str:
    """A column's head as a link that sorts by it; plain text on pages that do not sort."""
    if not context.get("is_sortable"):
        return text
    query = context["request"].GET.copy()
    query["sort"] = column.sort
    return format_html(
        '<a href="?{}">{} <span aria-hidden="true">{}</span></a>',
        query.urlencode(),
        text,
        SIGNS.get(column.direction, ""),
    )


@register.inclusion_tag("reports/left_out.html", takes_context=True)
def variants_left_out(context: template.Context) -> dict[str, object]:
    """How many variants the figures of this page leave out, in words; nothing where there are none."""
    project = context["request"].project
    return {"project": project, "sentence": say_left_out(project)}


@register.simple_tag(takes_context=True)
def project_link(context: template.Context, step: NextStep) -> str:
    """The address of a step's page in this project."""
    return reverse(step.url_name, args=[context["request"].project.slug, *step.args])
