"""The content of a condition as JSON: texts around the judge's prompt, and three switches.

    {"parts": [{"name": …, "version": …, "kind": …, "place": "before" or "after", "text": …}, …],
     "may_abstain": true, false or null (as the judge's scale says),
     "neutralises": true or false (whether delimiters in the item's texts are made harmless),
     "mark": "" or one character that joins the words of the candidate}

Parts stand in the order of the list: those before the judge's user message in front of it, those after it at
its end. A condition that came with imported verdicts has no content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import transaction

from corpus.models import Project
from judges.conditions.wording import WHERE, Wordings, wordings_for
from judges.models import Condition

MARK = "ˆ"  # what Hines et al. (2024) mark with: seldom in texts, and one token or two
KEYS = frozenset({"parts", "may_abstain", "neutralises", "mark"})
PART_KEYS = frozenset({"name", "version", "kind", "place", "text"})


class ConditionProblem(ValueError):
    """A condition is not usable as written, or not for this judge; one sentence says why."""


class Recipe(NamedTuple):
    """What a condition of Concord's own is made of: its name in words, wordings by name, and the switches."""

    name: str
    wordings: tuple[str, ...] = ()
    may_abstain: bool | None = None
    neutralises: bool = True
    mark: str = ""


def _cell(name: str, *wordings: str, may_abstain: bool = True) -> Recipe:
    return Recipe(name, wordings, may_abstain)


CELLS: dict[str, Recipe] = {
    "N0": _cell("neutral"),
    "N1": _cell("suffix", "compliance-suffix"),
    "B0": _cell("distraction", "framing-distraction"),
    "B1": _cell("distraction + suffix", "framing-distraction", "compliance-suffix"),
    "T0": _cell("threat", "framing-threat"),
    "T1": _cell("threat + suffix", "framing-threat", "compliance-suffix"),
    **{f"G{rung}": _cell(f"ladder {rung}", f"ladder-{rung}") for rung in range(1, 6)},
    "N1+hatch": _cell("suffix + escape hatch", "compliance-suffix", "escape-hatch"),
    "T1+hatch": _cell(
        "threat + suffix + escape hatch", "framing-threat", "compliance-suffix", "escape-hatch"
    ),
    "N1+guard": _cell("suffix + guard", "guard", "compliance-suffix"),
    "T1+guard": _cell("threat + suffix + guard", "framing-threat", "guard", "compliance-suffix"),
    "N1-schema": _cell("suffix, no abstain answer", "compliance-suffix", may_abstain=False),
    "T1-schema": _cell(
        "threat + suffix, no abstain answer", "framing-threat", "compliance-suffix", may_abstain=False
    ),
}
"""The cells, rungs and arms of a compliance experiment by their codes."""

DEFENCES: dict[str, Recipe] = {
    "neutral-delimiters-off": Recipe("delimiters not neutralised", neutralises=False),
    "sandwich": Recipe("sandwich", ("sandwich",)),
    "spotlight": Recipe("spotlight", ("spotlight",), mark=MARK),
    "abstain": Recipe("abstain when attacked", ("abstain-when-attacked",), may_abstain=True),
}
"""The defences of a robustness battery. The plain prompt neutralises delimiters in texts already; what that
is worth shows under the condition without it."""

RECIPES: dict[str, Recipe] = {**CELLS, **DEFENCES}


def content_for(code: str, wordings: Wordings) -> dict[str, Any]:
    """The content of a cell, rung, arm or defence in these wordings. Raises ConditionProblem."""
    if code not in RECIPES:
        raise ConditionProblem(f"there is no condition “{code}”; there are {', '.join(RECIPES)}")
    recipe = RECIPES[code]
    parts = []
    for name in recipe.wordings:
        wording = wordings[name]
        parts.append({key: getattr(wording, key) for key in ("name", "version", "kind", "place", "text")})
    return {
        "parts": parts,
        "may_abstain": recipe.may_abstain,
        "neutralises": recipe.neutralises,
        "mark": recipe.mark,
    }


def check_content(content: Mapping[str, Any]) -> None:
    """Raise ConditionProblem where the JSON is no content of a condition."""
    if not isinstance(content, Mapping) or set(content) != KEYS:
        raise ConditionProblem(f"a condition's content has exactly the fields {', '.join(sorted(KEYS))}")
    if not isinstance(content["may_abstain"], bool | None) or not isinstance(content["neutralises"], bool):
        raise ConditionProblem("may_abstain is true, false or null, and neutralises is true or false")
    if not isinstance(content["mark"], str) or len(content["mark"]) > 1 or content["mark"].isspace():
        raise ConditionProblem("the mark is one character that is no space, or nothing")
    for part in content["parts"] if isinstance(content["parts"], list) else [content["parts"]]:
        if not isinstance(part, Mapping) or set(part) != PART_KEYS or part["place"] not in WHERE:
            raise ConditionProblem(
                f"a condition's part has the fields {', '.join(sorted(PART_KEYS))}; it stands before or after"
            )


def hash_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the content as JSON with sorted keys, no spaces, in UTF-8."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def condition_for(project: Project, code: str, *, wordings: Wordings | None = None) -> Condition:
    """The project's condition for a cell, rung, arm or defence; made, or made anew as its next version.

    The same content is the same row; `wordings` are the project's own where none are given. Raises
    ConditionProblem.
    """
    content = content_for(code, wordings_for(project) if wordings is None else wordings)
    content_hash, name = hash_of(content), RECIPES[code].name
    # One at a time per project: two equal requests make one condition, two different ones two versions.
    Project.objects.select_for_update().get(pk=project.pk)
    versions = list(project.conditions.filter(name=name).order_by("version"))
    for condition in versions:
        if condition.content_hash == content_hash and condition.cell == code:
            return condition
    return Condition.objects.create(
        project=project,
        name=name,
        version=versions[-1].version + 1 if versions else 1,
        cell=code,
        content=content,
        content_hash=content_hash,
    )
