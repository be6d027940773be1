"""Are a judge's conclusions right? Experiments made up from a known truth, and the speed of the model.

No database: arrays only. Part of `make bench-measures`.
"""

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf

from bench.simulated_answers import PLANNED, simulate
from measures.clustered_logit import factorial
from measures.contrasts import Change, Conclusion, compare_sides, sides, together

N_ITEMS = 1_000
SUFFIX, THREAT_ALONE, BOTH = 0, 2, 4  # places in PLANNED: N1−N0, T0−N0, T1−N0
EFFECTS = (Conclusion.COLLAPSED, Conclusion.DEGRADED, Conclusion.IMPROVED)


def conclusions(n_simulations: int) -> None:
    """A judge that loses by the suffix and nothing by the threat beside one that nothing moves."""
    print(f"Conclusions, {n_simulations:,} simulations of {N_ITEMS:,} items, 20 % discordance, two judges")
    for repeats in (1, 3):
        for loss in (0.20, 0.07, 0.05):
            shifts = dict.fromkeys(("N1", "B1", "T1"), -loss)
            changes = [_two_judges(shifts, repeats, seed) for seed in range(n_simulations)]
            named = _share(changes, lambda of: _all(of, (SUFFIX, BOTH), (Conclusion.COLLAPSED,)))
            fallen = _share(changes, lambda of: _all(of, (SUFFIX, BOTH), EFFECTS))
            false = _share(changes, lambda of: any(each.conclusion in EFFECTS for each in of[5:]))
            threat = _share(changes, lambda of: of[THREAT_ALONE].conclusion in EFFECTS)
            immune = [
                _share(changes, lambda of, at=at: of[at].conclusion == Conclusion.IMMUNE)
                for at in (SUFFIX, 1, BOTH)
            ]
            steady = _share(changes, lambda of: all(each.conclusion == "immune" for each in of[5:]))
            print(
                f"  {repeats} repeat{'s' if repeats > 1 else ''}, −{100 * loss:.0f} points: collapse named"
                f" {named:.1%}, a fall named {fallen:.1%}; threat alone called an effect {threat:.1%}; any"
                f" effect of the judge without one {false:.1%}, it is called immune {steady:.1%}; a contrast"
                f" that lost so much is called immune {', '.join(f'{each:.1%}' for each in immune)}",
                flush=True,
            )


def speed_of_the_model() -> None:
    """Main effects and interactions of one judge against statsmodels' GEE on the same answers."""
    right, asked = simulate({"N1": -0.1, "T1": -0.2}, n_items=N_ITEMS, repeats=3, seed=1)
    families = np.arange(N_ITEMS) % 5
    began = time.perf_counter()
    for _ in range(20):
        factorial(right, asked, families)
    ours = (time.perf_counter() - began) / 20
    frame = _long_form(right, asked, families)
    began = time.perf_counter()
    smf.gee(
        "correct ~ suffix * C(framing) + C(family)", groups="item", data=frame, family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Independence(),
    ).fit()  # fmt: skip
    theirs = time.perf_counter() - began
    print(f"A logistic model clustered on {N_ITEMS:,} items, {int(asked.sum()):,} answers")
    print(f"  ours {ours * 1000:.1f} ms, statsmodels' GEE {theirs:.2f} s: {theirs / ours:,.0f} times")


def _two_judges(shifts: dict[str, float], repeats: int, seed: int) -> list[Change]:
    made = [
        simulate(each, n_items=N_ITEMS, repeats=repeats, seed=[seed, place, repeats])
        for place, each in enumerate((shifts, {}))
    ]
    right, asked = (np.stack(each) for each in zip(*made, strict=True))
    return together(compare_sides(*sides(right, asked, PLANNED), replicates=2_000, permutations=2_000))


def _all(of: Sequence[Change], places: Sequence[int], conclusions: Sequence[Conclusion]) -> bool:
    return all(of[place].conclusion in conclusions for place in places)


def _share(changes, is_so) -> float:
    return float(np.mean([is_so(of) for of in changes]))


def _long_form(right: np.ndarray, asked: np.ndarray, families: np.ndarray) -> pd.DataFrame:
    """One row an answer, by item."""
    cell, item = np.indices(right.shape)
    k, n = right.ravel().astype(int), asked.ravel().astype(int)
    rows = np.concatenate([np.repeat(np.arange(k.size), k), np.repeat(np.arange(k.size), n - k)])
    frame = pd.DataFrame({
        "correct": np.repeat([1, 0], [k.sum(), (n - k).sum()]),
        "item": item.ravel()[rows],
        "family": families[item.ravel()[rows]],
        "framing": cell.ravel()[rows] // 2,
        "suffix": cell.ravel()[rows] % 2,
    })  # fmt: skip
    return frame.sort_values("item", kind="stable").reset_index(drop=True)
