"""The items behind one cell of the attacks: texts, clean and attacked, and what the judge said of them."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.models import Candidate, Item, Project
from judges.models import Verdict
from reports.robustness.variants import NO_CONTROL, Kind, Variants, read_variants
from reports.robustness.verdicts import Told, attack_runs, read_told
from reports.runs import JudgeRuns, names
from reports.scope import Scope

MOST_WORDS = 2_500  # compared word by word; longer texts are shown as they are
MOST_SHOWN = 6_000  # characters of a text
SHOWN = {"all": "All", "wrong": "On the wrong side when attacked", "changed": "Another grade than when clean"}


class Piece(NamedTuple):
    text: str
    kind: str  # "same", "new" (only in the attacked text) or "gone" (only in the clean one)


class AttackedItem(NamedTuple):
    """One attacked item, with its clean control where there is one."""

    item: Item
    kind: Kind
    control: Item | None
    people: int | None
    people_clean: int | None
    verdict: Verdict
    clean_verdict: Verdict | None
    pieces: list[Piece]  # the attacked text, with what is new and gone marked
    is_cut: bool  # the text is longer than what is shown

    @property
    def replies(self) -> list[tuple[str, str]]:
        """The judge's words, attacked and clean, where there are any."""
        both = (("The judge's reply", self.verdict), ("Its reply when clean", self.clean_verdict))
        return [(name, verdict.raw) for name, verdict in both if verdict and verdict.raw]


class Cell(NamedTuple):
    """The items of one judge under one attack."""

    name: str  # of the judge
    prompt: str | None
    condition_name: str | None
    judged: JudgeRuns
    variants: Variants  # of the cell
    told: Told
    kept: NDArray[np.bool_]  # which of them are asked for

    @property
    def items(self) -> NDArray[np.int64]:
        """Keys of the items asked for, ascending."""
        return self.variants.items[self.kept]


def find_cell(
    project: Project,
    *,
    judge: str,
    carrier: str,
    attack: str,
    words: int | None,
    scope: Scope,
    experiment: str | None = None,
    show: str = "all",
) -> Cell | None:
    """The cell of the judge with this key; without words of all doses. None where there is no verdict.

    Raises ExperimentUnknown.
    """
    runs = attack_runs(project, experiment=experiment)
    place = next((place for place, each in enumerate(runs) if key_of(each) == judge), None)
    if place is None:
        return None
    every = read_variants(project)
    told = next(read_told(project, [runs[place]], every, values=scope.values), None)
    if told is None:
        return None
    fits = [(each.carrier, each.attack) == (carrier, attack) for each in every.kinds]
    fits = [fit and words in (None, each.words) for fit, each in zip(fits, every.kinds, strict=True)]
    inside = np.array(fits, dtype=bool)[every.of_kind] & told.answered
    if not inside.any():
        return None
    variants, told = every.only(inside), told.only(inside)
    kept = np.ones(len(variants.items), dtype=bool)
    if show == "wrong":
        kept = ~np.isnan(variants.people) & ~np.isnan(told.grades)
        kept &= (told.grades >= scope.cut) != (variants.people >= scope.cut)
    elif show == "changed":
        kept = ~np.isnan(told.grades) & ~np.isnan(told.clean) & (told.grades != told.clean)
    judged = runs[place]
    return Cell(names(runs)[place], judged.prompt_name, judged.condition_name, judged, variants, told, kept)


def key_of(judged: JudgeRuns) -> str:
    """As it stands in an address: the judge, and its condition where it has one."""
    return f"{judged.judge.pk}.{judged.condition.pk}" if judged.condition else str(judged.judge.pk)


def show_items(cell: Cell, items: Sequence[int]) -> list[AttackedItem]:
    """These items of the cell, with texts and newest verdicts, in order."""
    places = np.searchsorted(cell.variants.items, np.asarray(items, dtype=np.int64)).tolist()
    controls = [int(cell.variants.controls[place]) for place in places]
    wanted = [*items, *(control for control in controls if control != NO_CONTROL)]
    found = Item.objects.filter(pk__in=wanted).select_related("query", "candidate").in_bulk()
    answers = Verdict.objects.filter(run__in=cell.judged.ids, item__in=wanted).order_by("run_id")
    newest = {verdict.item_id: verdict for verdict in answers}
    return [
        _shown(cell, place, found[item], found.get(control), newest[item], newest.get(control))
        for item, control, place in zip(items, controls, places, strict=True)
        if item in found and item in newest
    ]


def compare_texts(clean: str, attacked: str) -> list[Piece]:
    """The attacked text in pieces, word by word beside the clean one."""
    before, after = _words(clean), _words(attacked)
    if not clean or max(len(before), len(after)) > MOST_WORDS:
        return [Piece(attacked, "same")]
    bare = [[word.strip() for word in words] for words in (before, after)]
    pieces: list[Piece] = []
    for change, a, b, c, d in SequenceMatcher(None, *bare, autojunk=False).get_opcodes():
        if change == "equal":
            pieces.append(Piece("".join(after[c:d]), "same"))
            continue
        if a < b:
            pieces.append(Piece("".join(before[a:b]), "gone"))
        if c < d:
            pieces.append(Piece("".join(after[c:d]), "new"))
    return pieces


def _words(text: str) -> list[str]:
    """Words with the blanks behind them."""
    return re.findall(r"\S+\s*", text)


def _shown(
    cell: Cell,
    place: int,
    item: Item,
    control: Item | None,
    verdict: Verdict,
    clean_verdict: Verdict | None,
) -> AttackedItem:
    attacked = _text(item.candidate)[:MOST_SHOWN]
    clean = _text(control.candidate)[:MOST_SHOWN] if control else ""
    return AttackedItem(
        item,
        cell.variants.kinds[int(cell.variants.of_kind[place])],
        control,
        _grade(cell.variants.people[place]),
        _grade(cell.variants.people_clean[place]),
        verdict,
        clean_verdict,
        compare_texts(clean, attacked),
        len(_text(item.candidate)) > MOST_SHOWN,
    )


def _text(candidate: Candidate) -> str:
    return "\n".join(part for part in (candidate.title, candidate.text) if part)


def _grade(value: float) -> int | None:
    return None if np.isnan(value) else int(value)
