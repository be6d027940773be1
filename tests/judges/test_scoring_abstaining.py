"""Every scoring that grades can say that an item cannot be judged; blank texts of variants are asked."""

import json
import math

import pytest

from judges.conditions.content import content_for
from judges.conditions.shown import shown_under
from judges.conditions.wording import shipped_wordings
from judges.prompting import shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, ScoringProblem
from tests.judges.scripted_engine import ScriptedEngine
from tests.judges.test_prompting import SCALE, scale_for

N0 = content_for("N0", shipped_wordings())
ITEM = JudgedItem(
    1, "why is the sky blue", "", "", "the blue text", rival="the red text", reference="r", context="c"
)
BLANK = ITEM._replace(candidate=" ", rival="")


def answer(name: str, engine: ScriptedEngine, *, item: JudgedItem = ITEM, content=N0, **options):
    prompt, scale = shown_under(content, shipped_prompts()[name], scale_for(shipped_prompts()[name].scoring))
    scoring = SCORINGS[prompt.scoring]
    [found] = scoring.score([item], engine=engine, prompt=prompt, scale=scale, options=options)
    return found


def test_yes_no_abstains_where_cannot_judge_is_the_likeliest_label():
    """p(Yes) = 0.2, p(No) = 0.1, p(X) = 0.5: an abstention, whose log-odds are still ln 2."""
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.2, "No": 0.1, "X": 0.5}})
    found = answer("yes-no-relevance", engine)
    assert (found.outcome, found.grade, found.score, found.raw) == ("abstained", None, None, "X")
    assert found.log_odds == pytest.approx(math.log(2))
    assert found.label_mass == pytest.approx(0.8)
    assert found.probs == pytest.approx({"Yes": 0.25, "No": 0.125, "X": 0.625})


def test_yes_no_takes_no_notice_of_cannot_judge_in_its_score():
    """p(Yes) = 0.3, p(No) = 0.1, p(X) = 0.2: σ(ln 3) = 3/4, as if X had not been asked for."""
    engine = ScriptedEngine(labels={"blue": {"Yes": 0.3, "No": 0.1, "X": 0.2}})
    found = answer("yes-no-relevance", engine)
    assert (found.outcome, found.grade, found.raw) == ("graded", 2, "Yes")
    assert found.score == pytest.approx(0.75)


def test_a_bound_of_cannot_judge_is_no_abstention():
    labels = {"blue": {"Yes": 0.3, "No": 0.1, "X": 0.4}}
    assert answer("yes-no-relevance", ScriptedEngine(labels=labels, bounded=["X"])).outcome == "graded"
    assert answer("yes-no-relevance", ScriptedEngine(labels=labels)).outcome == "abstained"


def test_without_a_condition_shipped_yes_no_prompts_ask_for_two_labels_as_before():
    for scale in (SCALE, SCALE._replace(may_abstain=True)):
        assert SCORINGS["yes_no"].labels(shipped_prompts()["yes-no-relevance"], scale) == ("Yes", "No")
    hashes = {name: prompt.content_hash[:8] for name, prompt in shipped_prompts().items()}
    assert hashes == {
        "answer-equivalence": "ba366ba9",
        "bridge-relevance": "9aa36543",
        "grade-basic": "a4838645",
        "grade-reasons": "fbf0cdf0",
        "grade-utility": "482c8eb2",
        "instruction-relevance": "41a21ed3",
        "likelihood": "fa5b6d7b",
        "listwise-order": "2e333836",
        "preference": "1c87d68c",
        "response-quality": "3e6d2d8e",
        "yes-no-relevance": "59e189d8",
    }


@pytest.mark.parametrize(
    ("name", "label", "complaint"),
    [("yes-no-relevance", "No", "“No” is yes or no"), ("preference", "B", "“B” is a candidate")],
)
def test_a_label_cannot_mean_two_things(name, label, complaint):
    prompt = shipped_prompts()[name]
    prompt = prompt._replace(reply={**prompt.reply, "abstain": label})
    scale = scale_for(prompt.scoring)._replace(may_abstain=True)
    with pytest.raises(ScoringProblem, match=complaint):
        SCORINGS[prompt.scoring].check(prompt=prompt, scale=scale, options={})
    SCORINGS[prompt.scoring].check(prompt=prompt, scale=scale._replace(may_abstain=False), options={})


def both_orders(ahead: dict, behind: dict, **scripted):
    return answer(
        "preference",
        ScriptedEngine(labels={"<text-a>\nthe blue": ahead, "<text-a>\nthe red": behind}, **scripted),
    )


def test_a_pair_is_abstained_on_where_cannot_judge_has_the_largest_mean_over_both_orders():
    """In front 0.3, 0.2, 0.5; behind 0.3, 0.3, 0.4. Means: first 0.3, rival 0.25, cannot judge 0.45."""
    found = both_orders({"A": 0.3, "B": 0.2, "X": 0.5}, {"A": 0.3, "B": 0.3, "X": 0.4})
    assert (found.outcome, found.grade, found.score, found.raw) == ("abstained", None, None, "X")
    assert found.label_mass == pytest.approx(1)


