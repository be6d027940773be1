"""A sentence never claims more than the intervals allow."""

from math import nan

from reports.words import say_agreement


def say(judges, ceiling=None, *, n_references=100, n_alike=0):
    return " ".join(say_agreement(judges, ceiling, n_references=n_references, n_alike=n_alike))


def test_without_references_nothing_is_said_of_judges(judged):
    assert say([], n_references=0) == "No item has a human grade yet, so nothing can be said about judges."


def test_without_verdicts_people_are_still_told_of(people):
    assert say([], people(0.8, 0.7, 0.9), n_references=1) == (
        "One item has a human grade; no judge has answered any of them yet."
        " Two people agree at κ 0.80 [0.70, 0.90]."
    )


def test_a_judge_below_people(judged, people):
    assert say([judged(kappa=(0.29, 0.22, 0.37))], people(0.58, 0.5, 0.66)) == (
        "gpt agrees with people at κ 0.29 [0.22, 0.37]; two people agree at κ 0.58 [0.50, 0.66]."
        " It agrees with people less than they agree with each other."
    )


def test_overlapping_intervals_leave_it_open_who_is_better(judged, people):
    said = say([judged(kappa=(0.52, 0.45, 0.6))], people(0.58, 0.5, 0.66))
    assert said.endswith(
        "These intervals overlap: whether people agree with each other more than with it is open."
    )
    assert "less than" not in said


def test_a_judge_above_people_agrees_with_the_reference_more(judged, people):
    said = say([judged(kappa=(0.8, 0.7, 0.9))], people(0.5, 0.4, 0.6))
    assert "agrees with the reference more than two people agree with each other" in said


def test_without_shared_items_the_ceiling_is_unknown(judged):
    assert "how far people agree with each other is unknown" in say([judged(kappa=(0.5, 0.4, 0.6))])


def test_an_interval_that_holds_zero_is_not_shown_to_be_better_than_chance(judged):
    assert "not shown to be better than chance" in say([judged(kappa=(0.03, -0.01, 0.07))])
    assert "chance" not in say([judged(kappa=(0.03, 0.01, 0.07))])


def test_without_an_interval_nothing_is_compared(judged, people):
    said = say([judged(kappa=(0.9, nan, nan))], people(0.2, 0.1, 0.3))
    assert said == (
        "gpt agrees with people at κ 0.90; two people agree at κ 0.20 [0.10, 0.30]."
        " From so few queries no interval can be given: take the figure as a hint."
    )


def test_people_without_an_interval_are_not_compared_either(judged, people):
    said = say([judged(kappa=(0.5, 0.4, 0.6))], people(0.9, nan, nan))
    assert said.endswith("People have graded too few items together to compare.")


def test_the_best_of_several_is_named_with_its_prompt_and_those_like_it(judged):
    judges = [
        judged("a", (0.3, 0.2, 0.4)),
        judged("b", (0.5, 0.35, 0.6), prompt="basic", condition="flattered"),
        judged("c", (0.1, 0.0, 0.2)),
    ]
    said = say(judges, n_alike=1)
    assert said.startswith(
        "Of 3 judges, b (prompt basic, under flattered) agrees best with people, at κ 0.50"
    )
    assert said.endswith(
        "One other judge cannot be told apart from it on the same items, so which judge is best is open."
    )


def test_several_that_are_not_told_apart_are_counted(judged):
    judges = [judged(name, (0.3, 0.2, 0.4)) for name in "abc"]
    assert "2 other judges cannot be told apart from it" in say(judges, n_alike=2)


def test_a_best_judge_without_rivals_in_reach_claims_no_more(judged):
    assert "open" not in say([judged("a", (0.5, 0.45, 0.55)), judged("b", (0.1, 0.0, 0.2))])


def test_a_judge_that_only_scores_is_told_by_auc(judged):
    assert say([judged("likely", auc=(0.76, 0.7, 0.8))]) == (
        "The scores of likely tell relevant items from others at AUC 0.76 [0.70, 0.80]."
    )
    assert "not shown to be better than chance" in say([judged("likely", auc=(0.52, 0.46, 0.58))])


def test_the_best_scores_are_told_beside_the_best_grades(judged):
    judges = [
        judged("a", (0.5, 0.4, 0.6)),
        judged("b", auc=(0.7, 0.6, 0.8)),
        judged("c", auc=(0.6, 0.5, 0.7)),
    ]
    said = say(judges)
    assert "a agrees with people" in said
    assert "Of 2 judges with scores, those of b tell relevant items from others best, at AUC 0.70" in said


def test_judges_without_any_measure_are_said_to_be_so(judged):
    assert say([judged()]).startswith("Judges have answered, but on too few or too uniform items")
