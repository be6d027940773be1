"""How judges are called on pages."""

from django import template

from reports.words import Named
from reports.words import called as words

register = template.Library()


@register.filter
def called(judge: Named) -> str:
    return words(judge)
