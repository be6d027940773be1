import pytest

from annotate.models import Label, Rater
from corpus.models import Project, Reference, Rubric
from corpus.services import freeze_all_items
from tests.exchange.bringing import lines, snapshot, table
from tests.exchange.labelling import label_everything

pytestmark = pytest.mark.django_db(transaction=True)


def label(rater: str, grade: object, candidate: int = 1, **more) -> dict:
    return {"query_id": "q1", "candidate_id": f"c{candidate}", "rater": rater, "grade": grade} | more


def references() -> dict[str, tuple[int, int]]:
    return {
        candidate: (grade, n)
        for candidate, grade, n in Reference.objects.values_list(
            "item__candidate__external_id", "grade", "n_labels"
        )
    }


def test_a_label_keeps_rater_grade_and_rationale(stored):
    stored(lines(label("Ann", 2, rationale="Half\tthe answer.\nNo more.")), name="labels.jsonl")

    found = Label.objects.get()
    assert (found.rater.name, found.grade, found.rationale) == ("Ann", 2, "Half\tthe answer.\nNo more.")
    assert found.rater.user is None


def test_labels_without_a_name_are_of_the_one_given_for_the_file(stored):
    stored(table([label("", 2), label("Ann", 1)]), kind="labels", rater="Zoe")

    assert set(Label.objects.values_list("rater__name", "grade")) == {("Zoe", 2), ("Ann", 1)}


def test_labels_of_nobody_at_all_are_imported(stored):
    stored(table([label("", 2)]), kind="labels")

    assert Label.objects.get().rater.name == "imported"


def test_cannot_judge_is_a_label_and_no_reference(stored):
    rows = [label("Ann", "", cannot_judge="true"), label("Ann", 1, 2, cannot_judge="")]

    stored(table(rows))

    found = Label.objects.get(item__candidate__external_id="c1")
    assert (found.grade, found.cannot_judge) == (None, True)
    assert references() == {"c2": (1, 1)}


def test_cannot_judge_is_a_bad_row_where_the_rubric_has_none(project, refused):
    Rubric.objects.filter(project=project).update(may_abstain=False)

    (bad,) = refused(table([label("Ann", "", cannot_judge="x")]))

    assert bad["column"] == "cannot_judge"
    assert "does not allow “cannot judge”" in bad["reason"]


def test_a_grade_outside_the_rubric_is_a_bad_row(refused):
    bad = refused(table([label("Ann", 4), label("Ann", "good", 2)]))

    assert [(row["line"], row["column"]) for row in bad] == [(2, "grade"), (3, "grade")]


def test_the_same_file_twice_changes_nothing(stored):
    rows = [label("Ann", 1), label("Ben", 3), label("Ann", "", 2, cannot_judge="yes")]
    rows = [{"cannot_judge": ""} | row for row in rows]
    stored(table(rows))
    before = snapshot()

    job = stored(table(rows))

    assert snapshot() == before
    assert job.result["counts"] == {"unchanged": 3}


def test_cannot_judge_after_a_grade_is_a_contradiction(stored, refused):
    stored(table([label("Ann", 1)]))

    (bad,) = refused(table([label("Ann", "", cannot_judge="yes")]))

    assert "has already given this item grade 1" in bad["reason"]


class TestMajority:
    def test_a_tie_leaves_no_reference(self, stored):
        stored(table([label("Ann", 1), label("Ben", 3)]))

        assert references() == {}

    def test_a_third_file_breaks_the_tie(self, stored):
        stored(table([label("Ann", 1)]))
        assert references() == {"c1": (1, 1)}
        stored(table([label("Ben", 3)]))
        assert references() == {}
        stored(table([label("Cat", 3)]))
        assert references() == {"c1": (3, 3)}

    def test_the_reference_version_grows_with_every_change(self, project, stored):
        for number, name in enumerate(["Ann", "Ben", "Cat"], start=1):
            stored(table([label(name, 2)]))
            assert Project.objects.get().reference_version == number


class TestMean:
    @pytest.fixture(autouse=True)
    def _rule(self, project):
        Project.objects.update(reference_rule=Project.ReferenceRule.MEAN)
        project.refresh_from_db()

    def test_halves_are_rounded_up(self, stored):
        stored(table([label("Ann", 1), label("Ben", 2)]))

        assert references() == {"c1": (2, 2)}

    def test_a_later_file_moves_it(self, stored):
        stored(table([label("Ann", 3)]))
        stored(table([label("Ben", 0), label("Cat", 0)]))

        assert references() == {"c1": (1, 3)}


class TestQrels:
    def test_are_the_labels_of_the_rater_named(self, stored):
        stored("q1 0 c1 3\nq1 0 c2 0\n", name="qrels.txt", rater="NIST")

        assert Rater.objects.get().name == "NIST"
        assert references() == {"c1": (3, 1), "c2": (0, 1)}

    def test_of_nobody_are_called_qrels(self, stored):
        stored("q1 0 c1 3\nq1 0 c2 0\n", name="qrels.txt")

        assert Rater.objects.get().name == "qrels"

    def test_outside_the_rubric_are_bad_rows(self, refused):
        bad = refused("q1 0 c1 3\nq1 0 c2 -2\nq1 0 c3 1\n", name="qrels.txt")

        assert [row["line"] for row in bad] == [2]

    def test_may_come_as_csv(self, stored):
        stored("query_id,candidate_id,grade\nq1,c1,2\n", kind="qrels")

        assert references() == {"c1": (2, 1)}

    def test_twice_change_nothing(self, stored):
        stored("q1 0 c1 3\nq1 0 c2 0\n", name="qrels.txt", rater="NIST")
        before = snapshot()
        stored("q1 0 c1 3\nq1 0 c2 0\n", name="qrels.txt", rater="NIST")

        assert snapshot() == before


def test_labels_join_those_that_people_gave_in_a_round(project, stored, ann):
    stored("query_id,candidate_id,grade\nq1,c1,2\n", kind="qrels")
    label_everything(project, name="First", item_set=freeze_all_items(project), grades={ann: [3]})
    assert references() == {}

    stored(table([label("Zoe", 3)]))

    assert references() == {"c1": (3, 3)}
