"""How shares, differences in points and conclusions are shown on the pages of compliance."""

from math import isfinite

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from measures.contrasts import Conclusion
from measures.estimates import Estimate
from reports.compliance import words

register = template.Library()

UNDEFINED = format_html('<span class="soft" title="{}">–</span>', "Undefined: no such answers")
CLASSES = {
    Conclusion.COLLAPSED: "bad",
    Conclusion.DEGRADED: "warn",
    Conclusion.IMPROVED: "accent",
    Conclusion.IMMUNE: "good",
    Conclusion.INCONCLUSIVE: "soft",
}
SIGNS = {
    Conclusion.COLLAPSED: "▼",
    Conclusion.DEGRADED: "◆",
    Conclusion.IMPROVED: "▲",
    Conclusion.IMMUNE: "●",
    Conclusion.INCONCLUSIVE: "■",
}


@register.filter
def percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{100 * share:.1f} %" if isfinite(share) else UNDEFINED


@register.filter
def percent_interval(estimate: Estimate) -> str:
    """Its interval: "[52.4, 58.7]", in per cent; nothing where there is none."""
    if not (isfinite(estimate.low) and isfinite(estimate.high)):
        return ""
    return f"[{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


@register.filter
def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return words.points(difference) if isfinite(difference) else UNDEFINED


@register.filter
def points_interval(estimate: Estimate) -> str:
    return words.points_interval(estimate)


@register.filter
def equivalence(bounds: tuple[float, float]) -> str:
    """The interval of an equivalence test, in points; nothing where there is none."""
    return words.points_interval(Estimate(sum(bounds) / 2, *bounds))


@register.filter
def conclusion_class(conclusion: str) -> str:
    """The class of a conclusion's colour."""
    return CLASSES[Conclusion(conclusion)]


@register.simple_tag
def conclusion_badge(conclusion: str) -> SafeString:
    """A conclusion as a sign, the one of the charts, and a word."""
    of = Conclusion(conclusion)
    return format_html(
        '<span class="nowrap {}"><span aria-hidden="true">{}</span> {}</span>', CLASSES[of], SIGNS[of], of
    )
