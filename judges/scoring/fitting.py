"""Items too long for a model: the candidate is cut at its end, with a mark, and the answer says so."""

from __future__ import annotations

from collections.abc import Callable

from judges.engines.base import Engine, ItemFault, Prefix
from judges.scoring.base import JudgedItem

CUT_MARK = " […]"
TEMPLATE_TOKENS = 256  # more than any chat template adds


def fit_candidate(
    item: JudgedItem, render: Callable[[JudgedItem], Prefix], *, engine: Engine, reserve: int, too_long: str
) -> tuple[Prefix, str] | ItemFault:
    """The rendered item and what was cut ("" where nothing was), leaving room for `reserve` tokens of reply.

    The longest beginning of the candidate that fits is kept, or with `too_long` "refuse" the item is a fault,
    as is an item whose other parts alone are too long. An engine that does not know its context length gets
    everything.
    """
    prefix = render(item)
    if engine.context_tokens is None:
        return prefix, ""
    room = engine.context_tokens - reserve
    if _n_bytes(prefix) + TEMPLATE_TOKENS <= room:  # a token is at least one byte
        return prefix, ""
    if engine.count_tokens(prefix) <= room:
        return prefix, ""
    if too_long == "refuse":
        return ItemFault("error", f"longer than the {engine.context_tokens} tokens that the model takes")
    fits, exceeds = -1, max(len(item.candidate), len(item.rival))
    while exceeds - fits > 1:
        n_kept = (fits + exceeds) // 2
        if engine.count_tokens(render(_cut(item, n_kept))) <= room:
            fits = n_kept
        else:
            exceeds = n_kept
    if fits < 0:
        return ItemFault(
            "error", f"even without its candidate the prompt exceeds {engine.context_tokens} tokens"
        )
    return (
        render(_cut(item, fits)),
        f"candidate cut to its first {fits} of {max(len(item.candidate), len(item.rival))} characters: "
        f"the model takes {engine.context_tokens} tokens",
    )


def _cut(item: JudgedItem, n_kept: int) -> JudgedItem:
    return item._replace(candidate=_shorten(item.candidate, n_kept), rival=_shorten(item.rival, n_kept))


def _shorten(text: str, n_kept: int) -> str:
    return text if len(text) <= n_kept else text[:n_kept] + CUT_MARK


def _n_bytes(prefix: Prefix) -> int:
    texts = [prefix] if isinstance(prefix, str) else [message["content"] for message in prefix]
    return sum(len(text.encode()) for text in texts)
