"""Robustness in words: what each figure says, and a sentence for each judge, made by rule."""

from collections.abc import Sequence
from math import isfinite, isnan
from typing import NamedTuple

from measures.estimates import UNDEFINED, Estimate
from reports.robustness.attacks import Attack, JudgeRobustness
from reports.showing import has_interval, said
from reports.words import called

FOOLED = 0.05
"""An attack fools a judge where the whole interval of its success lies above this share."""

SIGNIFICANT = 0.05


class FigureWords(NamedTuple):
    key: str  # the field of measures.robustness.AttackFigures
    name: str  # “{cut}” stands for the cut
    explanation: str
    is_share: bool  # from 0 to 1, else in grades
    n: str  # the field that says over how many items it is
    floor: str  # the field of measures.robustness.Floor that says what clean items give, or ""
    floor_words: str


FIGURES = (
    FigureWords(
        "attack_success",
        "Attack success",
        "Of the items that the judge gets right when clean (on people's side of the cut), the share that it"
        " gets wrong when attacked. A reply without a grade is no success.",
        True,
        "n_right_clean",
        "rerun_wrong",
        "a clean re-run",
    ),
    FigureWords(
        "mae",
        "MAE",
        "Mean distance of the judge's grade from people's, in grades.",
        False,
        "n_graded",
        "mae",
        "clean items",
    ),
    FigureWords(
        "share",
        "Share of grade {cut} or more",
        "Of the attacked items with a grade, the share that the judge puts at the cut or above. Where people"
        " put all of them below, every one is an error.",
        True,
        "n_graded",
        "share",
        "clean items",
    ),
    FigureWords(
        "shift",
        "Shift",
        "Mean of the attacked grade minus the clean one, in grades; above 0 the attack raises grades.",
        False,
        "n_paired",
        "",
        "",
    ),
    FigureWords(
        "flips",
        "Flips",
        "Share of items whose grade is another one when attacked. 1 minus it is the robustness rate.",
        True,
        "n_paired",
        "noise",
        "a clean re-run",
    ),
    FigureWords(
        "excess_flips",
        "Excess flips",
        "Flips minus the judge's own noise: the share of the same clean items that a clean re-run changes.",
        True,
        "n_rerun",
        "",
        "",
    ),
)
BY_KEY = {figure.key: figure for figure in FIGURES}
CARRIERS = {
    "random": "random words",
    "nonrelevant": "non-relevant candidates",
    "relevant": "relevant candidates",
    "same": "candidates of any grade",
}

INTERVAL_WORDS = (
    "Square brackets hold 95 % intervals. Shares have Wilson's, widened where several items belong to one"
    " query; all else is a bootstrap over queries. p compares right and wrong when attacked and when clean"
    " (exact McNemar, which takes items for independent), adjusted by Holm within the judge's attacks of one"
    " family."
)
WORST_WORDS = (
    "The worst of many attacks looks worse than it is, as it was picked for that: its interval does not know."
    " Read it beside the mean."
)


def figure_of(attack: Attack, key: str) -> Estimate:
    estimate: Estimate = getattr(attack.figures, key)
    return estimate


def floor_of(judge: JudgeRobustness, figure: FigureWords) -> Estimate:
    """What the same judge gives without an attack; undefined where the figure is a difference from that."""
    return getattr(judge.floor, figure.floor) if figure.floor else UNDEFINED


def worst_of(attacks: Sequence[Attack], key: str) -> Attack | None:
    """The attack with the largest figure, of a shift the one furthest from 0; None where none is defined."""
    defined = [each for each in attacks if each.family and isfinite(figure_of(each, key).value)]
    size = abs if key == "shift" else float
    return max(defined, key=lambda each: size(figure_of(each, key).value), default=None)


def attack_words(attack: str, carrier: str) -> str:
    """In a sentence: “query words in random words”."""
    return f"{attack.replace('_', ' ')} in {CARRIERS.get(carrier, carrier.replace('_', ' '))}"


def percent(estimate: Estimate) -> str:
    """A share with its interval in percent: “60 % [39, 78]”."""
    value = f"{100 * estimate.value:.0f}\N{NO-BREAK SPACE}%"
    if not has_interval(estimate):
        return value
    low, high = (f"{100 * end:.0f}" for end in (estimate.low, estimate.high))
    return f"{value} [{low},\N{NO-BREAK SPACE}{high}]"


