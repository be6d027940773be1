"""Files for labelling tools: what is in them, that the tools would take them, that they come back."""

import csv
import io
import json
from xml.etree import ElementTree as xml

import pytest

from annotate.models import Label, Rater
from corpus.models import Item, ItemSet, Job, Rubric, Variant
from corpus.services import create_project, freeze_all_items, freeze_items
from exchange.exporting import CannotExport, beside_path, export_path, prepare_export, run_export
from exchange.tools.names import argilla_user, judge_names
from exchange.tools.registry import TOOL_FILES
from judges.models import Condition, Engine, Experiment, Judge, Run, Verdict
from tests.exchange.bringing import lines, snapshot, table
from tests.exchange.labelling import label_everything
from tests.exchange.schemas import hold_to
from tests.exchange.test_tools_in import labels, verdicts
from tests.exchange.tool_files import COVER, DEEP, ROOTS, SALT, SOIL, WOOD

pytestmark = pytest.mark.django_db(transaction=True)

TOOLS = list(TOOL_FILES)
NASTY = "=cmd() <b>&\"'\n\t\\ \u2028 עברית"
PAIRS = [
    {"query_id": "q1", "query": SOIL, "need": "for farms", "candidate_id": "c1", "title": "On soil"}
    | {"candidate": COVER, "human_grade": 3, "rater": "Ann", "url": "https://farm.example"},
    {"query_id": "q1", "query": SOIL, "need": "for farms", "candidate_id": "c2", "candidate": WOOD},
    {"query_id": "q2", "query": ROOTS, "candidate_id": "c3", "candidate": DEEP},
    {"query_id": "q2", "query": ROOTS, "candidate_id": "-c4", "title": NASTY, "candidate": SALT + NASTY},
]
LABELS = [
    {"query_id": "q1", "candidate_id": "c1", "rater": "Ben", "grade": 2, "rationale": NASTY},
    {"query_id": "q1", "candidate_id": "c2", "rater": "Ben", "cannot_judge": True, "rationale": "cut off"},
    {"query_id": "q2", "candidate_id": "c3", "rater": "=Max", "grade": 0},
]
VERDICTS = [
    {"judge": "gpt-4o", "prompt": "umbrela", "query_id": "q1", "candidate_id": "c1", "grade": 2}
    | {"score": 1.75},
    {"judge": "gpt-4o", "prompt": "umbrela", "query_id": "q1", "candidate_id": "c2", "grade": "no idea"},
    {"judge": "tiny", "query_id": "q1", "candidate_id": "c1", "grade": 0, "score": 0.25},
]


@pytest.fixture
def graded(project, stored):
    """Four items: two people on the first, one who could not judge the second, nobody on the last."""
    stored(lines(*PAIRS), name="pairs.jsonl")
    stored(lines(*LABELS), name="labels.jsonl", kind="labels")
    stored(lines(*VERDICTS), name="verdicts.jsonl", kind="verdicts")
    return project


def written(project, tool: str, **choices) -> tuple[str, str]:
    """(the file, the second file) of an export for a tool."""
    job = run_export(prepare_export(project, file_format=tool, **choices).pk)
    assert job.state == Job.State.DONE, job.error
    return export_path(job).read_text(), beside_path(job).read_text()


def from_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.split("\n") if line]


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


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


@pytest.mark.parametrize("tool", TOOLS)
def test_what_comes_back_unchanged_changes_nothing(graded, stored, tool):
    before = snapshot()

    job = stored(written(graded, tool)[0], name=f"back.{TOOL_FILES[tool].suffix}")

    assert job.result["kind"] == tool
    assert snapshot() == before
    assert set(job.result["counts"]) <= {"unchanged"}


@pytest.mark.parametrize("tool", TOOLS)
def test_labels_of_rounds_and_of_judges_that_run_here_come_back_unchanged(graded, stored, ann, bob, tool):
    items = freeze_all_items(graded)
    label_everything(graded, name="First", item_set=items, grades={ann: [3, 1, 0, 2], bob: [2, None, 0, 2]})
    label_everything(graded, name="Second", item_set=items, grades={ann: [0, 1, 1, 3]})
    engine = Engine.objects.create(name="small", kind="local")
    ours = Judge.objects.create(project=graded, name="ours", engine=engine, rubric=graded.rubric, version=2)
    job = Job.objects.create(project=graded, kind=Job.Kind.JUDGE, state=Job.State.DONE)
    run = Run.objects.create(judge=ours, job=job)
    for item in Item.objects.all():
        Verdict.objects.create(run=run, item=item, outcome="graded", grade=1, score=1.5, raw="It is a 1.")
    before = snapshot()

    job = stored(written(graded, tool)[0], name=f"back.{TOOL_FILES[tool].suffix}")

    assert snapshot() == before
    assert set(job.result["counts"]) <= {"unchanged"}
    assert "ours, version 2" in written(graded, tool)[0]


