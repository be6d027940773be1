"""Defences: a judge under a condition beside the same judge without, on the same attacked and clean items."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from measures.defences import PairedShares, paired_shares
from reports.robustness.variants import NO_CONTROL, Variants
from reports.robustness.verdicts import Told
from reports.scope import Scope


class Defence(NamedTuple):
    """What a condition takes from the attacks, and what it costs on clean items."""

    name: str  # of the judge
    judge_id: int
    prompt: str | None
    condition_id: int
    condition_name: str
    gain: PairedShares  # attack success, over all attacks
    gains: list[tuple[str, str, PairedShares]]  # carrier, attack, attack success
    price: PairedShares  # share of clean items on people's side of the cut


def measure_defences(
    called: Sequence[str], told: Sequence[Told], variants: Variants, *, scope: Scope
) -> list[Defence]:
    """Every condition beside its judge's plain one, in order.

    Attack success is over the items that the judge gets right when clean both ways; the price over the clean
    items with a human grade and a verdict both ways, where no grade is no agreement.
    """
    plain = {each.judged.judge.pk: each for each in told if each.judged.condition is None}
    found = []
    for name, each in zip(called, told, strict=True):
        judged, condition = each.judged, each.judged.condition
        beside = plain.get(judged.judge.pk)
        if condition is None or beside is None:
            continue
        gain, gains = _gains(beside, each, variants, scope)
        found.append(
            Defence(
                name,
                judged.judge.pk,
                judged.prompt_name,
                condition.pk,
                judged.condition_name or "",
                gain,
                gains,
                _price(beside, each, variants, scope),
            )
        )
    return found


def _gains(
    plain: Told, defended: Told, variants: Variants, scope: Scope
) -> tuple[PairedShares, list[tuple[str, str, PairedShares]]]:
    is_attack = ~np.array([kind.is_clean for kind in variants.kinds], dtype=bool)[variants.of_kind]
    both = is_attack & ~np.isnan(variants.people)
    for each in (plain, defended):
        both &= each.answered & _right(variants.people_clean, each.clean, scope.cut)
    fooled = [_wrong(variants.people, each.grades, scope.cut) for each in (plain, defended)]

    def shares(which: NDArray[np.bool_]) -> PairedShares:
        return paired_shares(variants.queries[which], *(each[which] for each in fooled), seed=scope.seed)

    gains = []
    for carrier, attack in sorted({kind[:2] for kind in variants.kinds if not kind.is_clean}):
        of = np.array([kind[:2] == (carrier, attack) for kind in variants.kinds])[variants.of_kind]
        if (both & of).any():
            gains.append((carrier, attack, shares(both & of)))
    return shares(both), gains


def _price(plain: Told, defended: Told, variants: Variants, scope: Scope) -> PairedShares:
    known = ~np.isnan(variants.people_clean) & (variants.controls != NO_CONTROL)
    known &= plain.clean_answered & defended.clean_answered
    _, first = np.unique(variants.controls[known], return_index=True)
    rows = np.flatnonzero(known)[first]
    right = [_right(variants.people_clean, each.clean, scope.cut)[rows] for each in (plain, defended)]
    return paired_shares(variants.queries[rows], *right, seed=scope.seed)


def _right(people: NDArray[np.float64], judged: NDArray[np.float64], cut: int) -> NDArray[np.bool_]:
    return ~np.isnan(people) & ~np.isnan(judged) & ((judged >= cut) == (people >= cut))


def _wrong(people: NDArray[np.float64], judged: NDArray[np.float64], cut: int) -> NDArray[np.bool_]:
    return ~np.isnan(people) & ~np.isnan(judged) & ((judged >= cut) != (people >= cut))