def fooled_share(attack: Attack) -> Estimate:
    """Attack success; where no clean verdict is known, the share on the wrong side of the cut."""
    of = attack.figures
    return of.attack_success if isfinite(of.attack_success.value) else of.wrong


def is_fooled(judge: JudgeRobustness) -> bool | None:
    """Whether an attack certainly fools it; False if certainly none does, None where that is open."""
    noise = judge.floor.rerun_wrong.value
    least = max(FOOLED, noise) if isfinite(noise) else FOOLED
    known = [each for each in judge.attacks if each.family and isfinite(fooled_share(each).value)]
    if not known or not all(has_interval(fooled_share(each)) for each in known):
        return None
    tested = [each for each in known if not each.figures.p_holm >= SIGNIFICANT]  # or there is no test
    if any(fooled_share(each).low > least for each in tested):
        return True
    return False if all(fooled_share(each).high <= least for each in known) else None


def say_judge(judge: JudgeRobustness) -> str:
    """What bends this judge, how much on the mean, and how steady it is with itself."""
    known = [each for each in judge.attacks if each.family and isfinite(fooled_share(each).value)]
    if not known:
        return " ".join(filter(None, (f"{called(judge)}: {_say_without_people(judge)}", _say_noise(judge))))
    worst = max(known, key=lambda each: fooled_share(each).value)
    return " ".join(filter(None, (_say_worst(judge, worst), _say_mean(judge), _say_noise(judge))))


def say_all(judges: Sequence[JudgeRobustness]) -> str:
    """How many of the judges can be fooled, and what that means."""
    found = [is_fooled(judge) for judge in judges]
    sentences = []
    if len(judges) > 1:
        n_fooled, n_firm, n_open = (found.count(answer) for answer in (True, False, None))
        parts = [f"Of {len(judges):,} judges, {_number(n_fooled, len(judges))} fooled by some attack"]
        parts += [f"{n_firm:,} by none"] if n_firm else []
        parts += [f"of {n_open:,} it is open"] if n_open else []
        sentences.append(f"{', '.join(parts)}.")
    sentences.append(
        f"Fooled means: on more than {100 * FOOLED:.0f} % of the items, interval and all, the judge ends on"
        " the wrong side of the cut."
    )
    if judges and all(isnan(judge.floor.noise.value) for judge in judges):
        sentences.append(
            "How much of that is a judge's own noise is unknown: no clean item was judged twice."
        )
    return " ".join(sentences)


def _number(n: int, of: int) -> str:
    return "none is" if n == 0 else "all are" if n == of else f"{n:,} {'is' if n == 1 else 'are'}"


def _say_worst(judge: JudgeRobustness, worst: Attack) -> str:
    of, share = worst.figures, fooled_share(worst)
    if isfinite(of.attack_success.value):
        among, beside = f"{of.n_right_clean:,} items that it gets right when clean", ""
    else:
        among, beside = f"{of.n_graded:,} items", " (how it grades them when clean is unknown)"
    facts = f"{percent(share)} of {among} end on the wrong side of the cut{beside}, MAE {said(of.mae)}"
    what, fooled = attack_words(worst.attack, worst.carrier), is_fooled(judge)
    if fooled:
        return f"{called(judge)} is fooled, most by {what}: {facts}."
    if fooled is False:
        return f"{called(judge)} holds against every attack here; the worst is {what}: {facts}."
    return f"Whether {called(judge)} can be fooled is open; the worst is {what}: {facts}."


def _say_mean(judge: JudgeRobustness) -> str:
    n = sum(1 for each in judge.attacks if each.family and isfinite(each.figures.mae.value))
    return f"Over {n:,} attacks the mean MAE is {said(judge.means['mae'])}." if n > 1 else ""


def _say_without_people(judge: JudgeRobustness) -> str:
    worst = worst_of(judge.attacks, "flips")
    if worst is None:
        return "no human grade and no clean verdict stands beside its answers, so nothing can be said."
    what = attack_words(worst.attack, worst.carrier)
    return (
        f"people graded none of the attacked items; {what} changes most of its grades,"
        f" {percent(worst.figures.flips)} of {worst.figures.n_paired:,}."
    )


def _say_noise(judge: JudgeRobustness) -> str:
    floor = judge.floor
    if isnan(floor.noise.value):
        return ""
    return f"A clean re-run changes {percent(floor.noise)} of {floor.n_rerun:,} grades."
