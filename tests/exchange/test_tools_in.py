"""What labelling tools export comes in: people's answers as labels, models' as verdicts."""

import json

import pytest
from django.db import connection

from annotate.models import Label, Rater
from corpus.models import Candidate, Item, Job, Query, Reference
from corpus.rubrics import add_rubric
from exchange.importing.undoing import undo_import
from judges.models import Verdict
from tests.exchange.bringing import lines, snapshot
from tests.exchange.tool_files import (
    ANN,
    ANNS_UUID,
    ARGILLA,
    BENS_UUID,
    COVER,
    DEEP,
    DOCCANO,
    LABEL_STUDIO,
    QUEPID_BOOK,
    QUEPID_CASE,
    ROOTS,
    SALT,
    SOIL,
    WOOD,
    annotation,
    lines_of,
    prediction,
    task,
    written,
)

pytestmark = pytest.mark.django_db(transaction=True)


def labels() -> set[tuple]:
    """(rater, query, candidate's text, grade, rationale) of every current label."""
    found = Label.objects.current().select_related("rater", "item__query", "item__candidate")
    return {
        (each.rater.name, each.item.query.text, each.item.candidate.text, each.grade, each.rationale)
        for each in found
    }


def verdicts() -> set[tuple]:
    """(judge, query, candidate's text, outcome, grade, score) of every verdict."""
    found = Verdict.objects.select_related("run__judge", "item__query", "item__candidate")
    return {
        (each.run.judge.name, each.item.query.text, each.item.candidate.text, *_answer(each))
        for each in found
    }


def _answer(verdict: Verdict) -> tuple:
    return verdict.outcome, verdict.grade, verdict.score


FILES = {
    "labelstudio": ("project.json", json.dumps(LABEL_STUDIO)),
    "argilla": ("records.json", json.dumps(ARGILLA)),
    "doccano": ("ann.jsonl", lines_of(DOCCANO)),
    "quepid": ("book.csv", QUEPID_BOOK),
}


def test_label_studios_annotators_become_raters_and_its_predictions_a_judge(project, stored):
    job = stored(json.dumps(LABEL_STUDIO), name="project.json")

    assert job.result["kind"] == "labelstudio"
    assert labels() == {
        ("ann@example.org", SOIL, COVER, 3, "dedicated"),
        ("user 8", SOIL, COVER, 2, ""),
        ("ann@example.org", SOIL, WOOD, 0, ""),
    }
    assert verdicts() == {("gpt-4o", SOIL, COVER, "graded", 1, 0.75)}
    # four tasks, four items: the skipped one and the one that nobody was shown are there to be labelled
    assert Item.objects.count() == 4
    assert {candidate.text for candidate in Candidate.objects.all()} == {COVER, WOOD, DEEP, SALT}
    assert job.result["counts"] == (
        {"queries": 2, "candidates": 4, "items": 4, "labels": 3, "verdicts": 1, "judges": 1, "skipped": 1}
    )
    label = Label.objects.get(rater__name="ann@example.org", grade=3)
    assert (label.seconds, label.created_at.isoformat()) == (12.5, "2026-03-01T10:00:00.250000+00:00")
    assert Candidate.objects.get(text=COVER).metadata == {"source": "farm.example"}
    # two people said 3 and 2 of the first: no majority; the other has one label
    assert set(Reference.objects.values_list("item__candidate__text", "grade")) == {(WOOD, 0)}


@pytest.mark.parametrize("tool", list(FILES))
def test_the_same_file_twice_changes_nothing(project, stored, tool):
    name, text = FILES[tool]
    stored(text, name=name)
    before = snapshot()

    job = stored(text, name=name)

    assert job.result["kind"] == tool
    assert snapshot() == before
    assert set(job.result["counts"]) <= {"unchanged", "skipped"}
    assert job.result["counts"]["unchanged"] == len(labels()) + len(verdicts())


@pytest.mark.parametrize("tool", list(FILES))
def test_an_undo_leaves_nothing(project, stored, tool):
    name, text = FILES[tool]
    before = snapshot()
    job = stored(text, name=name)
    assert snapshot() != before

    undo_import(job)

    after = snapshot()
    assert {table: rows for table, rows in after.items() if table != "corpus_rubric"} == {
        table: rows for table, rows in before.items() if table != "corpus_rubric"
    }


def test_argillas_users_become_raters_and_its_suggestions_a_judge(project, stored):
    stored(lines_of(ARGILLA), name="records.jsonl")

    assert labels() == {
        (ANNS_UUID, SOIL, COVER, 3, "dedicated"),
        (BENS_UUID, SOIL, COVER, 2, ""),
        (ANNS_UUID, SOIL, WOOD, 0, ""),
    }
    assert verdicts() == {("gpt-4o", SOIL, COVER, "graded", 1, 0.75)}
    assert Item.objects.filter(query__text=ROOTS).count() == 1


