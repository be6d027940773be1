"""How figures, grades, states and times are shown, the same on every page."""

from datetime import datetime
from math import isfinite

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

UNDEFINED = format_html('<span class="soft" title="{}">–</span>', "Undefined here")
N_RAMP_STEPS = 11
STATE_SIGNS = {
    "draft": "○",
    "open": "▸",
    "closed": "✓",
    "queued": "○",
    "running": "▸",
    "waiting": "◔",
    "paused": "‖",
    "done": "✓",
    "complete": "✓",
    "cancelled": "⊘",
    "failed": "✕",
    "undone": "↶",
}


@register.simple_tag(takes_context=True)
def again(context: template.Context, name: str) -> str:
    """The text of a block a second time: the page's title is also its heading."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    block = blocks.get_block(name) if blocks else None
    return block.render(context) if block else ""


@register.filter
def figure(value: float | None, unit: str = "") -> str:
    """A number with three significant digits; integers with thousands separated; "–" where undefined."""
    if value is None or not isfinite(value):
        return UNDEFINED
    if isinstance(value, int) or abs(value) >= 1000:
        shown = f"{round(value):,}"
    else:
        n_decimals = 2
        size = abs(value)
        while 0 < size < 0.1 and n_decimals < 6:
            size *= 10
            n_decimals += 1
        n_decimals = n_decimals if abs(value) < 10 else 1 if abs(value) < 100 else 0
        shown = f"{value:.{n_decimals}f}"
    shown = shown.replace("-", "−")
    return f"{shown} {unit}" if unit else shown


@register.filter
def interval(bounds: tuple[float, float] | None) -> str:
    """An interval in square brackets; "–" where undefined."""
    if bounds is None or not all(bound is not None and isfinite(bound) for bound in bounds):
        return UNDEFINED
    return f"[{figure(bounds[0])}, {figure(bounds[1])}]"


@register.simple_tag
def grade_chip(grade: int | None, rubric) -> str:
    """A grade on the sequential ramp, always with its numeral; its name on hover. "–" for no grade."""
    if grade is None:
        return format_html('<span class="soft" title="{}">–</span>', "No grade")
    grades = rubric.grades
    index = next((i for i, each in enumerate(grades) if each["value"] == grade), None)
    if index is None:
        return format_html('<span class="grade" title="{}">{}</span>', "Not in the rubric", grade)
    step = round(index * (N_RAMP_STEPS - 1) / (len(grades) - 1))
    return format_html(
        '<span class="grade ramp-{}" title="{}">{}</span>',
        step,
        f"{rubric.sign(grade)} {grades[index]['name']}",
        rubric.sign(grade),
    )


@register.filter
def ramp_step(index: int, n_grades: int) -> int:
    """Which of the ramp's eleven steps the grade with this index of `n_grades` takes."""
    return round(index * (N_RAMP_STEPS - 1) / max(n_grades - 1, 1))


@register.simple_tag
def state_badge(state: str) -> SafeString:
    """A state as a sign and a word."""
    return format_html(
        '<span class="badge is-{}"><span aria-hidden="true">{}</span> {}</span>',
        state,
        STATE_SIGNS.get(state, "•"),
        state.capitalize(),
    )


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """A time told relative to now, with the date and time zone on hover; "–" for none."""
    if moment is None:
        return UNDEFINED
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        naturaltime(moment).replace("\xa0", " "),
    )


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words of two units at most: "4 s", "3 min 20 s", "2 h 5 min"."""
    if seconds is None or not isfinite(seconds):
        return "–"
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, rest = divmod(whole, 3600)
    return f"{hours:,} h" + (f" {rest // 60} min" if rest // 60 else "")
