import math

import pytest

from judges.engines.base import Engine, ItemFault
from judges.engines.local import LocalEngine
from judges.engines.openai import OpenAIEngine
from judges.engines.vllm import VllmEngine
from judges.prompting import make_template, shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, Scale, ScoringProblem
from tests.judges.scripted_engine import ScriptedEngine, engine_shape
from tests.judges.small_model import small_engine
from tests.judges.test_prompting import scale_for

SCALE = Scale(((0, "no", ""), (1, "slightly", ""), (2, "mostly", ""), (3, "fully", "answers it")), 2, False)
ABSTAINING = SCALE._replace(may_abstain=True)
YES_NO = shipped_prompts()["yes-no-relevance"]
GRADE = shipped_prompts()["grade-basic"]


def item(candidate: str, number: int = 1) -> JudgedItem:
    return JudgedItem(number, "why does the sky look as it does", "", "", candidate)


def judge(scoring, items, engine, *, prompt, scale=SCALE, **options):
    return SCORINGS[scoring].score(items, engine=engine, prompt=prompt, scale=scale, options=options)


def test_every_engine_real_or_scripted_has_the_same_calls():
    expected = engine_shape(Engine)
    assert set(expected) >= {"label_logprobs", "continuation_logprobs", "generate", "probe", "close"}
    assert all(
        engine_shape(kind) == expected for kind in (LocalEngine, OpenAIEngine, VllmEngine, ScriptedEngine)
    )


def test_yes_no_scores_by_the_log_odds_and_takes_its_pair_of_grades():
    """p(Yes) = 0.6 and p(No) = 0.2 of the vocabulary: log-odds ln 3, score 3/4, label mass 0.8."""
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.6, "No": 0.2}, "red": {"Yes": 0.1, "No": 0.3}})
    yes, no = judge("yes_no", [item("blue"), item("red")], engine, prompt=YES_NO)
    assert (yes.outcome, yes.grade, yes.raw) == ("graded", 2, "Yes")
    assert yes.log_odds == pytest.approx(math.log(3))
    assert yes.score == pytest.approx(0.75)
    assert yes.label_mass == pytest.approx(0.8)
    assert yes.probs == pytest.approx({"Yes": 0.75, "No": 0.25})
    assert (yes.tokens_in, yes.tokens_out, yes.tokens_cached, yes.latency_ms) == (100, 1, 64, 7)
    assert (no.grade, no.score) == (0, pytest.approx(0.25))


def test_yes_no_at_exactly_one_half_is_a_yes():
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.3, "No": 0.3}})
    [answer] = judge("yes_no", [item("blue")], engine, prompt=YES_NO)
    assert (answer.score, answer.grade) == (0.5, 2)


def test_yes_no_can_state_another_pair_and_falls_back_to_the_lowest_grade_where_there_is_no_zero():
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.6, "No": 0.2}, "red": {"Yes": 0.1, "No": 0.3}})
    answers = judge("yes_no", [item("blue"), item("red")], engine, prompt=YES_NO, pair=[3, 1])
    assert [answer.grade for answer in answers] == [3, 1]
    from_one = Scale(((1, "bad", ""), (2, "middling", ""), (3, "good", "")), 3, False)
    answers = judge("yes_no", [item("blue"), item("red")], engine, prompt=YES_NO, scale=from_one)
    assert [answer.grade for answer in answers] == [3, 1]


def test_a_grade_is_the_likeliest_and_the_score_its_expectation():
    """p = 0.1, 0.1, 0.2, 0.4 of the vocabulary, 0.8 together: 0·⅛ + 1·⅛ + 2·¼ + 3·½ = 2.125."""
    engine = ScriptedEngine(labels={"blue": {"0": 0.1, "1": 0.1, "2": 0.2, "3": 0.4}})
    [answer] = judge("grade", [item("blue")], engine, prompt=GRADE)
    assert (answer.outcome, answer.grade, answer.raw) == ("graded", 3, "3")
    assert answer.score == pytest.approx(2.125)
    assert answer.probs == pytest.approx({"0": 0.125, "1": 0.125, "2": 0.25, "3": 0.5})
    assert list(answer.probs) == ["0", "1", "2", "3"], "in the order of the labels"
    assert answer.label_mass == pytest.approx(0.8)
    assert answer.log_odds is None