@pytest.mark.parametrize("tool", ["labelstudio", "doccano"])
def test_into_an_empty_project_it_gives_the_same_labels(graded, stored, tool):
    text = written(graded, tool)[0]
    people, ids = labels(), set(Item.objects.values_list("query__external_id", "candidate__external_id"))
    copy = create_project("Copy")

    stored(text, name=f"out.{TOOL_FILES[tool].suffix}", into=copy)

    of_copy = Item.objects.for_project(copy)
    assert set(of_copy.values_list("query__external_id", "candidate__external_id")) == ids
    for field in ("query__need", "candidate__title", "candidate__metadata"):
        here = Item.objects.for_project(graded).order_by("query__external_id", "candidate__external_id")
        there = of_copy.order_by("query__external_id", "candidate__external_id")
        assert list(there.values_list(field, flat=True)) == list(here.values_list(field, flat=True))
    Label.objects.filter(rater__project=graded).delete()
    assert labels() == people
    Verdict.objects.filter(run__judge__project=graded).delete()
    assert {(judge, grade) for judge, _, _, _, grade, _ in verdicts()} == {
        ("gpt-4o · umbrela", 2),
        ("tiny", 0),
    }


def test_a_label_that_somebody_changed_in_doccano_is_theirs(graded, stored):
    examples = from_lines(written(graded, "doccano")[0])
    changed = next(example for example in examples if example["candidate_id"] == "c3")
    changed["label"] = ["2 Highly relevant"]

    job = stored(lines(*examples), name="cid.jsonl", rater="Cid")

    assert job.result["counts"]["labels"] == 1
    assert Label.objects.get(rater__name="Cid").grade == 2
    assert Label.objects.get(rater__name="Cid").item.candidate.external_id == "c3"


def test_a_grade_that_somebody_gave_in_label_studio_comes_in(graded, stored):
    tasks = json.loads(written(graded, "labelstudio")[0])
    given = {"from_name": "grade", "to_name": "candidate", "type": "choices"}
    given["value"] = {"choices": ["1 Related"]}
    tasks[2]["annotations"] = [{"completed_by": {"email": "cid@example.org"}, "result": [given]}]

    job = stored(json.dumps(tasks), name="back.json")

    assert job.result["counts"] == {"labels": 1, "unchanged": 6}
    assert Label.objects.get(rater__name="cid@example.org").item.candidate.external_id == "-c4"


@pytest.mark.parametrize("tool", TOOLS)
def test_with_pseudonyms_no_name_goes_out(graded, tool):
    text, beside = written(graded, tool, pseudonyms=True)

    names = [*Rater.objects.values_list("name", flat=True), *map(argilla_user, ("Ann", "Ben", "=Max"))]
    assert not [name for name in names if f'"{name}"' in text + beside or f",{name}," in text + beside]
    numbers = [f"rater-{pk}" for pk in Rater.objects.values_list("pk", flat=True)]
    if tool == "argilla":
        numbers = [argilla_user(number) for number in numbers]
    assert all(number in text for number in numbers)


@pytest.mark.parametrize(("what", "has"), [("labels", (True, False)), ("verdicts", (False, True))])
def test_may_be_labels_or_verdicts_alone(graded, what, has):
    tasks = json.loads(written(graded, "labelstudio", what=what)[0])

    assert any(task["annotations"] for task in tasks) is has[0]
    assert any(task["predictions"] for task in tasks) is has[1]
    assert len(tasks) == 4


