import pytest

from corpus.models import Item, Job, Query
from exchange.importing import importer
from exchange.importing.undoing import undo_import
from judges.models import Condition, Engine, Judge, Prompt, Run, Verdict
from tests.exchange.bringing import lines, snapshot, table

pytestmark = pytest.mark.django_db(transaction=True)


def verdict(candidate: int = 1, grade: object = 2, **more) -> dict:
    about = {"judge": "gpt", "prompt": "umbrela", "query_id": "q1", "candidate_id": f"c{candidate}"}
    return about | {"grade": grade} | more


def the_one() -> tuple:
    return Verdict.objects.values_list("outcome", "grade", "score", "raw").get()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"grade": "3"}, ("graded", 3, None, "")),
        ({"grade": "3.0"}, ("graded", 3, None, "")),
        ({"grade": " 0 "}, ("graded", 0, None, "")),
        ({"grade": "2", "score": 1.5}, ("graded", 2, 1.5, "")),
        ({"grade": "2", "reply": "It is a 2."}, ("graded", 2, None, "It is a 2.")),
        ({"grade": ""}, ("empty", None, None, "")),
        ({"grade": "  "}, ("empty", None, None, "")),
        ({"grade": "", "reply": "I cannot say."}, ("unreadable", None, None, "I cannot say.")),
        ({"grade": "highly relevant"}, ("unreadable", None, None, "highly relevant")),
        ({"grade": "1_0"}, ("unreadable", None, None, "1_0")),
        ({"grade": "NaN"}, ("unreadable", None, None, "NaN")),
        ({"grade": "7"}, ("out_of_range", None, None, "7")),
        ({"grade": "-1"}, ("out_of_range", None, None, "-1")),
        ({"grade": "2.5"}, ("out_of_range", None, None, "2.5")),
        ({"grade": "9", "reply": "Nine!"}, ("out_of_range", None, None, "Nine!")),
        ({"grade": "", "score": 0.25}, ("scored", None, 0.25, "")),
        ({"grade": "", "score": 0.25, "outcome": "scored"}, ("scored", None, 0.25, "")),
        ({"grade": "2", "score": 0.25, "outcome": "scored"}, ("scored", None, 0.25, "2")),
        ({"grade": "2", "outcome": "graded"}, ("graded", 2, None, "")),
        ({"grade": "2", "outcome": "fine"}, ("graded", 2, None, "")),
        ({"grade": "", "outcome": "abstained"}, ("abstained", None, None, "")),
        ({"grade": "X", "outcome": "Abstained"}, ("abstained", None, None, "X")),
        ({"grade": "2", "outcome": "abstained"}, ("abstained", None, None, "2")),
        ({"grade": "", "outcome": "refused", "reply": "No."}, ("refused", None, None, "No.")),
        ({"grade": "", "outcome": "Out of range"}, ("out_of_range", None, None, "")),
        ({"grade": "", "outcome": "error", "score": 0.5}, ("error", None, None, "")),
        ({"grade": "", "outcome": "graded"}, ("empty", None, None, "")),
    ],
)
def test_what_a_judge_said_is_stored_with_its_outcome(stored, row, expected):
    job = stored(table([verdict(**row)]), kind="verdicts")

    assert the_one() == expected
    assert job.result["outcomes"] == {expected[0]: 1}


def test_json_may_have_numbers_and_nulls(stored):
    rows = [verdict(1, 3), verdict(2, None), verdict(3, 3.0), verdict(4, True), verdict(5, [1])]

    stored(lines(*rows), name="v.jsonl")

    outcomes = Verdict.objects.order_by("item_id").values_list("outcome", flat=True)
    assert list(outcomes) == ["graded", "empty", "graded", "unreadable", "unreadable"]


def test_each_name_and_prompt_is_a_judge_and_each_condition_a_run(stored):
    rows = [
        verdict(1),
        verdict(1, prompt="other"),
        verdict(1, prompt=""),
        verdict(1, judge="llama"),
        verdict(1, condition="suffix"),
        verdict(1, condition="prefix"),
    ]
    rows = [{"condition": ""} | row for row in rows]

    job = stored(table(rows))

    judges = set(Judge.objects.values_list("name", "prompt__name", "version", "scoring"))
    assert judges == {
        *(("gpt", "umbrela", 1, ""), ("gpt", "other", 1, "")),
        *(("gpt", None, 1, ""), ("llama", "umbrela", 1, "")),
    }
    assert job.result["counts"]["judges"] == 4
    conditions = Run.objects.filter(judge__prompt__name="umbrela", judge__name="gpt")
    assert set(conditions.values_list("condition__name", flat=True)) == {None, "suffix", "prefix"}
    assert all(judge.is_imported for judge in Judge.objects.all())