def test_doccanos_labels_belong_to_who_is_named_for_the_file(project, stored):
    stored(lines_of(DOCCANO), name="ann.jsonl", rater="Ann")

    assert labels() == {("Ann", SOIL, COVER, 3, "dedicated"), ("Ann", SOIL, WOOD, 0, "")}
    assert Item.objects.filter(query__text=ROOTS).count() == 1


def test_quepids_books_have_a_rater_a_column(project, stored):
    stored(QUEPID_BOOK, name="book.csv")

    assert {(rater, grade) for rater, _, _, grade, _ in labels()} == {("Ann", 3), ("Ben", 2), ("Ann", 0)}
    assert set(Query.objects.values_list("external_id", "text")) == {(SOIL, SOIL), (ROOTS, ROOTS)}
    assert set(Candidate.objects.values_list("external_id", flat=True)) == {"c1", "c2", "c3"}


def test_quepids_case_may_be_a_judges(project, stored):
    stored(QUEPID_CASE, name="case.csv", judge="gpt-4o")

    assert labels() == set()
    assert {(judge, grade) for judge, _, _, _, grade, _ in verdicts()} == {("gpt-4o", 3), ("gpt-4o", 0)}


def test_a_query_is_the_projects_own_where_its_text_is(project, stored):
    stored(lines({"query_id": "q7", "query": SOIL, "candidate_id": "p9", "candidate": COVER}), name="p.jsonl")

    stored(json.dumps(LABEL_STUDIO), name="project.json")

    assert Query.objects.get(text=SOIL).external_id == "q7"
    assert Candidate.objects.get(text=COVER).external_id == "p9"
    assert Label.objects.filter(item__candidate__external_id="p9").count() == 2


def test_a_text_that_two_queries_have_is_a_bad_row(project, stored, refused):
    twice = [
        {"query_id": number, "query": SOIL, "candidate_id": number, "candidate": f"text {number}"}
        for number in ("q1", "q2")
    ]
    stored(lines(*twice), name="p.jsonl")

    bad = refused(QUEPID_CASE, name="case.csv")

    assert [each["line"] for each in bad] == [2, 3]
    assert "Several queries of the project have this text" in bad[0]["reason"]


def test_a_choice_that_is_no_grade_is_a_bad_row_that_says_how_to_map_it(project, stored, refused):
    text = json.dumps(LABEL_STUDIO).replace("Perfectly relevant", "Spot on")

    bad = refused(text, name="project.json")

    assert [(each["line"], each["column"]) for each in bad] == [(1, "relevance")]
    assert bad[0]["reason"] == (
        "“Spot on” is not a grade. The rubric “Relevance” has the grades 0 Irrelevant, 1 Related,"
        " 2 Highly relevant, 3 Perfectly relevant. Say which of them it is in the preview, or"
        ' with --map "Spot on=…".'
    )
    stored(text, name="project.json", mapping={"Spot on": "3"})
    assert ("ann@example.org", SOIL, COVER, 3, "dedicated") in labels()


def test_good_rows_go_in_without_the_bad_one(project, bring):
    text = json.dumps(LABEL_STUDIO).replace("Perfectly relevant", "Spot on")

    job = bring(text, name="project.json", good_rows=True)

    assert job.state == Job.State.DONE
    assert {each[0] for each in labels()} == {"user 8", "ann@example.org"}


