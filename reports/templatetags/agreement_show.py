"""How judges are called on pages, and what the address keeps from page to page."""

from django import template
from django.utils.http import urlencode

from reports.words import Named
from reports.words import called as words

register = template.Library()


@register.filter
def called(judge: Named) -> str:
    return words(judge)


@register.simple_tag(takes_context=True)
def kept(context: template.Context, *names: str) -> str:
    """These parameters of the page's address, for a link to another page about the same."""
    asked = context["request"].GET
    found = {name: asked[name] for name in names if asked.get(name)}
    return f"?{urlencode(found)}" if found else ""
