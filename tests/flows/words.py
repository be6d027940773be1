"""The texts of a world: `words(place)` gives the one that stands at that place."""

from collections.abc import Callable

Words = Callable[[str], str]
MARKDOWN = "[{words}](javascript:a()) ![](x) <img src=x onerror=a()> [b](data:text/html,a) <javascript:a()>"
