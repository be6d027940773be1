"""What labels know besides their grade goes out and comes back; further scales have files of their own."""

import csv
import io
import json

import pytest

from annotate.models import Label, Rater
from annotate.references import refresh_references
from annotate.services.rounds import create_round
from corpus.models import Job, Project, Reference, Rubric
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from corpus.services import create_project, freeze_all_items
from exchange.exporting import CannotExport, prepare_export
from judges.models import Judge, Run, Verdict
from tests.exchange.bringing import export, lines, read_csv

pytestmark = pytest.mark.django_db(transaction=True)

FACTS = (
    "grade",
    "cannot_judge",
    "reason",
    "marks",
    "gold_grade",
    "guidelines_version",
    "drawn_with",
    "seconds",
)


def with_criteria(project: Project) -> Project:
    """The project's own scale gets two further criteria."""
    rubric = project.rubric
    rubric.kind = Rubric.Kind.CRITERIA
    rubric.criteria = [
        {"name": name, "meaning": "", "grades": rubric.grades[:3]} for name in ('Fresh, "new"', "Ærlig")
    ]
    rubric.full_clean()
    rubric.save()
    return project


@pytest.fixture
def labelled(project, stored):
    """Three items: an answer with all facts, a gold item answered wrong, one that could not be judged."""
    with_criteria(project)
    rows = [
        {"query_id": "q", "query": "why", "candidate_id": f"c{n}", "candidate": f"Text {n}"} for n in range(3)
    ]
    stored(lines(*rows), name="pairs.jsonl", kind="pairs")
    items = freeze_all_items(project)
    first, gold, dark = [entry.item for entry in items.entries.select_related("item").order_by("position")]
    round = create_round(project, name="Pass", item_set=items)
    given = {"rater": Rater.objects.create(project=project, name="anna"), "round": round}
    Label.objects.create(
        item=first, grade=3, marks=[2, 0], guidelines_version=4, drawn_with=1 / 3, seconds=2.5, **given
    )
    Label.objects.create(item=gold, grade=0, marks=[1, 1], gold_grade=3, **given)
    Label.objects.create(item=dark, grade=None, cannot_judge=True, reason="language", **given)
    refresh_references(project)
    return project


def facts(project: Project) -> list[tuple]:
    labels = Label.objects.filter(rater__project=project).order_by("item__candidate__external_id")
    return list(labels.values_list("item__candidate__external_id", *FACTS))


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_everything_a_label_knows_comes_back(labelled, stored, file_format):
    copy = with_criteria(create_project("Copy"))
    stored(export(labelled, file_format=file_format), name=f"e.{file_format}", kind="grades", into=copy)
    assert facts(copy) == facts(labelled)
    references = Reference.objects.filter(query__project=copy)
    assert list(references.values_list("item__candidate__external_id", "grade")) == [("c0", 3)]
    assert list(copy.rounds.get().participations.values_list("n_labels", "n_gold")) == [(2, 1)]


def test_a_reader_tells_gold_from_grades_and_finds_criteria_by_name(labelled):
    rows = {row["candidate_id"]: row for row in read_csv(export(labelled, file_format="csv"))}
    assert json.loads(rows["c0"]["marks"]) == {'Fresh, "new"': 2, "Ærlig": 0}
    assert (rows["c0"]["gold_grade"], rows["c1"]["gold_grade"]) == ("", "3")
    assert (rows["c2"]["outcome"], rows["c2"]["reason"]) == ("abstained", "language")
    written = map(json.loads, export(labelled, file_format="jsonl").splitlines())
    assert {row["candidate_id"]: row["guidelines_version"] for row in written}["c0"] == 4


@pytest.mark.parametrize(
    ("changed", "column", "words"),
    [
        ({"marks": {"Fresh": 1}}, "marks", "further criteria are"),
        ({"marks": {'Fresh, "new"': 7, "Ærlig": 0}}, "marks", "has the grades 0, 1, 2"),
        ({"gold_grade": "9"}, "gold_grade", "outside the rubric"),
        ({"guidelines_version": 1.5}, "guidelines_version", "whole number"),
        ({"drawn_with": 2}, "drawn_with", "at most 1"),
        ({"seconds": -1}, "seconds", "not below 0"),
        ({"reason": "language"}, "reason", "could not judge"),
    ],
)
def test_a_fact_that_cannot_be_is_a_bad_row(labelled, refused, changed, column, words):
    row = {"query_id": "q", "candidate_id": "c9", "rater_kind": "person", "rater": "bea", "grade": 1}
    (bad,) = refused(lines(row | changed), name="e.jsonl", kind="grades")
    assert bad["column"] == column
    assert words in bad["reason"]


