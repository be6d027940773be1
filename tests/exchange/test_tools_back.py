"""Files for labelling tools that come back, unchanged or with what people did there."""

import json

import pytest

from annotate.models import Label
from corpus.models import Item, Job
from corpus.services import create_project, freeze_all_items
from exchange.tools.registry import TOOL_FILES
from judges.models import Engine, Judge, Run, Verdict
from tests.exchange.bringing import lines, snapshot
from tests.exchange.labelling import label_everything
from tests.exchange.test_tools_in import labels, verdicts
from tests.exchange.tool_exports import from_lines, graded, written

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["graded"]

TOOLS = list(TOOL_FILES)


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
