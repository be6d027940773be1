"""Files for labelling tools: what is in each, and that the tools would take it."""

import json
from xml.etree import ElementTree as xml

import pytest

from corpus.models import Rubric
from exchange.tools.names import argilla_user
from judges.models import Judge
from tests.exchange.schemas import hold_to
from tests.exchange.tool_exports import NASTY, from_lines, graded, rows_of, written
from tests.exchange.tool_files import COVER, ROOTS, SALT, SOIL

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["graded"]


def test_label_studio_gets_every_item_with_annotations_and_predictions(graded):
    text, _ = written(graded, "labelstudio")
    tasks = json.loads(text)

    hold_to("labelstudio-tasks", tasks)
    assert [task["data"]["candidate_id"] for task in tasks] == ["c1", "c2", "-c4", "c3"]
    first = tasks[0]
    assert first["data"] == {
        "query_id": "q1",
        "query": SOIL,
        "need": "for farms",
        "candidate_id": "c1",
        "title": "On soil",
        "candidate": COVER,
        "metadata": {"url": "https://farm.example"},
    }
    said = [
        {result["from_name"]: result["value"] for result in annotation["result"]}
        for annotation in first["annotations"]
    ]
    assert said == [
        {"grade": {"choices": ["3 Perfectly relevant"]}, "rater": {"text": ["Ann"]}},
        {
            "grade": {"choices": ["2 Highly relevant"]},
            "rationale": {"text": [NASTY]},
            "rater": {"text": ["Ben"]},
        },
    ]
    assert [
        (each["model_version"], each["score"], each["result"][0]["value"]["choices"])
        for each in first["predictions"]
    ] == [("gpt-4o · umbrela", 1.75, ["2 Highly relevant"]), ("tiny", 0.25, ["0 Irrelevant"])]
    # an unreadable verdict predicts nothing; "cannot judge" is a choice like others
    assert tasks[1]["predictions"] == []
    assert tasks[1]["annotations"][0]["result"][0]["value"] == {"choices": ["Cannot judge"]}
    assert tasks[2]["annotations"] == []
    assert "completed_by" not in text  # Label Studio refuses people it does not know


def test_label_studios_interface_asks_for_the_projects_grades(graded):
    Rubric.objects.filter(project=graded).update(may_abstain=True)
    text, interface = written(graded, "labelstudio")
    view = xml.fromstring(interface)

    controls = {each.get("name"): each for each in view if each.get("toName")}
    assert list(controls) == ["grade", "rationale", "rater"]
    objects = {each.get("name"): each.get("value") for each in view.iter("Text")}
    assert {control.get("toName") for control in controls.values()} <= objects.keys()
    choices = [each.get("value") for each in controls["grade"]]
    assert choices[0] == "0 Irrelevant"
    assert choices[-1] == "Cannot judge"
    assert len(choices) == 5
    used = {
        choice
        for task in json.loads(text)
        for answer in (*task["annotations"], *task["predictions"])
        for result in answer["result"]
        for choice in result["value"].get("choices", [])
    }
    assert used <= set(choices)
    # what it shows, every task has
    shown = {value.removeprefix("$") for value in objects.values()}
    assert all(shown <= task["data"].keys() for task in json.loads(text))


def test_argilla_gets_records_and_settings_that_fit_each_other(graded):
    text, settings_text = written(graded, "argilla")
    records, settings = json.loads(text), json.loads(settings_text)

    for record in records:
        hold_to("argilla-record", record)
    hold_to("argilla-settings", settings)
    assert [record["metadata"]["candidate_id"] for record in records] == ["c1", "c2", "-c4", "c3"]
    assert len({record["id"] for record in records}) == 4
    first = records[0]
    assert [(each["value"], each["user_id"]) for each in first["responses"]["grade"]] == [
        ("3", argilla_user("Ann")),
        ("2", argilla_user("Ben")),
    ]
    assert [each["value"] for each in first["responses"]["rationale"]] == [NASTY]
    # one suggestion a question: the judge that answered last
    assert first["suggestions"] == {"grade": {"value": "0", "score": 0.25, "agent": "tiny"}}
    assert records[1]["responses"]["grade"][0]["value"] == "cannot_judge"
    assert records[2]["responses"] == {}
    questions = {question["name"]: question["settings"] for question in settings["questions"]}
    options = {option["value"] for option in questions["grade"]["options"]}
    assert options == {"0", "1", "2", "3", "cannot_judge"}
    fields = {field["name"] for field in settings["fields"]}
    assert all(record["fields"].keys() <= fields for record in records)
    assert all(record["responses"].keys() <= questions.keys() for record in records)
    given = {each["user_id"] for record in records for said in record["responses"].values() for each in said}
    assert {user["id"]: user["name"] for user in settings["users"]} == {
        argilla_user(name): name for name in ("Ann", "Ben", "=Max")
    }
    assert given <= {user["id"] for user in settings["users"]}
    needed = {field["name"] for field in settings["fields"] if field["required"]}
    assert all(needed <= record["fields"].keys() for record in records)


def test_argilla_is_given_the_judge_that_is_asked_for(graded):
    text, _ = written(graded, "argilla", judge=Judge.objects.get(name="gpt-4o"))

    suggestions = [record["suggestions"] for record in json.loads(text)]
    assert suggestions[0] == {"grade": {"value": "2", "score": 1.75, "agent": "gpt-4o · umbrela"}}
    assert suggestions[1:] == [{}, {}, {}]


def test_doccano_gets_the_reference_as_the_label_and_who_said_what_beside_it(graded, stored):
    text, labels_text = written(graded, "doccano")
    examples = from_lines(text)

    for example in examples:
        hold_to("doccano-example", example)
    hold_to("doccano-labels", json.loads(labels_text))
    assert {label["text"] for label in json.loads(labels_text)} == {
        *("0 Irrelevant", "1 Related", "2 Highly relevant", "3 Perfectly relevant")
    }
    by_id = {example["candidate_id"]: example for example in examples}
    # two people differ on c1: no majority, no label
    assert by_id["c1"]["label"] == []
    assert by_id["c1"]["raters"] == {"Ann": "3 Perfectly relevant", "Ben": "2 Highly relevant"}
    assert by_id["c1"]["rationales"] == {"Ben": NASTY}
    assert by_id["c1"]["judges"] == {"gpt-4o · umbrela": "2 Highly relevant", "tiny": "0 Irrelevant"}
    assert by_id["c2"]["raters"] == {"Ben": "Cannot judge"}
    assert (by_id["c3"]["label"], by_id["c3"]["reference"]) == (["0 Irrelevant"], "0 Irrelevant")
    assert (by_id["-c4"]["text"], by_id["-c4"]["title"]) == (SALT + NASTY, NASTY)
    assert "raters" not in by_id["-c4"]


def test_quepid_gets_a_column_for_each_and_the_reference_for_a_case(graded):
    text, ratings = written(graded, "quepid")

    assert rows_of(text) == [
        ["query", "docid", "Ann", "Ben", "'=Max", "judge: gpt-4o · umbrela", "judge: tiny"],
        [SOIL, "c1", "3", "2", "", "2", "0"],
        [SOIL, "c2", "", "", "", "", ""],
        [ROOTS, "'-c4", "", "", "", "", ""],
        [ROOTS, "c3", "", "", "0", "", ""],
    ]
    assert rows_of(ratings) == [["query", "docid", "rating"], [ROOTS, "c3", "0"]]
