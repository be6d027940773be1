"""How the labelling screen shows guidelines and a person's own answers."""

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from annotate.answers import Answer, sign_of, words_of
from corpus.models import Rubric
from corpus.templatetags.show import grade_chip

register = template.Library()
FIRST_HEADING = 3  # below the page's own headings


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as HTML that is safe to show: no HTML of its own, no images, no script addresses.

    Headings begin below the page's; links open beside the page.
    """
    return _rendered(text or "")


@register.simple_tag
def answer_chip(label: Answer, rubric: Rubric) -> SafeString:
    """A person's own answer as a chip: its grade, of a preference the side they chose."""
    if label.cannot_judge or rubric.compares:
        words = words_of(label, rubric)
        return format_html('<span class="grade" title="{}">{}</span>', words, sign_of(label, rubric))
    return grade_chip(label.grade, rubric)


@register.simple_tag
def answer_words(label: Answer, rubric: Rubric) -> str:
    """A person's own answer in words."""
    return words_of(label, rubric)


@lru_cache(maxsize=64)
def _rendered(text: str) -> SafeString:
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(text)
    levels = sorted({token.tag for token in tokens if token.type == "heading_open"})
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(FIRST_HEADING + levels.index(token.tag), 6)}"
        for each in token.children or []:
            _open_beside(each)
    return mark_safe(reader.renderer.render(tokens, reader.options, {}))


def _open_beside(token: Token) -> None:
    if token.type == "link_open":
        token.attrSet("target", "_blank")
        token.attrSet("rel", "noopener noreferrer nofollow")
