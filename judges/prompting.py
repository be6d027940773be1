"""Prompts with named places: read from a file or a row, checked, hashed, and filled with an item's texts.

A prompt is data: places are names in double braces, filled once and in one pass; there is no code in it, and
a place inside an item's text stays text. A line whose places are all empty (a title nobody gave) is left
out. Item texts are neutralised: what could pass for the prompt's own delimiters or for a chat
template's control tokens is written with look-alike characters, each for one (see `neutralise`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from judges.engines.base import Message, Prompt

if TYPE_CHECKING:
    from judges.scoring.base import JudgedItem, Scale

FOLDER = Path(__file__).parent / "prompts"
ITEM_PLACES = (
    "query", "need", "title", "candidate", "rival_title", "rival", "reference", "context", "listed",
)  # fmt: skip
PLACES = (*ITEM_PLACES, "grades", "criteria")
FIELDS = ("name", "source", "scoring", "messages", "reply", "note")
ROLES = ("system", "user", "assistant")
ABSTAIN_LABEL = "X"

PLACE = re.compile(r"\{\{[ \t]*(.*?)[ \t]*\}\}")
CONTROL_TOKENS = re.compile(
    r"<[|｜][^<>|｜\s]{1,40}[|｜]>"  # <|im_start|>, <|eot_id|>, <｜User｜>
    r"|</?(?:s|bos|eos|pad|unk|think|start_of_turn|end_of_turn)>|<</?SYS>>|\[/?INST\]",
    re.IGNORECASE,
)
LOOK_ALIKES = str.maketrans("<>[]|｜", "‹›［］¦¦")
FENCES = {"```": "ˋˋˋ", '"""': "＂＂＂", "'''": "＇＇＇"}


class PromptProblem(ValueError):
    """A prompt is not usable as written; one sentence says what and where."""


class PromptTemplate(NamedTuple):
    """A prompt before it is filled. Its hash covers what the model sees and how its reply is read."""

    name: str
    source: str  # where the wording comes from
    messages: tuple[Message, ...]
    reply: Mapping[str, Any]  # how the reply is read: labels, or a text and its baseline
    content_hash: str  # SHA-256, 64 hexadecimal digits
    scoring: str = ""  # the scoring it was written for
    note: str = ""
    neutralises: bool = True  # whether delimiters in item texts are made harmless; a condition may say no


def make_template(fields: Mapping[str, Any]) -> PromptTemplate:
    """A checked template from a file's or a row's fields; PromptProblem says what is wrong with them."""
    if unknown := set(fields) - set(FIELDS):
        raise PromptProblem(
            f"a prompt has no field {', '.join(sorted(unknown))}; its fields are {', '.join(FIELDS)}"
        )
    name = str(fields.get("name") or "").strip()
    if not name:
        raise PromptProblem("the prompt has no name")
    reply = fields.get("reply") or {}
    if not isinstance(reply, Mapping):
        raise PromptProblem(f"prompt “{name}”: reply is a mapping of names to values")
    if any(not isinstance(key, str) for key in reply):
        raise PromptProblem(f"prompt “{name}”: in YAML the names yes and no in reply need quotes")
    messages = _read_messages(fields.get("messages"), where=f"prompt “{name}”")
    if "text" in reply:
        _check_places(str(reply["text"]), PLACES, where=f"prompt “{name}”, reply text")
    if "baseline" in reply:
        where = f"prompt “{name}”, baseline"
        baseline = _read_messages(
            reply["baseline"], where=where, places=("query", "need", "context", "grades")
        )
        reply = {**reply, "baseline": list(baseline)}
    scoring = str(fields.get("scoring") or "")
    return PromptTemplate(
        name=name,
        source=str(fields.get("source") or "").strip(),
        messages=messages,
        reply=reply,
        content_hash=hash_content(messages, reply, scoring),
        scoring=scoring,
        note=str(fields.get("note") or "").strip(),
    )


def hash_content(messages: Iterable[Message], reply: Mapping[str, Any], scoring: str) -> str:
    """SHA-256 of messages, reply and scoring as JSON with sorted keys, no spaces, in UTF-8.

    Name, source and note are left out: renaming a prompt changes nothing a model could see.
    """
    content = {"messages": list(messages), "reply": reply, "scoring": scoring}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def load_prompt_file(path: Path) -> PromptTemplate:
    """The prompt in one YAML file; PromptProblem names the file and what is wrong in it."""
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise PromptProblem(f"{path.name} cannot be read as YAML: {problem}") from problem
    if not isinstance(fields, dict):
        raise PromptProblem(f"{path.name} is not a mapping of fields")
    try:
        return make_template(fields)
    except PromptProblem as problem:
        raise PromptProblem(f"{path.name}: {problem}") from problem


