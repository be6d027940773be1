"""Pages of long lists by key, never by offset: the ten-thousandth page costs what the first one does."""

from typing import NamedTuple

from django.db.models import QuerySet

PAGE_SIZE = 50


class NewestPage(NamedTuple):
    """Some rows, newest first; `older` is the id to continue before (None at the end)."""

    rows: list
    older: int | None
    is_first: bool


def page_of_newest(rows: QuerySet, *, before: str | None, size: int = PAGE_SIZE) -> NewestPage:
    """The newest rows (by id), or those older than the id in `before`; nonsense there counts as nothing."""
    rows = rows.order_by("-pk")
    start = int(before) if before and before.isascii() and before.isdigit() and len(before) < 19 else None
    if start is not None:
        rows = rows.filter(pk__lt=start)
    found = list(rows[: size + 1])
    older = found[size - 1].pk if len(found) > size else None
    return NewestPage(found[:size], older, is_first=start is None)
