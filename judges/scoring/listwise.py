"""`listwise`: the model puts a query's candidates in order, a window at a time from the back to the front."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from judges.engines.base import Engine, ItemFault, Reply
from judges.prompting import PromptTemplate, places_of, render
from judges.scoring.asking import answer_each
from judges.scoring.base import Answer, JudgedItem, Scale, ScoringProblem, answer_fault, read_options
from judges.scoring.reading import THOUGHTS

LONGEST_CHARACTERS = 20_000
NUMBER = re.compile(r"\[\s*(\d{1,3})\s*\]")


class Listwise:
    """score = 1 − (rank − 1) / (n − 1) within the query's n candidates of the set (1 for a single one).

    Windows of `window` candidates slide from the back of the list to its front in steps of `step` (Sun et
    al. 2023: 20 and 10); the list starts in the item set's order. In a reply such as `[2] > [1]` a number
    that comes twice counts once, at its first place; one that is missing follows at the end in its old
    order; one that was not shown is passed over. Options beside: `max_characters` of each candidate (1,500),
    `max_tokens` of a reply (256). A reply without any number leaves all of the query's items unreadable.
    """

    name: Final = "listwise"
    needs: Final = "generate"
    whole_queries: Final = True
    defaults: Final[Mapping[str, Any]] = {
        "window": 20,
        "step": 10,
        "max_characters": 1500,
        "max_tokens": 256,
    }

    def labels(self, prompt: PromptTemplate, scale: Scale) -> tuple[str, ...]:
        """None: the model writes numbers."""
        return ()

    def check(self, *, prompt: PromptTemplate, scale: Scale, options: Mapping[str, Any]) -> None:
        """ScoringProblem for a prompt without the place {{listed}}, or an option out of its bounds."""
        if "listed" not in places_of(prompt):
            raise ScoringProblem("the prompt has no place {{listed}} for the numbered candidates")
        chosen = read_options(options, self.defaults)
        for name, most in (
            ("window", 100),
            ("step", chosen["window"]),
            ("max_characters", LONGEST_CHARACTERS),
            ("max_tokens", 4096),
        ):
            value = chosen[name]
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                raise ScoringProblem(f"{name} is a whole number from 1 to {most}, not {value!r}")
        if chosen["window"] < 2:
            raise ScoringProblem("a window holds at least two candidates")

    def score(
        self,
        items: Sequence[JudgedItem],
        *,
        engine: Engine,
        prompt: PromptTemplate,
        scale: Scale,
        options: Mapping[str, Any],
    ) -> list[Answer]:
        """One answer an item, scored by its rank within its query; items of a query stand together."""
        self.check(prompt=prompt, scale=scale, options=options)
        chosen = read_options(options, self.defaults)

        def ask(asked: Sequence[JudgedItem]) -> list[Answer]:
            answers: dict[int, Answer] = {}
            for query_id in dict.fromkeys(item.query_id for item in asked):
                own = [item for item in asked if item.query_id == query_id]
                answers.update(_rank(own, engine=engine, prompt=prompt, scale=scale, chosen=chosen))
            return [answers[item.item_id] for item in asked]

        return answer_each(items, ask, prompt=prompt)


def _rank(
    items: list[JudgedItem],
    *,
    engine: Engine,
    prompt: PromptTemplate,
    scale: Scale,
    chosen: Mapping[str, Any],
) -> dict[int, Answer]:
    """Answers of one query's items by item."""
    order = list(items)
    replies: list[Reply] = []
    start = max(0, len(order) - chosen["window"])
    while len(order) > 1:
        window = order[start : start + chosen["window"]]
        shown = window[0]._replace(listed=_list(window, chosen["max_characters"]))
        [reply] = engine.generate([render(prompt, shown, scale)], max_tokens=chosen["max_tokens"])
        if isinstance(reply, ItemFault):
            return dict.fromkeys((item.item_id for item in items), answer_fault(reply))
        replies.append(reply)
        places = read_order(reply.text, len(window))
        if places is None:
            reason = "the reply names no candidate by its number"
            return dict.fromkeys(
                (item.item_id for item in items), Answer("unreadable", raw=reply.text, reason=reason)
            )
        order[start : start + chosen["window"]] = [window[place] for place in places]
        if start == 0:
            break
        start = max(0, start - chosen["step"])
    n = len(order)
    answers = {
        item.item_id: Answer(
            "scored", score=1 - rank / (n - 1) if n > 1 else 1.0, raw=f"rank {rank + 1} of {n}"
        )
        for rank, item in enumerate(order)
    }
    first = items[0].item_id  # the costs of the whole list stand with the query's first item
    answers[first] = answers[first]._replace(
        tokens_in=sum(reply.tokens_in for reply in replies),
        tokens_out=sum(reply.tokens_out for reply in replies),
        tokens_cached=sum(reply.tokens_cached for reply in replies),
        latency_ms=sum(reply.latency_ms for reply in replies),
    )
    return answers


def read_order(text: str, n: int) -> list[int] | None:
    """Places 0 … n − 1 in the order a reply gives them; None where it gives none of them.

    Repeats are dropped, what was not shown is passed over, what is missing follows in its old order.
    """
    named = [int(found) - 1 for found in NUMBER.findall(THOUGHTS.sub("", text))]
    order = [place for place in dict.fromkeys(named) if 0 <= place < n]
    if not order:
        return None
    return order + [place for place in range(n) if place not in order]


def _list(items: Sequence[JudgedItem], longest: int) -> str:
    lines = []
    for number, item in enumerate(items, start=1):
        text = " ".join(f"{item.title} {item.candidate}".split())
        lines.append(f"[{number}] {text[:longest]}" + (" […]" if len(text) > longest else ""))
    return "\n".join(lines)