@pytest.fixture
def further(labelled):
    """A round on a further scale of criteria, and one of preferences, each with one answer."""
    project = labelled
    quality, preference = (add_rubric(project, template=name) for name in ("criteria", "preference"))
    items = freeze_all_items(project)
    rater = project.raters.get()
    round = create_round(project, name="Quality", item_set=items, rubric=quality)
    Label.objects.create(
        item=items.entries.first().item, rater=rater, round=round, grade=4, marks=[1, 2, 3, 4]
    )
    pairs = draw_pairs(items, per_query=1, seed=1)
    round = create_round(project, name="Better", item_set=pairs, rubric=preference)
    pair = pairs.entries.select_related("item").first().item
    Label.objects.create(item=pair, rater=rater, round=round, grade=0, rival_first=True, rationale="=clearer")
    return project


def test_the_long_form_holds_the_projects_own_scale_alone(further):
    rounds = {row["round"] for row in read_csv(export(further, file_format="csv"))}
    assert rounds == {"Pass"}


def test_labels_on_further_criteria_have_a_file_of_their_own(further):
    scale = further.rubrics.get(name="Helpfulness")
    (row,) = read_csv(export(further, file_format="csv", scale=scale))
    assert (row["round"], row["grade"]) == ("Quality", "4")
    assert json.loads(row["marks"]) == {"Correctness": 1, "Coherence": 2, "Complexity": 3, "Verbosity": 4}


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_preferences_name_both_candidates_the_better_one_and_the_side(further, file_format):
    scale = further.rubrics.get(name="Preference")
    text = export(further, file_format=file_format, scale=scale).decode()
    (row,) = csv.DictReader(io.StringIO(text)) if file_format == "csv" else [json.loads(text)]
    assert {row["candidate_id"], row["rival_id"]} < {"c0", "c1", "c2"}
    assert (row["preferred"], row["left_side"]) == ("rival", "rival")
    assert row["rationale"] == ("'=clearer" if file_format == "csv" else "=clearer")
    assert row["rival"].startswith("Text ")


@pytest.fixture
def judged(further):
    """A judge on the scale of criteria and one of preferences, each with one verdict, beside the labels."""
    for name, grade, more in (("Helpfulness", 2, {"marks": [4, 3, 2, 1]}), ("Preference", 1, {"score": 0.5})):
        rubric = further.rubrics.get(name=name)
        label = Label.objects.get(round__rubric=rubric)
        job = Job.objects.create(project=further, kind=Job.Kind.JUDGE, state=Job.State.DONE)
        judge = Judge.objects.create(
            project=further, name=f"judge of {name}", rubric=rubric, scoring="criteria"
        )
        run = Run.objects.create(judge=judge, job=job, n_items=1, n_graded=1)
        Verdict.objects.create(run=run, item=label.item, outcome="graded", grade=grade, **more)
    return further


def test_verdicts_on_further_scales_stand_beside_the_labels_of_theirs(judged):
    _, row = read_csv(export(judged, file_format="csv", scale=judged.rubrics.get(name="Helpfulness")))
    assert (row["rater_kind"], row["rater"], row["grade"]) == ("judge", "judge of Helpfulness", "2")
    assert json.loads(row["marks"]) == {"Correctness": 4, "Coherence": 3, "Complexity": 2, "Verbosity": 1}
    for file_format in ("csv", "jsonl"):
        text = export(judged, file_format=file_format, scale=judged.rubrics.get(name="Preference")).decode()
        rows = (
            csv.DictReader(io.StringIO(text)) if file_format == "csv" else map(json.loads, text.splitlines())
        )
        _, row = rows
        assert (row["rater"], row["preferred"], float(row["score"])) == (
            "judge of Preference",
            "neither",
            0.5,
        )
        assert row["rival_id"]


def test_verdicts_on_further_scales_are_not_among_the_projects_own(judged):
    raters = {row["rater"] for row in read_csv(export(judged, file_format="csv"))}
    assert not [name for name in raters if name.startswith("judge of")]


def test_a_scale_goes_out_as_csv_or_json_lines_alone(further):
    with pytest.raises(CannotExport, match="further scale"):
        prepare_export(further, file_format="qrels", scale=further.rubrics.get(name="Preference"))


def test_qrels_and_references_know_no_pairs(further):
    pair = Label.objects.get(round__name="Better").item
    Reference.objects.create(item=pair, query_id=pair.query_id, grade=2, n_labels=1)
    assert export(further, file_format="qrels").decode() == "q 0 c0 3\n"
    assert len(read_csv(export(further, file_format="csv", what="references"))) == 1


def test_the_form_offers_further_scales(further, manager, page):
    shown = manager.get(page("export-list")).content.decode()
    assert "Labels of rounds on “Preference”" in shown
    scale = further.rubrics.get(name="Preference")
    answer = manager.post(page("export-create"), {"file_format": "csv", "what": f"scale:{scale.pk}"})
    assert answer.status_code == 302
    assert "Labels on “Preference”" in manager.get(page("export-list")).content.decode()
