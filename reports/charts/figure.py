"""A figure: a chart in both schemes, and its data as a table."""

from collections.abc import Callable
from typing import Any, NamedTuple

from reports.charts.inline import with_rows
from reports.charts.theme import config
from reports.charts.tokens import SCHEMES
from reports.nulls import nulled


class Figure(NamedTuple):
    """What a page shows, and what its downloads hold."""

    name: str  # in its downloads' names
    title: str
    subtitle: str  # over what: n and units
    draw: Callable[[str], Any]  # scheme → altair chart without config
    columns: list[str]
    rows: list[list[Any]]

    def spec(self, scheme: str) -> dict[str, Any]:
        """The Vega-Lite specification, data and colours included.

        Not held to the schema, which takes longer than all else on a page: `draw` alone is, in tests.
        """
        from altair.utils.schemapi import debug_mode  # half a second: only pages with a chart pay for it

        with debug_mode(False):
            spec: dict[str, Any] = nulled(with_rows(self.draw(scheme).to_dict(validate=False)))
        spec["config"] = config(scheme)
        spec["title"] = {"text": self.title, "subtitle": self.subtitle}
        spec["description"] = f"{self.title}. {self.subtitle}"
        return spec

    @property
    def specs(self) -> dict[str, dict[str, Any]]:
        """The specifications by scheme, as charts.js reads them; the page shows the title itself."""
        return {scheme: _fluid(self.spec(scheme)) | {"title": None} for scheme in SCHEMES}


def _fluid(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification as wide as its box, so that a phone shows all of it; grids and facets keep theirs."""
    is_faceted = {"row", "column", "facet"} & set(spec.get("encoding", {}))
    if is_faceted or not isinstance(spec.get("width"), int | float):
        return spec
    return spec | {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