@lru_cache(maxsize=1)
def shipped_prompts() -> dict[str, PromptTemplate]:
    """The prompts that come with Concord, by name."""
    templates = [load_prompt_file(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return {template.name: template for template in templates}


def render(template: PromptTemplate, item: JudgedItem, scale: Scale) -> Prompt:
    """The messages with their places filled from the item and the scale."""
    return _fill_messages(template.messages, template, item, scale)


def render_baseline(template: PromptTemplate, item: JudgedItem, scale: Scale) -> Prompt:
    """The messages of `reply.baseline`: the same question without the candidate."""
    return _fill_messages(template.reply["baseline"], template, item, scale)


def render_reply(template: PromptTemplate, item: JudgedItem, scale: Scale) -> str:
    """The text of `reply.text`, filled: what the model is supposed to have replied."""
    return _fill(str(template.reply["text"]), _values(template, item, scale))


def places_of(template: PromptTemplate) -> frozenset[str]:
    """The places that the messages have."""
    return frozenset(name for message in template.messages for name in PLACE.findall(message["content"]))


def abstain_label(template: PromptTemplate) -> str:
    """What the model answers where it cannot judge: `reply.abstain`, "X" where the prompt names nothing."""
    return str(template.reply.get("abstain", ABSTAIN_LABEL))


def neutralise(text: str, template: PromptTemplate) -> str:
    """`text` with everything that could pass for the prompt's delimiters or control tokens made harmless.

    Characters are exchanged one for one with look-alikes (< ‹, > ›, [ ［, ] ］, | ¦, and quotes of a fence),
    only within: tags of a name that the template uses as a tag; the fences ```, \"\"\" and ''' where the
    template uses them; control tokens of common chat templates. All other text stays as it is. A template
    that does not neutralise leaves everything.
    """
    if not template.neutralises:
        return text
    text = CONTROL_TOKENS.sub(lambda match: match[0].translate(LOOK_ALIKES), text)
    tags, fences = _delimiters(tuple(message["content"] for message in template.messages))
    if tags:
        text = tags.sub(lambda match: match[0].translate(LOOK_ALIKES), text)
    for fence in fences:
        text = text.replace(fence, FENCES[fence])
    return text


@lru_cache(maxsize=256)
def _delimiters(contents: tuple[str, ...]) -> tuple[re.Pattern[str] | None, tuple[str, ...]]:
    whole = "\n".join(contents)
    names = sorted(set(re.findall(r"</?([A-Za-z][\w-]*)", whole)))
    # Spaces within and a missing ">" still look like the tag to a model.
    tags = re.compile(rf"<\s*/?\s*(?:{'|'.join(names)})\b[^<>]*>?", re.IGNORECASE) if names else None
    return tags, tuple(fence for fence in FENCES if fence in whole)


def _values(template: PromptTemplate, item: JudgedItem, scale: Scale) -> dict[str, str]:
    texts = {name: neutralise(getattr(item, name) or "", template).strip() for name in ITEM_PLACES}
    return {
        **texts,
        "grades": _describe_grades(template, scale),
        "criteria": _describe_criteria(template, scale),
    }


def _describe_grades(template: PromptTemplate, scale: Scale) -> str:
    lines = [
        f"{value} = {name}: {meaning}" if meaning else f"{value} = {name}"
        for value, name, meaning in scale.grades
    ]
    if scale.may_abstain:
        lines.append(f"{abstain_label(template)} = it cannot be judged")
    return "\n".join(lines)


def _describe_criteria(template: PromptTemplate, scale: Scale) -> str:
    lines = []
    for criterion in scale.criteria:
        lines.append(f"{criterion.name}: {criterion.meaning}" if criterion.meaning else criterion.name)
        lines += [
            f"  {value} = {name}: {meaning}" if meaning else f"  {value} = {name}"
            for value, name, meaning in criterion.grades
        ]
    if lines and scale.may_abstain:
        lines.append(f"{abstain_label(template)} = it cannot be judged")
    return "\n".join(lines)


def _fill_messages(
    messages: Iterable[Message], template: PromptTemplate, item: JudgedItem, scale: Scale
) -> Prompt:
    values = _values(template, item, scale)
    return [{"role": message["role"], "content": _fill(message["content"], values)} for message in messages]


def _fill(content: str, values: Mapping[str, str]) -> str:
    lines = []
    for line in content.splitlines():
        names = PLACE.findall(line)
        if not names or any(values[name] for name in names):
            lines.append(PLACE.sub(lambda match: values[match[1]], line))
    return "\n".join(lines)


def _read_messages(raw: Any, *, where: str, places: tuple[str, ...] = PLACES) -> tuple[Message, ...]:
    if not isinstance(raw, list | tuple) or not raw:
        raise PromptProblem(f"{where} has no messages")
    messages: list[Message] = []
    for number, message in enumerate(raw, start=1):
        if not isinstance(message, Mapping) or set(message) != {"role", "content"}:
            raise PromptProblem(
                f"{where}, message {number}: a message has a role and a content, nothing else"
            )
        if message["role"] not in ROLES:
            raise PromptProblem(f"{where}, message {number}: the role is one of {', '.join(ROLES)}")
        content = str(message["content"]).strip()
        if not content:
            raise PromptProblem(f"{where}, message {number} is empty")
        _check_places(content, places, where=f"{where}, message {number}")
        messages.append({"role": message["role"], "content": content})
    return tuple(messages)


def _check_places(content: str, places: tuple[str, ...], *, where: str) -> None:
    for name in PLACE.findall(content):
        if name not in places:
            raise PromptProblem(f"{where}: unknown place {{{{{name}}}}}; the places are {', '.join(places)}")
    left_over = PLACE.sub("", content)
    if "{{" in left_over or "}}" in left_over:
        raise PromptProblem(f"{where}: a place is not closed on its line; write it as {{{{query}}}}")
