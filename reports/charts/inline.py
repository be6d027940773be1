"""Data of a chart that Altair carries along without copying it."""

from collections.abc import Sequence
from typing import Any


class Rows(str):
    """Stands for rows until the specification is done.

    Altair copies all that it holds at every step: a few hundred rows cost more than all else on a page.
    """

    rows: Sequence[dict[str, Any]]


def inline(rows: Sequence[dict[str, Any]]) -> Any:
    """These rows as the data of a chart."""
    import altair as alt  # half a second: only pages with a chart pay for it

    standing = Rows("rows")
    standing.rows = rows
    return alt.Data(values=standing)


def with_rows(part: Any) -> Any:
    """The same specification with the rows in their places."""
    if isinstance(part, Rows):
        return list(part.rows)
    if isinstance(part, dict):
        return {name: with_rows(each) for name, each in part.items()}
    if isinstance(part, list):
        return [with_rows(each) for each in part]
    return part
