"""Files for labelling tools: what is left out, always or because it was asked for."""

import json

import pytest

from annotate.models import Label, Rater
from corpus.models import Item, ItemSet, Job, Rubric, Variant
from corpus.services import freeze_all_items, freeze_items
from exchange.exporting import CannotExport, export_path, prepare_export, run_export
from exchange.tools.names import argilla_user, judge_names
from exchange.tools.registry import TOOL_FILES
from judges.models import Condition, Experiment, Judge, Run, Verdict
from tests.exchange.bringing import table
from tests.exchange.labelling import label_everything
from tests.exchange.tool_exports import VERDICTS, from_lines, graded, rows_of, written
from tests.exchange.tool_files import ROOTS, SOIL

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["graded"]

TOOLS = list(TOOL_FILES)


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