def test_a_pair_is_graded_where_one_order_alone_cannot_judge_and_the_mean_does_not():
    """In front 0.2, 0.1, 0.7; behind 0.05, 0.9, 0.05. Means: first 0.55, rival 0.075, cannot judge 0.375."""
    found = both_orders({"A": 0.2, "B": 0.1, "X": 0.7}, {"A": 0.05, "B": 0.9, "X": 0.05})
    assert (found.outcome, found.grade) == ("graded", 2)
    assert found.score == pytest.approx((0.2 / 0.3 + 0.9 / 0.95) / 2)
    assert list(found.probs) == ["first, in front", "first, behind"]


def test_a_bound_of_cannot_judge_is_no_abstention_on_a_pair():
    lots = {"A": 0.2, "B": 0.2, "X": 0.6}
    assert both_orders(lots, lots).outcome == "abstained"
    assert both_orders(lots, lots, bounded=["X"]).outcome == "graded"


def test_one_grade_reasons_and_criteria_abstain_in_the_prompts_letter():
    grades = ScriptedEngine(labels={"blue": {"0": 0.1, "1": 0.1, "2": 0.1, "X": 0.6}})
    assert answer("grade-basic", grades).outcome == "abstained"
    reasons = ScriptedEngine(replies={"blue": "There is nothing to go by.\nGrade: X"})
    assert answer("grade-reasons", reasons).outcome == "abstained"
    criteria = ScriptedEngine(replies={"blue": "Nothing to go by.\nUse: X\nStyle: X"})
    assert answer("response-quality", criteria).outcome == "abstained"


def test_a_reply_held_to_a_schema_may_abstain_under_the_condition_and_not_without():
    prompt = shipped_prompts()["grade-reasons"]
    prompt = prompt._replace(reply={"format": "json", "abstain": "X"})
    engine = ScriptedEngine(replies={"blue": json.dumps({"reasons": "none", "grade": "X"})})
    for code, outcome, offered in (("N0", "abstained", True), ("N1-schema", "unreadable", False)):
        template, scale = shown_under(content_for(code, shipped_wordings()), prompt, SCALE)
        [found] = SCORINGS["reason"].score([ITEM], engine=engine, prompt=template, scale=scale, options={})
        assert found.outcome == outcome
        schema = engine.asked[-1][2]
        assert ("X" in schema["properties"]["grade"]["enum"]) is offered


SPOKEN = {"Yes": 0.2, "No": 0.1, "0": 0.2, "1": 0.1, "2": 0.1, "A": 0.1, "B": 0.1, "X": 0.4}


@pytest.mark.parametrize(
    "name", [name for name, each in shipped_prompts().items() if each.scoring != "listwise"]
)
def test_a_variants_blank_texts_reach_the_judge_and_other_blank_texts_do_not(name):
    engine = ScriptedEngine(labels={"": SPOKEN}, replies={"": "Grade: 1\nUse: 1\nStyle: 1"}, texts={"": -3.0})
    assert answer(name, engine, item=BLANK, content=None).outcome == "empty"
    assert engine.asked == []
    found = answer(name, engine, item=BLANK._replace(may_be_blank=True), content=None)
    assert found.outcome in ("graded", "scored")
    assert engine.asked


@pytest.mark.parametrize("name", ["yes-no-relevance", "grade-basic", "grade-reasons", "preference"])
def test_a_variants_blank_query_reaches_the_judge(name):
    engine = ScriptedEngine(labels={"": SPOKEN}, replies={"": "Grade: X"})
    no_query = ITEM._replace(query="")
    assert answer(name, engine, item=no_query).outcome == "empty"
    assert answer(name, engine, item=no_query._replace(may_be_blank=True)).outcome == "abstained"


def test_a_blank_query_has_no_likelihood_and_a_blank_reference_is_no_part_of_an_attack():
    engine = ScriptedEngine(labels={"": SPOKEN}, texts={"": -3.0})
    no_query = ITEM._replace(query=" ", may_be_blank=True)
    assert answer("likelihood", engine, item=no_query, content=None).outcome == "empty"
    without = ITEM._replace(reference="", may_be_blank=True)
    found = answer("answer-equivalence", engine, item=without)
    assert (found.outcome, found.reason) == ("empty", "the reference answer has no text")


def test_a_list_may_hold_a_blank_candidate_of_a_variant():
    engine = ScriptedEngine(replies={"": "[2] > [1]"})
    items = [ITEM._replace(query_id=1), BLANK._replace(item_id=2, query_id=1, may_be_blank=True)]
    first, second = SCORINGS["listwise"].score(
        items, engine=engine, prompt=shipped_prompts()["listwise-order"], scale=SCALE, options={}
    )
    assert (first.score, second.score) == (0.0, 1.0)
