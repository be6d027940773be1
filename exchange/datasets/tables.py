"""The door to all tables: out of the store, or from a selection of mining."""

from collections.abc import Iterator
from typing import Any

from exchange.datasets.reading import read_criteria, read_pairs, read_rows
from exchange.datasets.selection import read_selection
from exchange.datasets.sources import Sources
from exchange.datasets.splits import Placed


def read_table(table: str, sources: Sources, placed: Placed) -> Iterator[list[Any]]:
    """The table's rows, a query at a time."""
    if table == "pairs":
        return read_pairs(sources, placed)
    if table == "criteria":
        return read_criteria(sources, placed)
    if sources.selection is not None:
        plan = sources.plan
        return read_selection(
            sources.selection, with_unjudged=plan.with_unjudged, with_reasons=plan.with_reasons
        )
    return read_rows(sources, placed)
