import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from bench.simulated_answers import CELLS, simulate
from measures.clustered_logit import TERMS, factorial

SHIFTS = {"N1": -0.1, "B1": -0.15, "T0": 0.05, "T1": -0.2}


def of_families(n_items: int, n_families: int = 3) -> np.ndarray:
    return np.arange(n_items) % n_families


def long_form(right, asked, families) -> pd.DataFrame:
    """One row an answer, as statsmodels takes it."""
    cell, item = np.indices(right.shape)
    k, n = right.ravel().astype(int), asked.ravel().astype(int)
    answers = np.concatenate([np.repeat(np.arange(k.size), k), np.repeat(np.arange(k.size), n - k)])
    frame = pd.DataFrame({
        "correct": np.repeat([1, 0], [k.sum(), (n - k).sum()]),
        "item": item.ravel()[answers],
        "family": families[item.ravel()[answers]],
        "framing": np.array(list("NBT"))[cell.ravel()[answers] // 2],
        "suffix": cell.ravel()[answers] % 2,
    })  # fmt: skip
    return frame.sort_values("item").reset_index(drop=True)


@pytest.mark.parametrize("repeats", [1, 3])
def test_effects_and_errors_are_those_of_statsmodels_gee(repeats):
    """Centred factors make its coefficients the main effects: means over the levels of the other factor."""
    right, asked = simulate(SHIFTS, n_items=150, repeats=repeats, seed=4)
    asked[1, :20] -= 1
    right[1, :20] = np.minimum(right[1, :20], asked[1, :20])
    families = of_families(150)
    frame = long_form(right, asked, families)
    frame["s"] = frame.suffix - 0.5
    for level in "BT":
        frame[level] = (frame.framing == level) - 1 / 3
    theirs = smf.gee(
        "correct ~ s * (B + T) + C(family)", groups="item", data=frame, family=sm.families.Binomial(),
        cov_struct=sm.cov_struct.Independence(),
    ).fit()  # fmt: skip
    ours = factorial(right, asked, families)
    assert [effect.term for effect in ours.effects] == list(TERMS)
    for effect, name in zip(ours.effects, ("s", "B", "T", "s:B", "s:T"), strict=True):
        assert effect.log_odds.value == pytest.approx(theirs.params[name], abs=1e-6)
        assert effect.z == pytest.approx(theirs.tvalues[name], abs=1e-4)
        assert effect.p == pytest.approx(theirs.pvalues[name], abs=1e-6)
        assert (effect.log_odds.low, effect.log_odds.high) == pytest.approx(
            tuple(theirs.conf_int().loc[name]), abs=1e-5
        )
    joint = theirs.wald_test("s:B = 0, s:T = 0", scalar=True)
    assert ours.p_interaction == pytest.approx(float(joint.pvalue), abs=1e-6)


def test_points_are_marginal_differences_of_chances():
    """Without a covariate the model is saturated: the difference is that of the cells' own shares."""
    right, asked = simulate(SHIFTS, n_items=800, seed=1)
    found = factorial(right, asked, np.zeros(800, dtype=int))
    share = right.mean(axis=1)
    suffix = (share[1::2] - share[::2]).mean()
    threat = ((share[4] - share[0]) + (share[5] - share[1])) / 2
    both = (share[5] - share[4]) - (share[1] - share[0])
    points = {effect.term: effect.points for effect in found.effects}
    assert points["suffix"].value == pytest.approx(suffix)
    assert points["threat"].value == pytest.approx(threat)
    assert points["suffix × threat"].value == pytest.approx(both)


def test_their_intervals_are_those_of_resampled_items():
    right, asked = simulate(SHIFTS, n_items=400, repeats=2, seed=2)
    families = of_families(400)
    (suffix, *_, interaction) = factorial(right, asked, families).effects
    generator, drawn = np.random.default_rng(0), []
    for _ in range(400):
        rows = generator.integers(0, 400, 400)
        again = factorial(right[:, rows], asked[:, rows], families[rows]).effects
        drawn.append([again[0].points.value, again[-1].points.value])
    for effect, spread in zip((suffix, interaction), np.std(drawn, axis=0), strict=True):
        assert (effect.points.high - effect.points.low) / 2 == pytest.approx(1.96 * spread, rel=0.15)


def test_a_family_without_any_right_answer_says_nothing_of_log_odds_and_is_no_change_in_points():
    """Half of the items are never answered rightly: the same log-odds, half the points."""
    right, asked = simulate(SHIFTS, n_items=300, seed=3)
    alone = factorial(right, asked, np.zeros(300, dtype=int))
    both = factorial(
        np.hstack([right, np.zeros_like(right)]), np.hstack([asked, asked]), np.repeat([0, 1], 300)
    )
    assert (both.n_items, both.n_left_out, alone.n_left_out) == (600, 300, 0)
    for mine, other in zip(alone.effects, both.effects, strict=True):
        assert other.log_odds == pytest.approx(mine.log_odds)
        assert other.points == pytest.approx(tuple(each / 2 for each in mine.points))


def test_separation_ends_with_a_reason_and_no_figure():
    right, asked = simulate({}, n_items=60, seed=5)
    right[0] = asked[0]
    found = factorial(right, asked, np.zeros(60, dtype=int))
    assert "one condition" in found.reason
    assert np.isnan([effect.p for effect in found.effects]).all()
    never = factorial(right * 0, asked, of_families(60))
    assert "Every family" in never.reason


def test_families_and_conditions_that_part_right_from_wrong_end_with_a_reason():
    """Family 1 is right under N0 alone, family 0 wrong under N1 alone, all else is mixed or the same."""
    right, asked = np.zeros((6, 40)), np.ones((6, 40))
    right[0] = 1
    right[2:, :20] = 1
    found = factorial(right, asked, np.repeat([0, 1], 20))
    assert found.reason
    assert np.isnan(found.effects[0].p)


def test_a_framing_without_answers_is_left_out():
    right, asked = simulate(SHIFTS, n_items=200, seed=6)
    asked[2], right[2] = 0, 0
    found = factorial(right, asked, of_families(200))
    assert [effect.term for effect in found.effects] == ["suffix", "threat", "suffix × threat"]
    asked[0], right[0] = 0, 0
    assert "neutral" in factorial(right, asked, of_families(200)).reason


def test_no_effect_is_called_one_one_time_in_twenty():
    """Of 400 judges that no condition moves, about 5 % have p < 0.05 for the suffix."""
    found = [
        factorial(*simulate({}, n_items=120, repeats=2, seed=seed), of_families(120)).effects[0].p < 0.05
        for seed in range(400)
    ]
    assert 0.025 < np.mean(found) < 0.08
    assert len(CELLS) == 6