def test_runs_know_their_counts(stored):
    rows = [verdict(1), verdict(2, ""), verdict(3, "?"), verdict(4, 8), verdict(5, 1)]
    rows = [row | {"tokens_in": "10", "completion_tokens": "2"} for row in rows]

    job = stored(table(rows))

    run = Run.objects.get()
    assert (run.job_id, run.n_items, run.n_graded, run.n_failed, run.n_unreadable) == (job.pk, 5, 2, 1, 2)
    assert (run.tokens_in, run.tokens_out) == (50, 10)


@pytest.mark.parametrize("tokens", ["many", "-1", "1e30", "inf", "2.5"])
def test_token_counts_that_are_none_are_left_out(stored, tokens):
    stored(table([verdict() | {"tokens_in": tokens}]))

    assert Verdict.objects.get().tokens_in is None


@pytest.mark.parametrize("rows_a_chunk", [1, 20_000])
class TestTwice:
    @pytest.fixture(autouse=True)
    def _chunks(self, monkeypatch, rows_a_chunk):
        monkeypatch.setattr(importer, "ROWS_A_CHUNK", rows_a_chunk)

    def test_the_same_file_changes_nothing(self, stored):
        rows = [verdict(number, grade) for number, grade in enumerate(["1", "", "x", "9", "2"])]
        stored(table(rows))
        before = snapshot()

        job = stored(table(rows))

        assert snapshot() == before
        assert job.result["counts"] == {"unchanged": 5}

    def test_the_same_row_counts_once(self, stored):
        job = stored(table([verdict(), verdict()]))

        assert job.result["counts"]["verdicts"] == 1
        assert Run.objects.get().n_items == 1

    def test_two_answers_for_one_item_in_one_file_are_a_bad_row(self, refused):
        (bad,) = refused(table([verdict(1, 2), verdict(1, 3)]))

        assert (bad["line"], bad["column"]) == (3, "grade")
        assert "Judge “gpt” already answered this item" in bad["reason"]
        assert "(grade 2)" in bad["reason"]
        assert not Judge.objects.exists()

    def test_a_changed_verdict_in_a_second_file_is_a_new_run_and_the_latest(self, stored):
        stored(table([verdict(1, 2), verdict(2, 2)]))
        job = stored(table([verdict(1, 3), verdict(2, 2)]))

        assert job.result["counts"] == {"verdicts": 1, "unchanged": 1}
        old, new = Run.objects.order_by("pk")
        assert (old.n_items, new.n_items) == (2, 1)
        assert new.verdicts.get().grade == 3

        before = snapshot()
        stored(table([verdict(1, 3), verdict(2, 2)]))
        assert snapshot() == before


def test_a_judge_may_be_named_for_the_whole_file(stored):
    row = {"query_id": "q1", "candidate_id": "c1", "grade": 2, "prompt": "p", "reply": "two"}

    stored(table([row]), kind="verdicts", judge="gpt", condition="suffix")

    run = Run.objects.get()
    assert (run.judge.name, run.judge.prompt.name, run.condition.name) == ("gpt", "p", "suffix")
    assert Verdict.objects.get().raw == "two"


def test_verdicts_of_nobody_are_bad_rows(refused):
    (bad,) = refused(table([verdict(judge="")]), kind="verdicts")

    assert (bad["line"], bad["column"]) == (2, "judge")
    assert bad["reason"].startswith("No judge is named")


def test_names_that_are_too_long_are_bad_rows(refused):
    bad = refused(table([verdict(judge="j" * 201), verdict(2, prompt="p" * 101)]))

    assert [row["column"] for row in bad] == ["judge", "prompt"]


def test_items_may_be_known_by_id_alone(stored):
    job = stored(table([verdict()]))

    counts = dict.fromkeys(("queries", "candidates", "items", "verdicts", "judges"), 1)
    assert job.result["counts"] == counts
    assert Query.objects.get().text == ""


