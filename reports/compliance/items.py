"""The answers behind a cell of a compliance experiment, one by one, with what the judge was shown."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.models import Item, Project
from judges.engines.base import Prompt as Messages
from judges.models import Verdict
from judges.services.conditions import prompts_shown
from measures.answers import Answer
from reports.compliance.reading import ANSWERABLE, BOUNDARY, read_answers
from reports.compliance.runs import JudgeCells

PAGE_SIZE = 20
ANSWERS = {
    "correct": Answer.CORRECT,
    "wrong": Answer.WRONG,
    "fabricated": Answer.FABRICATED,
    "over-abstained": Answer.OVER_ABSTAINED,
    "unreadable": Answer.UNREADABLE,
}
"""As they stand in an address."""
NAMES = {code: name for name, code in ANSWERS.items()}


class Found(NamedTuple):
    """Answers of one judge in one cell, in the order of the items' external ids, then of repeats."""

    items: NDArray[np.int64]  # (M,) keys
    repeats: NDArray[np.int64]  # (M,) positions
    codes: NDArray[np.int8]  # (M,)

    def only(self, kept: NDArray[np.bool_]) -> "Found":
        """Those that are kept (M,)."""
        return Found(*(each[kept] for each in self))

    def counts(self) -> dict[str, int]:
        """How many there are of each kind, by the name in an address."""
        return {name: int((self.codes == code).sum()) for name, code in ANSWERS.items()}


class ItemsPage(NamedTuple):
    """Some of them; `after` is the key to go on behind ("" at the end)."""

    found: Found
    after: str
    is_first: bool


class Shown(NamedTuple):
    """One answer with its texts."""

    item: Item
    verdict: Verdict
    repeat: int  # from 1
    answer: str  # a name of ANSWERS
    family: str
    reference: int | None  # people's grade, also where abstaining is right
    is_abstain: bool  # whether abstaining is right
    prompt: Messages  # as they were sent, {role, content}; empty where that is not known


def find_answers(project: Project, judged: JudgeCells, cell: str, *, within: int) -> Found:
    """Every answer of this judge in this cell that is not missing."""
    values = project.rubric.values
    answers = read_answers([judged._replace(runs={cell: judged.runs[cell]})], values=values)
    codes = answers.codes(within=within)[0, 0]
    places, repeats = np.nonzero(codes != Answer.MISSING)
    return Found(answers.truth.items[places], repeats, codes[places, repeats])


def page_of_answers(every: Found, *, answer: str, after: str, size: int = PAGE_SIZE) -> ItemsPage:
    """The next answers of one kind (any for ""), behind the key `after`; nonsense there counts as nothing.

    A key is "item.repeat". It keeps its place whatever is filtered, and whether or not it is on the list.
    """
    start = _place(every, after)
    behind = np.arange(len(every.items)) >= start
    found = every.only(behind & ((every.codes == ANSWERS[answer]) if answer else True))
    rows = found.only(np.arange(len(found.items)) < size)
    is_more = len(found.items) > size
    last = f"{rows.items[-1]}.{rows.repeats[-1]}" if is_more else ""
    return ItemsPage(rows, last, is_first=start == 0)


def show_answers(judged: JudgeCells, cell: str, found: Found) -> list[Shown]:
    """These answers with items, verdicts and prompts, in order."""
    runs = judged.runs[cell]
    ids = found.items.tolist()
    items = (
        Item.objects.filter(pk__in=ids)
        .select_related("query", "candidate", "reference", "variant__original__reference")
        .in_bulk()
    )
    verdicts = {
        (verdict.run_id, verdict.item_id): verdict
        for verdict in Verdict.objects.filter(run__in=[run.pk for run in runs], item__in=ids)
    }
    prompts = {run.pk: prompts_shown(run, ids) for run in {runs[repeat] for repeat in found.repeats.tolist()}}
    shown = []
    for pk, repeat, code in zip(ids, found.repeats.tolist(), found.codes.tolist(), strict=True):
        run = runs[repeat]
        if pk in items and (run.pk, pk) in verdicts:
            prompt = prompts[run.pk].get(pk, [])
            shown.append(_shown(items[pk], verdicts[run.pk, pk], prompt, repeat=repeat + 1, code=code))
    return shown


def _shown(item: Item, verdict: Verdict, prompt: Messages, *, repeat: int, code: int) -> Shown:
    variant = getattr(item, "variant", None)
    own = getattr(item, "reference", None)
    of_original = getattr(variant.original, "reference", None) if variant and variant.original else None
    reference = own or of_original
    return Shown(
        item,
        verdict,
        repeat,
        NAMES[Answer(code)],
        variant.attack if variant and variant.carrier == BOUNDARY else ANSWERABLE,
        reference and reference.grade,
        bool(variant and variant.right == "abstain"),
        prompt,
    )


def _place(every: Found, after: str) -> int:
    """The position behind this key; 0 where it is none."""
    item, _, repeat = after.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (item, repeat)):
        return 0
    places = np.flatnonzero((every.items == int(item)) & (every.repeats == int(repeat)))
    return int(places[0]) + 1 if places.size else 0
