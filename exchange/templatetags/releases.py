"""How a release's card is shown."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from annotate.templatetags.labelling import markdown

register = template.Library()


@register.filter
def card(text: str) -> SafeString:
    """The card's Markdown as safe HTML, its tables as the pages' own, in boxes that scroll."""
    boxed = markdown(text).replace("<table>", '<div class="table-box"><table class="table">')
    return mark_safe(boxed.replace("</table>", "</table></div>"))