@pytest.fixture
def ours(project):
    engine = Engine.objects.create(name="small", kind="local")
    prompt = Prompt.objects.create(name="umbrela", project=None, messages=[{"role": "user"}])
    return Judge.objects.create(
        project=project, name="gpt", engine=engine, prompt=prompt, rubric=project.rubric, scoring="grade"
    )


def test_a_judge_that_runs_here_takes_no_verdicts_from_files(ours, refused):
    (bad,) = refused(table([verdict()]))

    assert (bad["line"], bad["column"]) == (2, "judge")
    assert "“gpt” is a judge that runs in this project" in bad["reason"]


def test_refused_verdicts_leave_nothing_behind(ours, stored):
    rows = [verdict(1), verdict(2, judge="other")]

    stored(table(rows), good_rows=True)

    assert list(Item.objects.values_list("candidate__external_id", flat=True)) == ["c2"]
    assert Run.objects.get().judge.name == "other"


def test_verdicts_of_a_failed_import_are_never_the_earlier_ones(stored, bring):
    bring(table([verdict(1, 2), verdict(1, 3)]))
    job = stored(table([verdict(1, 2)]))

    assert job.result["counts"]["verdicts"] == 1


def test_qrels_may_be_a_judges(stored):
    stored("q1 0 c1 3\nq1 0 c2 9\n", name="qrels.txt", judge="gpt")

    assert Judge.objects.get().prompt is None
    assert set(Verdict.objects.values_list("outcome", "grade")) == {("graded", 3), ("out_of_range", None)}


def test_trec_qrels_are_read_as_verdicts_when_asked_for(stored):
    stored("q1 0 c1 3\nq1 0 c2 1\n", name="qrels.txt", kind="verdicts", judge="gpt", condition="suffix")

    run = Run.objects.get()
    assert (run.judge.name, run.condition.name, run.n_graded) == ("gpt", "suffix", 2)


def test_nothing_is_a_verdict_until_its_import_is_done(project, bring):
    job = bring(table([verdict(1, 2), verdict(1, 3)]))

    assert job.state == Job.State.FAILED
    assert not Verdict.objects.exists()


def test_the_dl21_verdicts_are_all_stored(dl21, stored):
    job = stored((dl21 / "verdicts.csv.gz").read_bytes(), name="verdicts.csv.gz")

    assert job.result["counts"]["verdicts"] == 41_816
    assert job.result["outcomes"] == {"graded": 41_754, "unreadable": 52, "empty": 10}


class TestConditions:
    def test_a_new_condition_has_the_cell_that_its_name_tells(self, project, stored):
        names = ["T1", "Threat + suffix", "n0", "another"]
        stored(table([verdict(1, 2, condition=name) for name in names]), kind="verdicts")

        found = project.conditions.values_list("name", "version", "cell")
        assert set(found) == {
            ("T1", 1, "T1"),
            ("Threat + suffix", 1, "T1"),
            ("n0", 1, "N0"),
            ("another", 1, ""),
        }

    def test_of_several_versions_the_newest_is_meant(self, project, stored):
        for version in (1, 3, 2):
            Condition.objects.create(project=project, name="T1", version=version, cell="N1")

        stored(table([verdict(1, 2, condition="T1")]), kind="verdicts")

        condition = Run.objects.get().condition
        assert (condition.version, condition.cell, project.conditions.count()) == (3, "N1", 3)

    def test_an_answer_under_an_older_version_is_known_again(self, project, stored):
        first = stored(table([verdict(1, 2, condition="T1")]), kind="verdicts")
        Condition.objects.create(project=project, name="T1", version=2, content={"suffix": "Now."})

        again = stored(table([verdict(1, 2, condition="T1")]), kind="verdicts")

        assert (first.result["counts"]["verdicts"], again.result["counts"]) == (1, {"unchanged": 1})

    def test_an_undo_leaves_conditions_that_say_something(self, project, stored):
        Condition.objects.create(project=project, name="T1", content={"suffix": "Now."}, content_hash="x")
        before = snapshot()

        undo_import(stored(table([verdict(1, 2, condition=name) for name in ("T1", "T0")]), kind="verdicts"))

        assert snapshot() == before
