"""Written replies, read strictly."""

import pytest

from judges.engines.base import ItemFault
from judges.prompting import make_template, shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, Scale, ScoringProblem
from judges.scoring.reading import read_grade, reply_schema
from tests.judges.scripted_engine import ScriptedEngine
from tests.judges.small_model import small_engine

SCALE = Scale(((0, "no", ""), (1, "little", ""), (2, "much", ""), (3, "all", "")), 2, True)
STRICT = SCALE._replace(may_abstain=False)
BEHIND, JSON = {"after": "Grade:"}, {"format": "json"}
PROMPT = shipped_prompts()["grade-reasons"]
IN_JSON = make_template(
    {"name": "json", "messages": [{"role": "user", "content": "{{query}} {{candidate}}"}], "reply": JSON}
)


def read(text: str, reply=BEHIND, scale=SCALE) -> tuple:
    found = read_grade(text, reply=reply, scale=scale, abstain="X")
    return found.outcome, found.grade


@pytest.mark.parametrize(
    "text",
    [
        "It answers in part.\nGrade: 2",
        "**Grade:** 2",
        "grade = 2.0, as I said. Grade: 2",
        "Grade:\n\n2.",
        "<think>Grade: 3? No, Grade: 0.</think>Grade: 2",
        "Grade: 3 it would be </think>\nGrade: (2)",
        "Upgrade: 3 is another word.\nGrade: 2",
    ],
)
def test_a_grade_behind_its_words_is_read_however_it_is_marked_up(text):
    assert read(text) == ("graded", 2)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", "unreadable"),
        ("I would say two.", "unreadable"),
        ("The grades are 0 to 3.", "unreadable"),
        ("Grade: two", "unreadable"),
        ("Grade: 2 … no, Grade: 3", "unreadable"),
        ("Grade: 20%", "unreadable"),
        ("Grade: 2nd", "unreadable"),
        ("<think>Grade: 2", "unreadable"),
        ("Grade: 7", "out_of_range"),
        ("Grade: 2.5", "out_of_range"),
        ("Grade: X", "abstained"),
    ],
)
def test_what_states_no_single_grade_of_the_scale_has_none_and_is_never_a_zero(text, outcome):
    assert read(text) == (outcome, None)


@pytest.mark.parametrize(
    "text",
    [
        '{"reasons": "in part", "grade": 2}',
        'Sure:\n```json\n{"grade": "2", "reasons": "a {brace} in it"}\n```\nI hope that helps.',
        '{not json} {"grade": 2.0}',
        '<think>{"grade": 0}</think>{"grade": 2}',
        '{"grade": 2} and again {"grade": 2}',
    ],
)
def test_a_grade_in_json_is_read_among_other_text_and_in_fences(text):
    assert read(text, JSON) == ("graded", 2)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('{"score": 2}', "unreadable"),
        ('{"grade": 2} {"grade": 3}', "unreadable"),
        ('{"grade": null}', "unreadable"),
        ('{"grade": true}', "unreadable"),
        ('{"grade": [2]}', "unreadable"),
        ('{"grade": 2', "unreadable"),
        ("2", "unreadable"),
        ('{"grade": 4}', "out_of_range"),
        ('{"grade": "X"}', "abstained"),
    ],
)
def test_json_without_one_grade_of_the_scale_has_none(text, outcome):
    assert read(text, JSON) == (outcome, None)


def test_cannot_judge_is_read_only_where_the_scale_allows_it():
    assert read("Grade: X", scale=STRICT) == ("unreadable", None)
    schema = reply_schema(JSON, scale=SCALE, abstain="X")
    assert schema["properties"]["grade"] == {"enum": [0, 1, 2, 3, "X"]}
    assert reply_schema(JSON, scale=STRICT, abstain="X")["properties"]["grade"] == {"enum": [0, 1, 2, 3]}
    assert reply_schema(BEHIND, scale=SCALE, abstain="X") is None


def item(candidate: str, number: int = 1) -> JudgedItem:
    return JudgedItem(number, "why is the sky blue", "", "", candidate)


def score(items, engine, prompt=PROMPT, **options):
    return SCORINGS["reason"].score(items, engine=engine, prompt=prompt, scale=SCALE, options=options)


def test_the_reply_is_kept_and_one_bad_item_fails_nobody_else():
    engine = ScriptedEngine(
        replies={
            "light": "It explains it.\nGrade: 3",
            "bread": "It is about bread. I am not sure …",
            "away": ItemFault("refused", "the server would not"),
        }
    )
    answers = score([item("light"), item("bread"), item(" "), item("away")], engine)
    assert [answer.outcome for answer in answers] == ["graded", "unreadable", "empty", "refused"]
    assert (answers[0].grade, answers[0].score) == (3, None)
    assert answers[0].raw.startswith("It explains it.")
    assert "cut at its longest" in answers[1].reason
    assert len(engine.asked) == 3
    assert engine.asked[0][1:] == (512, None)


def test_a_reply_in_json_is_asked_for_by_its_schema():
    engine = ScriptedEngine(replies={"light": '{"reasons": "", "grade": 1}'})
    (answer,) = score([item("light")], engine, prompt=IN_JSON, max_tokens=64)
    assert answer.grade == 1
    assert engine.asked[0][1] == 64
    assert engine.asked[0][2]["required"] == ["reasons", "grade"]


@pytest.mark.parametrize(
    ("reply", "options", "words"),
    [
        ({}, {}, "either “format: json”, or “after”"),
        ({"format": "json", "after": "Grade:"}, {}, "either"),
        ({"format": "xml"}, {}, "either"),
        ({"after": " : "}, {}, "either"),
        ({"after": "Grade:", "abstain": "3"}, {}, "is a grade"),
        ({"after": "Grade:"}, {"max_tokens": 0}, "max_tokens"),
        ({"after": "Grade:"}, {"temperature": 1}, "unknown option"),
    ],
)
def test_a_judge_put_together_wrongly_is_said_before_anything_is_asked(reply, options, words):
    messages = [{"role": "user", "content": "{{candidate}}"}]
    prompt = make_template({"name": "p", "messages": messages, "reply": reply})
    with pytest.raises(ScoringProblem, match=words):
        score([item("light")], ScriptedEngine(), prompt=prompt, **options)


def test_the_real_model_writes_and_is_read_or_called_unreadable():
    items = [item("Rayleigh scattering sends short, blue waves of light to all sides."), item("Bake it.", 2)]
    answers = score(items, small_engine(), max_tokens=48)
    assert {answer.outcome for answer in answers} <= {"graded", "abstained", "unreadable", "out_of_range"}
    assert all(answer.raw.strip() and answer.tokens_out > 0 for answer in answers)
    assert all((answer.grade is not None) == (answer.outcome == "graded") for answer in answers)