def test_between_equal_grades_the_lower_one_is_taken():
    engine = ScriptedEngine(labels={"blue": {"0": 0.1, "1": 0.3, "2": 0.3, "3": 0.1}})
    [answer] = judge("grade", [item("blue")], engine, prompt=GRADE)
    assert answer.grade == 1


def test_cannot_judge_is_an_abstention_and_takes_no_part_in_the_score():
    engine = ScriptedEngine(
        labels={
            "blue": {"0": 0.1, "1": 0.1, "2": 0.1, "3": 0.1, "X": 0.4},
            "red": {"0": 0.1, "1": 0.1, "2": 0.1, "3": 0.5, "X": 0.2},
        }
    )
    abstained, graded = judge("grade", [item("blue"), item("red")], engine, prompt=GRADE, scale=ABSTAINING)
    assert (abstained.outcome, abstained.grade, abstained.score) == ("abstained", None, None)
    assert abstained.probs["X"] == pytest.approx(0.5)
    assert graded.grade == 3
    assert graded.score == pytest.approx((0.1 + 0.2 + 1.5) / 0.8)


def test_the_letter_is_asked_for_only_where_the_scale_allows_it():
    scoring = SCORINGS["grade"]
    assert scoring.labels(GRADE, SCALE) == ("0", "1", "2", "3")
    assert scoring.labels(GRADE, ABSTAINING) == ("0", "1", "2", "3", "X")


@pytest.mark.parametrize(("scoring", "prompt"), [("yes_no", YES_NO), ("grade", GRADE)])
def test_labels_under_the_floor_are_unreadable_and_no_grade(scoring, prompt):
    few = dict.fromkeys(["Yes", "No", "0", "1", "2", "3"], 0.004)
    engine = ScriptedEngine(labels={"blue": few})
    [answer] = judge(scoring, [item("blue")], engine, prompt=prompt)
    assert (answer.outcome, answer.grade, answer.score) == ("unreadable", None, None)
    assert "floor 0.02" in answer.reason
    assert answer.label_mass < 0.02
    [read] = judge(scoring, [item("blue")], engine, prompt=prompt, mass_floor=0.001)
    assert read.outcome == "graded"


def test_a_bound_is_said_and_never_wins():
    """No is a bound of 0.3: it counts in the score as one, but nothing says that it was the likeliest."""
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.2, "No": 0.2}}, bounded=["No"])
    [answer] = judge("yes_no", [item("blue")], engine, prompt=YES_NO)
    assert answer.label_mass == pytest.approx(0.2)
    assert "bound: No" in answer.reason
    graded = ScriptedEngine(
        labels={"blue": {"0": 0.2, "1": 0.3, "2": 0.2, "3": 0.2}}, bounded=["0", "2", "3"]
    )
    [answer] = judge("grade", [item("blue")], graded, prompt=GRADE)
    assert answer.grade == 1


def test_labels_that_are_all_bounds_are_unreadable_whatever_the_floor():
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.2, "No": 0.2}}, bounded=["Yes", "No"])
    [answer] = judge("yes_no", [item("blue")], engine, prompt=YES_NO, mass_floor=0)
    assert answer.outcome == "unreadable"
    assert answer.raw == ""


@pytest.mark.parametrize(("scoring", "prompt"), [("yes_no", YES_NO), ("grade", GRADE)])
def test_one_bad_item_fails_nobody_else_and_blank_ones_are_not_asked(scoring, prompt):
    good = dict.fromkeys(["Yes", "No", "0", "1", "2", "3"], 0.15)
    engine = ScriptedEngine(
        labels={
            "refuse": ItemFault("refused", "the content filter stopped it"),
            "break": ItemFault("error", "HTTP 400"),
            "blue": good,
        }
    )
    items = [item("blue"), item("  "), item("refuse"), item("break"), item("blue too"), item(None)]
    items.append(items[0]._replace(query=""))
    answers = judge(scoring, items, engine, prompt=prompt)
    outcomes = [answer.outcome for answer in answers]
    assert outcomes == ["graded", "empty", "refused", "error", "graded", "empty", "empty"]
    assert len(engine.asked) == 4
    assert all(answer.reason for answer in answers if answer.outcome != "graded")


