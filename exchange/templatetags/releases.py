"""How a release's card is shown."""

import shlex

from django import template
from django.utils.safestring import SafeString, mark_safe

from annotate.templatetags.labelling import markdown
from exchange.models import Release

register = template.Library()


@register.filter
def state_words(state: str) -> str:
    """A row's state as it is read: hard negative."""
    return state.replace("_", " ")


@register.filter
def shell_name(release: Release) -> str:
    """The release's name and version as a shell takes them."""
    return shlex.quote(release.typed)


@register.filter
def card(text: str) -> SafeString:
    """The card's Markdown as safe HTML, its tables as the pages' own, in boxes that scroll."""
    boxed = markdown(text).replace("<table>", '<div class="table-box"><table class="table">')
    return mark_safe(boxed.replace("</table>", "</table></div>"))
