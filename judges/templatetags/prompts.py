"""How prompts are shown."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from judges.prompting import PLACE

register = template.Library()


RULES = {
    "majority": "the grade most members gave; among equals the one nearest to their mean",
    "mean": "the grade nearest to the members’ mean",
    "weighted": "members count by their quadratic κ with people on the tune split",
    "dawid_skene": "Dawid–Skene: the likeliest grade, each member’s habits estimated from all items",
}


@register.filter
def rule_words(rule: str) -> str:
    """A jury's rule in words."""
    return RULES.get(rule, rule)


@register.filter
def with_places(text: str) -> SafeString:
    """The prompt's text, escaped, with its places marked."""
    # Escaping leaves braces alone, so that places can be found in what is already safe.
    return mark_safe(PLACE.sub(lambda match: f'<span class="place">{match[0]}</span>', escape(text)))
