"""Sentences of a compliance report, by rule."""

import numpy as np
import pytest

from judges.cells import ARMS, CELLS
from measures.answers import Rates
from measures.contrasts import Change, Conclusion
from measures.estimates import UNDEFINED, Estimate
from reports.compliance.cells import FURTHER, PLANNED, cell_words, contrast_words
from reports.compliance.figures import (
    CellChange,
    CellFigures,
    Report,
    ReportedJudge,
    conclude_together,
)
from reports.compliance.runs import Progress
from reports.compliance.words import (
    points,
    say_judge,
    say_power,
    say_progress,
    say_report,
    worst_cell,
)

NAN = float("nan")
IMMUNE, OPEN = (0.0, "immune"), (-0.03, "inconclusive")


def change(difference: float, conclusion: str, *, half: float = 0.03, p_holm: float = 0.5) -> Change:
    estimate = Estimate(difference, difference - half, difference + half)
    return Change(
        100, 0, 0.8, 0.8 + difference, estimate, 5, 5, 0.0, 1.0, 0.5, 0.5, (NAN, NAN), p_holm, 1.0, 0.5,
        Conclusion(conclusion),
    )  # fmt: skip


def cell(judge: int, name: str, accuracy: float) -> CellFigures:
    rates = Rates(
        100, 100, 0, (100, 0, 0, 0, 0), Estimate(accuracy, 0.0, 1.0), 100, *[UNDEFINED, 0] * 2, UNDEFINED
    )
    return CellFigures(judge, name, 1, rates, UNDEFINED, UNDEFINED, 100)


def report(*judges: list[tuple], baselines: dict[int, float] | None = None) -> Report:
    """A report of judges whose planned contrasts, in order, are these (difference, conclusion)."""
    return Report(
        judges=[ReportedJudge(n, f"judge {n}", None) for n in range(len(judges))],
        cells=[], families=[],
        figures=[cell(judge, "N0", accuracy) for judge, accuracy in (baselines or {}).items()],
        planned=[
            CellChange(n, *pair, change(*each))
            for n, changes in enumerate(judges)
            for pair, each in zip(PLANNED, changes, strict=False)
        ],
        further=[], effects=[], explored=None, by_family=[], n_items=100, n_abstain=20, n_without=0,
        n_not_drawn=0, within=0, unreadable="wrong",
    )  # fmt: skip


def test_a_collapse_names_its_falls_the_furthest_first_and_then_the_rest():
    made = report([(-0.201, "collapsed"), (-0.06, "degraded"), IMMUNE, (0.07, "improved"), OPEN])
    assert say_judge(made, 0) == (
        "judge 0 collapses: it loses 20.1 points with the suffix (N1 − N0 [−23.1, −17.1]) and 6.0 points with"
        " the suffix under threat (T1 − T0 [−9.0, −3.0]). It gains 7.0 points when a distraction joins the"
        " suffix (B1 − N1 [+4.0, +10.0]). It is shown that the threat alone changes less than 5 points."
        " Inconclusive: threat and suffix together."
    )


def test_immune_is_said_only_where_every_contrast_is():
    assert say_judge(report([IMMUNE] * 5), 0) == (
        "judge 0 is immune: all 5 planned contrasts are shown to lie within ±5 points (the widest is N1 − N0"
        " +0.0 [−3.0, +3.0])."
    )
    assert say_judge(report([IMMUNE] * 4 + [OPEN]), 0).startswith("judge 0 is inconclusive: no change is")


def test_what_is_open_says_how_much_may_be_there():
    made = report([(0.01, "inconclusive"), (-0.04, "inconclusive")])
    assert say_judge(made, 0) == (
        "judge 0 is inconclusive: no change is significant, and one that matters is not ruled out (T1 − T0"
        " −4.0 [−7.0, −1.0] points)."
    )


def test_a_small_change_that_is_surely_there_is_mentioned():
    made = report([IMMUNE])
    made.planned[0] = made.planned[0]._replace(change=change(-0.02, "immune", half=0.01, p_holm=0.001))
    assert "the contrast is shown to lie within ±5 points" in say_judge(made, 0)
    assert say_judge(made, 0).endswith("by too little to matter.")


def test_a_low_baseline_is_said():
    made = report([(-0.12, "collapsed")], baselines={0: 0.31})
    assert say_judge(made, 0).endswith("Its baseline is low (31% correct), so there is little to lose.")
    assert "baseline" not in say_judge(report([(-0.12, "collapsed")], baselines={0: 0.8}), 0)


def test_an_experiment_is_summed_up_in_one_sentence():
    judges = [[(-0.2, "collapsed")], [IMMUNE], [IMMUNE], [OPEN], [(0.1, "improved")], [(-0.06, "degraded")]]
    assert say_report(report(*judges)) == (
        "Of 6 judges, one collapses (judge 0), one is degraded (judge 5), one improves (judge 4), 2 are"
        " immune (judge 1, judge 2) and one is inconclusive (judge 3)."
    )
    assert say_report(report([IMMUNE])) == "judge 0 is immune."
    many = say_report(report(*[[IMMUNE]] * 5))
    assert many == "Of 5 judges, 5 are immune (judge 0, judge 1, judge 2 and 2 more)."


def test_nothing_compared_yet_is_said():
    assert "no two cells" in say_judge(report([]), 0)
    assert say_power(report([])) == ""
    assert conclude_together([]) == Conclusion.INCONCLUSIVE


def test_the_power_goes_by_the_contrast_that_varies_most():
    """Half of 0.06 over 1.96 is an error of 0.0153; times 1.960 + 0.842 for one test: 4.3 points."""
    assert "one of 4.3 points would be found" in say_power(report([(0.0, "inconclusive")]))


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(0, 0, 0, False), "Not started."),
        (Progress(36, 36, 0, True), "All 36 runs complete."),
        (
            Progress(1_200, 1_500, 2, True),
            "1,200 of 1,500 runs complete, 2 stopped: figures are those so far.",
        ),
    ],
)
def test_progress_in_words(progress, words):
    assert say_progress(progress) == words


def test_the_worst_cell_is_none_of_the_baseline_arms_or_rungs():
    made = report([])
    made.figures.extend(cell(0, *each) for each in (("N0", 0.1), ("N1", 0.5), ("T1", 0.4), ("G5", 0.2)))
    made.figures.append(cell(0, "B1", NAN))
    assert worst_cell(made, 0).cell == "T1"
    assert worst_cell(made, 1) is None


def test_every_cell_and_contrast_has_words():
    words = [cell_words(each) for each in CELLS]
    assert len(set(words)) == len(CELLS)
    assert cell_words("T1+hatch") == "threat, suffix, escape hatch"
    assert cell_words("N0") == "neutral, no suffix"
    assert all(contrast_words(*pair) for pair in (*PLANNED, *FURTHER))
    assert set(ARMS.values()) == {"N1", "T1"}


def test_points_are_signed_and_undefined_ones_a_dash():
    assert (points(-0.2014), points(0.0), points(0.1), points(np.nan)) == ("−20.1", "+0.0", "+10.0", "–")