def test_nothing_at_all_asks_nothing_at_all():
    engine = ScriptedEngine()
    for name, scoring in SCORINGS.items():
        prompt = next(prompt for prompt in shipped_prompts().values() if prompt.scoring == name)
        scale = scale_for(name)
        assert scoring.score([], engine=engine, prompt=prompt, scale=scale, options={}) == []
    assert engine.asked == []


def test_a_candidate_too_long_for_the_model_is_cut_at_its_end_and_the_answer_says_so():
    labels = dict.fromkeys(["Yes", "No"], 0.3)
    long = " ".join(f"word{n}" for n in range(400))
    engine = ScriptedEngine(labels={"word0": labels}, context_tokens=100)
    [answer] = judge("yes_no", [item(long)], engine, prompt=YES_NO)
    [asked] = engine.asked
    assert engine.count_tokens(asked) in (98, 99), "one token is kept for the reply"
    assert " […]\n</passage>" in asked[-1]["content"]
    assert answer.outcome == "graded"
    assert f"of {len(long)} characters" in answer.reason


def test_an_item_that_never_fits_is_an_error_of_its_own():
    labels = dict.fromkeys(["Yes", "No"], 0.3)
    engine = ScriptedEngine(labels={"short": labels}, context_tokens=100)
    endless = item("short")._replace(query="why " * 300)
    answers = judge("yes_no", [endless, item("short")], engine, prompt=YES_NO)
    assert [answer.outcome for answer in answers] == ["error", "graded"]


@pytest.mark.parametrize(
    ("scoring", "prompt", "options", "words"),
    [
        ("yes_no", YES_NO, {"pair": [7, 0]}, "0, 1, 2, 3"),
        ("yes_no", YES_NO, {"pair": [2]}, "pair"),
        ("yes_no", YES_NO, {"floor": 0.5}, "floor"),
        ("grade", GRADE, {"mass_floor": 1.5}, "mass_floor"),
        ("grade", GRADE, {"pair": [2, 0]}, "pair"),
        ("likelihood", GRADE, {}, "baseline and text"),
        ("likelihood", shipped_prompts()["likelihood"], {"unit": "words"}, "per_token"),
    ],
)
def test_a_judge_put_together_wrongly_is_said_before_anything_is_asked(scoring, prompt, options, words):
    with pytest.raises(ScoringProblem, match=words):
        SCORINGS[scoring].check(prompt=prompt, scale=SCALE, options=options)


def test_an_abstain_letter_that_is_a_grade_is_refused():
    prompt = make_template({"name": "n", "messages": list(GRADE.messages), "reply": {"abstain": "3"}})
    with pytest.raises(ScoringProblem, match="same"):
        SCORINGS["grade"].check(prompt=prompt, scale=ABSTAINING, options={})


@pytest.mark.model
def test_the_real_model_gives_every_item_a_grade_with_its_probabilities():
    items = [
        item("Air scatters blue light more than red light, so the sky looks blue.", 1),
        item("", 2),
        item("Bake the bread for forty minutes.", 3),
    ]
    for name, prompt in (("grade", GRADE), ("yes_no", YES_NO)):
        answers = judge(name, items, small_engine(), prompt=prompt)
        assert [answer.outcome for answer in answers] == ["graded", "empty", "graded"]
        for answer in (answers[0], answers[2]):
            assert answer.grade in SCALE.values
            assert sum(answer.probs.values()) == pytest.approx(1)
            assert 0.02 < answer.label_mass < 1
            assert answer.tokens_in > 50


def test_an_item_too_long_is_refused_where_the_judge_says_so():
    engine = ScriptedEngine(labels={"sky": {"Yes": 0.6, "No": 0.3}}, context_tokens=300)
    long = item("light " * 2000)
    cut, refused = (
        SCORINGS["yes_no"].score(
            [long], engine=engine, prompt=YES_NO, scale=SCALE, options={"too_long": too_long}
        )[0]
        for too_long in ("cut", "refuse")
    )
    assert (cut.outcome, "candidate cut to its first" in cut.reason) == ("graded", True)
    assert (refused.outcome, refused.reason) == ("error", "longer than the 300 tokens that the model takes")
    assert len(engine.asked) == 1
    with pytest.raises(ScoringProblem, match="cut or refuse"):
        SCORINGS["yes_no"].check(prompt=YES_NO, scale=SCALE, options={"too_long": "guess"})
