"""An attack or a boundary case shown on a real item: its texts before and after, word for word."""

import difflib
import re
from typing import NamedTuple

from corpus.models import Project, Reference
from judges.conditions.attacks import attack_text, attack_title, control_text, truth_on
from judges.conditions.boundary import boundary_texts
from judges.items import judged_items
from judges.scoring.base import JudgedItem

LONGEST_COMPARED = 1500  # words and gaps; a longer text is shown without its differences
BOUNDARY = "boundary:"  # before the name of a boundary case
PIECES = re.compile(r"\s+|\S+")
TRUTHS = {
    "kept": "The human grade still holds.",
    "lowest": "Nothing is left to be graded: the lowest grade is right.",
    "open": "A person might say a little less: only the shift is looked at.",
}
RIGHTS = {
    "abstain": "It is right to say that it cannot be judged.",
    "grade": "The human grade is right, not the draft.",
}
Differences = list[tuple[str, str]]  # (sign, text): "+" new, "-" gone, " " in both


class Effect(NamedTuple):
    """What became of an item, and what a judge has to do with it."""

    item: JudgedItem
    query: Differences
    title: Differences
    candidate: Differences
    right: str
    control: str | None = None  # the matched clean candidate where that is not the item's own


def effect_of(
    project: Project, item_id: int, *, change: str, carrier: str = "same", dose: int = 0, seed: int = 0
) -> Effect:
    """The item under an attack, or as a boundary case ("boundary:cut").

    Raises AttackProblem and BoundaryProblem.
    """
    [item] = judged_items([item_id])
    name = change.removeprefix(BOUNDARY)
    if change.startswith(BOUNDARY):
        grade = Reference.objects.filter(item=item_id).values_list("grade", flat=True).first()
        made = boundary_texts(name, item, grade=grade, values=project.rubric.values, seed=seed)
        texts, right, control = (made.query, made.title, made.candidate), RIGHTS[made.right], None
    else:
        text = attack_text(name, item, dose=dose, seed=seed, carrier=carrier)
        texts = (item.query, attack_title(name, item, carrier=carrier), text)
        control = control_text(name, item, dose=dose, seed=seed, carrier=carrier)
        right = TRUTHS[truth_on(name, carrier)]
    before = (item.query, item.title, item.candidate if control is None else control)
    query, title, candidate = (compare(old, new) for old, new in zip(before, texts, strict=True))
    return Effect(item, query, title, candidate, right, control)


def compare(old: str, new: str) -> Differences:
    """The words of both texts in order, those that are gone before those that came in their place."""
    ours, theirs = PIECES.findall(old), PIECES.findall(new)
    if len(ours) > LONGEST_COMPARED or len(theirs) > LONGEST_COMPARED:
        return [(" ", new)]
    found: Differences = []
    for kind, a, b, c, d in difflib.SequenceMatcher(a=ours, b=theirs, autojunk=False).get_opcodes():
        if kind == "equal":
            found.append((" ", "".join(ours[a:b])))
            continue
        pieces = (("-", "".join(ours[a:b])), ("+", "".join(theirs[c:d])))
        found += [(sign, text) for sign, text in pieces if text]
    return found