def test_a_file_that_breaks_off_stores_nothing(project, bring):
    text = json.dumps(LABEL_STUDIO)

    job = bring(text[: len(text) * 3 // 4], name="project.json")

    assert job.state == Job.State.FAILED
    assert "breaks off in entry 2" in job.error
    assert "as if the copy was cut off" in job.error
    assert not Item.objects.exists()


def test_queries_do_not_grow_with_tasks(project, stored, django_assert_max_num_queries):
    tasks = [
        {**LABEL_STUDIO[0], "id": number, "data": {"query": SOIL, "passage": f"Passage {number}."}}
        for number in range(300)
    ]
    with django_assert_max_num_queries(150):
        stored(json.dumps(tasks), name="project.json")
    assert connection.vendor == "postgresql"
    assert Label.objects.count() == 600


def compared(side: str) -> dict:
    return {"from_name": "better", "to_name": "one", "type": "pairwise", "value": {"selected": side}}


PAIRWISE = [
    task(
        1,
        {"query": SOIL, "text1": COVER, "text2": WOOD},
        [
            annotation(ANN, compared("left"), written("comment", "on the point")),
            annotation(8, compared("right")),
        ],
        [prediction("gpt-4o", compared("left"), score=0.5)],
    ),
    task(2, {"query": ROOTS, "text1": SALT, "text2": DEEP}, [annotation(ANN, compared("right"))]),
    task(3, {"query": ROOTS, "text1": SALT, "text2": WOOD}),
]


class TestPairwise:
    @pytest.fixture
    def scale(self, project):
        return add_rubric(project, template="preference")

    def better(self) -> set[tuple]:
        """(rater, the better text, the text on the left) of every preference."""
        found = Label.objects.exclude(item__rival=None).select_related("item__candidate", "item__rival")
        told = set()
        for each in found.select_related("rater"):
            texts = [each.item.rival.text, "", each.item.candidate.text]
            left = each.item.rival.text if each.rival_first else each.item.candidate.text
            told.add((each.rater.name, texts[each.grade], left, each.rationale))
        return told

    def test_results_become_preferences_in_a_closed_round(self, project, scale, stored):
        job = stored(json.dumps(PAIRWISE), name="pairs.json")

        assert self.better() == {
            ("ann@example.org", COVER, COVER, "on the point"),
            ("user 8", WOOD, COVER, ""),
            ("ann@example.org", DEEP, SALT, ""),
        }
        round = scale.rounds.get()
        assert (round.state, round.item_set.of_pairs, round.item_set.n_items) == ("closed", True, 2)
        judge = scale.judges.get()
        assert (judge.name, judge.runs.get().n_graded) == ("gpt-4o", 1)
        # two people disagree on the first pair; the second has one answer
        assert Reference.objects.exclude(item__rival=None).count() == 1
        # of the task that nobody answered the two single items are there
        singles = Item.objects.single().values_list("query__text", "candidate__text")
        assert set(singles) == {(ROOTS, SALT), (ROOTS, WOOD)}
        counts = job.result["counts"]
        assert (counts["preferences"], counts["pairs"], counts["verdicts"]) == (3, 2, 1)

    def test_the_same_file_twice_changes_nothing(self, project, scale, stored):
        stored(json.dumps(PAIRWISE), name="pairs.json")
        before = snapshot()

        job = stored(json.dumps(PAIRWISE), name="pairs.json")

        assert snapshot() == before
        assert job.result["counts"] == {"unchanged": 4}

    def test_nor_where_a_person_of_the_file_has_the_name_of_a_member(self, project, scale, stored, alice):
        Rater.objects.create(project=project, name="ann@example.org", user=alice)
        stored(json.dumps(PAIRWISE), name="pairs.json")
        before = snapshot()

        stored(json.dumps(PAIRWISE), name="pairs.json")

        assert snapshot() == before
        assert {name for name, *_ in self.better()} == {"ann@example.org (2)", "user 8"}

    def test_an_undo_leaves_nothing(self, project, scale, stored):
        before = snapshot()
        job = stored(json.dumps(PAIRWISE), name="pairs.json")

        undo_import(job)

        after = snapshot()
        del after["corpus_rubric"], before["corpus_rubric"]
        assert after == before

    def test_who_says_otherwise_later_is_a_bad_row(self, project, scale, stored, refused):
        stored(json.dumps(PAIRWISE), name="pairs.json")

        bad = refused(json.dumps(PAIRWISE).replace('"right"', '"left"'), name="pairs.json")

        assert [each["line"] for each in bad] == [1, 2]
        assert "has already said otherwise of these two" in bad[0]["reason"]

    def test_without_a_scale_it_is_said_what_to_add(self, project, refused):
        bad = refused(json.dumps(PAIRWISE), name="pairs.json")

        assert (
            "the project has no scale for that. Add a preference under Settings, Rubric" in bad[0]["reason"]
        )

    def test_a_judge_that_grades_too_has_another_name_here(self, project, scale, stored):
        stored(json.dumps(LABEL_STUDIO), name="project.json")

        stored(json.dumps(PAIRWISE), name="pairs.json")

        assert scale.judges.get().name == f"gpt-4o ({scale})"

    def test_good_rows_alone_keep_the_candidates_of_pairs(self, project, scale, bring):
        spoiled = [*PAIRWISE, task(4, {"query": "", "text1": "a", "text2": "b"})]

        job = bring(json.dumps(spoiled), name="pairs.json", good_rows=True)

        assert job.state == Job.State.DONE, job.error
        assert len(self.better()) == 3

    def test_who_skipped_a_comparison_is_counted_and_says_nothing(self, project, scale, stored):
        skipped = annotation(8, was_cancelled=True)
        both = {"query": SOIL, "text1": COVER, "text2": WOOD}
        tasks = [task(1, both, [annotation(ANN, compared("left")), skipped]), task(2, both, [skipped])]

        job = stored(json.dumps(tasks), name="pairs.json")

        assert self.better() == {("ann@example.org", COVER, COVER, "")}
        assert job.result["counts"]["skipped"] == 2
        # of the second task, which nobody answered, both items are there
        assert Item.objects.single().count() == 2
