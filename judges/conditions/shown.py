"""What a judge is shown under a condition: its prompt with texts around it, its scale, the item's texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from judges.engines.base import Message
from judges.prompting import PLACE, PromptTemplate, abstain_label, hash_content, places_of
from judges.scoring.base import JudgedItem, Scale

SPACES = re.compile(r"\s+")
LISTS_ANSWERS = frozenset({"grades", "criteria"})  # places that name the answer for "cannot judge" themselves


def shown_under(
    content: Mapping[str, Any] | None, template: PromptTemplate, scale: Scale
) -> tuple[PromptTemplate, Scale]:
    """The prompt and the scale as this condition shows them; without content both as they are.

    Texts go around the last user message, and around that of a likelihood's baseline, so that what all items
    share still stands at the front. Where the condition lets a judge abstain, a prompt that does not list its
    answers is given a line that says so. The content hash covers everything that was changed.
    """
    if not content:
        return template, scale
    if content["may_abstain"] is not None:
        scale = scale._replace(may_abstain=content["may_abstain"])
    reply: dict[str, Any] = dict(template.reply)
    own_line: list[str] = []
    if content["may_abstain"]:
        reply["abstain"] = abstain_label(template)
        if not is_told_to_abstain(template):
            own_line = [f"Where it cannot be judged, answer {reply['abstain']}."]
    before, after = (
        [
            _fill(part["text"], abstain=abstain_label(template), mark=content["mark"])
            for part in content["parts"]
            if part["place"] == place
        ]
        for place in ("before", "after")
    )
    messages = _around(template.messages, before, own_line, after)
    if "baseline" in reply:
        reply["baseline"] = list(_around(reply["baseline"], before, [], after))
    switches = {name: content[name] for name in ("neutralises", "mark") if content[name] not in (True, "")}
    shown = template._replace(
        messages=messages,
        reply=reply,
        neutralises=content["neutralises"],
        content_hash=hash_content(messages, {**reply, **switches}, template.scoring),
    )
    return shown, scale


def shown_item(content: Mapping[str, Any] | None, item: JudgedItem) -> JudgedItem:
    """The item's texts as this condition shows them: a mark joins the words of its candidates.

    A mark that stands in a text already is taken out, so that no text can pass for an unmarked one.
    """
    mark = content["mark"] if content else ""
    if not mark:
        return item
    return item._replace(
        title=_joined(item.title, mark),
        candidate=_joined(item.candidate, mark),
        rival_title=_joined(item.rival_title, mark),
        rival=_joined(item.rival, mark),
        listed=_joined(item.listed, mark),
    )


def is_told_to_abstain(template: PromptTemplate) -> bool:
    """Whether the prompt says how to answer "cannot judge": in its list of grades, or in its own words."""
    return "abstain" in template.reply or bool(LISTS_ANSWERS & places_of(template))


def _around(
    messages: Sequence[Message], before: Iterable[str], own_line: Sequence[str], after: Iterable[str]
) -> tuple[Message, ...]:
    place = max(
        (place for place, message in enumerate(messages) if message["role"] == "user"),
        default=len(messages) - 1,
    )
    asked = messages[place]
    own = "\n".join([asked["content"], *own_line])
    content = "\n\n".join([*before, own, *after])
    return (*messages[:place], {"role": asked["role"], "content": content}, *messages[place + 1 :])


def _fill(text: str, **values: str) -> str:
    return PLACE.sub(lambda match: values.get(match[1], match[0]), text)


def _joined(text: str, mark: str) -> str:
    return SPACES.sub(mark, (text or "").replace(mark, " ").strip())