def test_conditions_experiments_unfinished_runs_variants_and_gold_stay_here(graded, stored):
    stored(table(VERDICTS[:1]).replace(",2,", ",3,"), kind="verdicts", condition="threat")
    judge = Judge.objects.get(name="tiny")
    item_set = ItemSet.objects.create(project=graded, name="Set")
    experiment = Experiment.objects.create(project=graded, name="E", kind="compliance", item_set=item_set)
    first = Item.objects.get(candidate__external_id="c1")
    for state, more in (("done", {"experiment": experiment}), ("running", {})):
        job = Job.objects.create(project=graded, kind=Job.Kind.JUDGE, state=state)
        run = Run.objects.create(judge=judge, job=job, **more)
        Verdict.objects.create(run=run, item=first, outcome="graded", grade=3)
    Variant.objects.create(item=Item.objects.get(candidate__external_id="c2"), carrier="x", attack="y")
    Label.objects.filter(item=first, rater__name="Ann").update(gold_grade=3)

    tasks = json.loads(written(graded, "labelstudio")[0])

    assert [task["data"]["candidate_id"] for task in tasks] == ["c1", "-c4", "c3"]
    assert [
        (each["model_version"], each["result"][0]["value"]["choices"][0]) for each in tasks[0]["predictions"]
    ] == [("gpt-4o · umbrela", "2 Highly relevant"), ("tiny", "0 Irrelevant")]
    assert len(tasks[0]["annotations"]) == 1
    assert Condition.objects.get().name == "threat"


def test_of_a_person_the_latest_label_counts(graded, ann):
    items = freeze_all_items(graded)
    for name, grades in (("First", [0, 0, 0, 0]), ("Second", [3, 3, 3, 3])):
        label_everything(graded, name=name, item_set=items, grades={ann: grades})

    examples = from_lines(written(graded, "doccano")[0])

    assert {example["raters"]["ann"] for example in examples} == {"3 Perfectly relevant"}


def test_two_judges_of_one_name_are_told_apart(graded):
    prompt = Judge.objects.get(name="gpt-4o").prompt
    for version in (2, 3):
        Judge.objects.create(
            project=graded, name="gpt-4o", prompt=prompt, version=version, rubric=graded.rubric
        )

    names = list(judge_names(graded).values())

    assert names == ["gpt-4o · umbrela", "tiny", "gpt-4o · umbrela, version 2", "gpt-4o · umbrela, version 3"]


@pytest.mark.parametrize("tool", TOOLS)
def test_of_an_empty_project_are_well_formed(project, tool):
    text, _ = written(project, tool)

    assert text == {"labelstudio": "[\n]\n", "argilla": "[\n]\n", "quepid": "query,docid\n"}.get(tool, "")


def test_references_and_further_scales_are_not_for_tools(graded):
    with pytest.raises(CannotExport, match="go out in the long form"):
        prepare_export(graded, file_format="argilla", what="references")
    scale = Rubric.objects.create(project=graded, name="Utility")
    with pytest.raises(CannotExport, match="CSV or JSON lines"):
        prepare_export(graded, file_format="argilla", scale=scale)


def test_long_forms_can_have_pseudonyms_too(graded):
    for file_format in ("csv", "jsonl"):
        job = run_export(prepare_export(graded, file_format=file_format, pseudonyms=True).pk)
        text = export_path(job).read_text()
        assert "Ann" not in text
        assert f"rater-{Rater.objects.get(name='Ann').pk}" in text
        assert "gpt-4o" in text


@pytest.mark.parametrize("tool", TOOLS)
def test_items_alone_tell_nobodys_grade(graded, tool):
    text, beside = written(graded, tool, what="items")

    names = ["Ann", "Ben", "Max", "gpt-4o", "tiny", argilla_user("Ann"), "cut off", *("Perfectly", "Irrel")]
    assert not [name for name in names if name in text]
    if tool == "quepid":
        assert rows_of(text) == [
            ["query", "docid"],
            [SOIL, "c1"],
            [SOIL, "c2"],
            [ROOTS, "'-c4"],
            [ROOTS, "c3"],
        ]
        assert [row[2] for row in rows_of(beside)[1:]] == ["", "", "", ""]


def test_without_labels_the_reference_stays_here_too(graded):
    examples = from_lines(written(graded, "doccano", what="verdicts")[0])

    assert not any(example["label"] or "reference" in example for example in examples)
    assert any("judges" in example for example in examples)


def test_items_alone_are_no_long_form(graded):
    for file_format in ("csv", "jsonl", "qrels"):
        with pytest.raises(CannotExport, match="Items without grades go to labelling tools"):
            prepare_export(graded, file_format=file_format, what="items")


def test_quepid_has_columns_only_of_those_who_said_something_of_its_items(graded):
    first = Item.objects.get(candidate__external_id="c3")
    chosen = freeze_items(graded, [first.pk], name="One", made_from={})
    Judge.objects.create(project=graded, name="idle", rubric=graded.rubric)

    assert rows_of(written(graded, "quepid", item_set=chosen)[0]) == [
        ["query", "docid", "'=Max", "judge: gpt-4o · umbrela", "judge: tiny"],
        [ROOTS, "c3", "0", "", ""],
    ]
