"""How prompts are shown."""

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from judges.prompting import PLACE

register = template.Library()


@register.filter
def with_places(text: str) -> SafeString:
    """The prompt's text, escaped, with its places marked."""
    # Escaping leaves braces alone, so that places can be found in what is already safe.
    return mark_safe(PLACE.sub(lambda match: f'<span class="place">{match[0]}</span>', escape(text)))
