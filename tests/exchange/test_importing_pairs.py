import pytest

from annotate.models import Label
from corpus.models import Candidate, Item, Job, Project, Query, Reference
from exchange.importing import importer
from exchange.importing.importer import bad_rows_path
from tests.exchange.bringing import lines, packed, read_csv, snapshot, table

pytestmark = pytest.mark.django_db(transaction=True)


def pair(query: int, candidate: int, **more) -> dict:
    texts = {"query_id": f"q{query}", "query": f"query {query}"}
    return texts | {"candidate_id": f"c{candidate}", "candidate": f"text {candidate}"} | more


PAIRS = [pair(1, 1, human_grade=3), pair(1, 2, human_grade=0), pair(2, 1, human_grade="")]


def test_a_row_makes_its_query_candidate_item_and_label(project, stored):
    job = stored(lines(pair(1, 1, title="A title", need="why", human_grade=2, rater="Ann", url="x")))

    query, candidate, label = Query.objects.get(), Candidate.objects.get(), Label.objects.get()
    assert (query.external_id, query.text, query.need, query.job_id) == ("q1", "query 1", "why", job.pk)
    assert (candidate.external_id, candidate.title, candidate.text) == ("c1", "A title", "text 1")
    assert candidate.metadata == {"url": "x"}
    assert (label.grade, label.cannot_judge, label.rater.name, label.job_id) == (2, False, "Ann", job.pk)
    assert (label.item.query, label.item.candidate) == (query, candidate)
    assert Reference.objects.get().grade == 2
    assert job.result["counts"] == {"queries": 1, "candidates": 1, "items": 1, "labels": 1}


def test_labels_freeze_the_rubric(project, stored):
    stored(table(PAIRS))

    assert project.rubric.frozen_at is not None


def test_pairs_without_grades_leave_the_rubric_free(project, stored):
    stored(lines(pair(1, 1)))

    assert project.rubric.frozen_at is None


@pytest.mark.parametrize("name", ["file.csv", "file.jsonl", "file.csv.gz"])
def test_the_same_file_twice_changes_nothing(stored, name):
    content = lines(*PAIRS) if "jsonl" in name else table(PAIRS)
    content = packed(content) if "gz" in name else content
    stored(content, name=name)
    before = snapshot()

    job = stored(content, name=name)

    assert snapshot() == before
    assert job.result["counts"] == {"unchanged": 2}


@pytest.mark.parametrize("rows_a_chunk", [1, 2, 20_000])
def test_chunks_make_no_difference(stored, monkeypatch, rows_a_chunk):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", rows_a_chunk)
    rows = [pair(number % 3, number % 5, human_grade=number % 4) for number in range(15)]

    job = stored(table(rows))

    assert job.result["counts"] == {"queries": 3, "candidates": 5, "items": 15, "labels": 15}
    assert Item.objects.count() == Reference.objects.count() == 15


@pytest.mark.parametrize("rows_a_chunk", [1, 20_000])
class TestTwoTextsUnderOneId:
    @pytest.fixture(autouse=True)
    def _chunks(self, monkeypatch, rows_a_chunk):
        monkeypatch.setattr(importer, "ROWS_A_CHUNK", rows_a_chunk)

    def test_of_a_candidate_name_every_row_that_changes_it(self, refused):
        rows = [pair(1, 1), pair(2, 1) | {"candidate": "another"}, pair(3, 1) | {"candidate": "third"}]

        bad = refused(table(rows))

        assert [(row["line"], row["column"]) for row in bad] == [(3, "candidate"), (4, "candidate")]
        assert "Candidate “c1” has another title or text" in bad[0]["reason"]
        assert not Query.objects.exists()

    def test_of_a_query_are_refused(self, refused):
        (bad,) = refused(table([pair(1, 1), pair(1, 2) | {"query": "another"}]))

        assert (bad["line"], bad["column"]) == (3, "query")
        assert "Query “q1” is already known with another query: “query 1”" in bad["reason"]

    def test_of_a_need_are_refused(self, refused):
        (bad,) = refused(table([pair(1, 1, need="one"), pair(1, 2, need="two")]))

        assert (bad["line"], bad["column"]) == (3, "need")

    def test_with_another_title_are_refused(self, refused):
        (bad,) = refused(table([pair(1, 1, title="one"), pair(2, 1, title="two")]))

        assert bad["line"] == 3

    def test_leave_the_good_rows_to_be_stored(self, stored):
        rows = [pair(1, 1, human_grade=1), pair(2, 1) | {"candidate": "another", "human_grade": 2}]

        job = stored(table(rows), good_rows=True)

        assert (job.result["n_bad"], job.result["n_rows"]) == (1, 2)
        assert list(Query.objects.values_list("external_id", flat=True)) == ["q1"]
        assert Candidate.objects.get().text == "text 1"
        assert Label.objects.get().grade == 1

    def test_compare_with_the_store_too(self, stored, refused):
        stored(table([pair(1, 1)]))

        bad = refused(table([pair(2, 1) | {"candidate": "new"}, pair(3, 1) | {"candidate": "new"}]))

        assert [row["line"] for row in bad] == [2, 3]
        assert "in the project" in bad[0]["reason"]
        assert Query.objects.count() == 1

    def test_do_not_spoil_the_rows_that_have_the_right_one(self, stored):
        stored(table([pair(1, 1)]))
        rows = [pair(2, 1) | {"candidate": "new"}, pair(3, 1), pair(4, 1) | {"candidate": ""}]

        job = stored(table(rows), good_rows=True)

        assert [row["line"] for row in job.result["bad_rows"]] == [2]
        assert set(Query.objects.values_list("external_id", flat=True)) == {"q1", "q3", "q4"}


def test_a_title_alone_is_content_too(stored, refused):
    stored(lines(pair(1, 1, title="Only a title") | {"candidate": ""}))

    (bad,) = refused(lines(pair(2, 1, title="Another title") | {"candidate": ""}))

    assert "another title or text" in bad["reason"]


def test_a_text_that_is_missing_in_one_row_comes_from_another(stored):
    rows = [pair(1, 1) | {"candidate": "", "query": ""}, pair(1, 1), pair(1, 1) | {"candidate": ""}]

    stored(lines(*rows))

    assert Candidate.objects.get().text == "text 1"
    assert Query.objects.get().text == "query 1"


@pytest.mark.parametrize("text", ["4", "-1", "2.5", "great", "1e3", "1_0", "nan"])
def test_a_human_grade_outside_the_rubric_is_a_bad_row(refused, text):
    (bad,) = refused(table([pair(1, 1, relevance=text)]))

    assert (bad["line"], bad["column"]) == (2, "relevance")
    assert text in bad["reason"]
    assert "has the grades 0, 1, 2, 3" in bad["reason"]
    assert not Item.objects.exists()


@pytest.mark.parametrize("text", ["3", " 3 ", "3.0", "+3", "3e0"])
def test_a_grade_may_be_written_as_people_do(stored, text):
    stored(table([pair(1, 1, human_grade=text)]))

    assert Label.objects.get().grade == 3


def test_the_same_rater_with_another_grade_is_a_bad_row(stored, refused):
    stored(table([pair(1, 1, human_grade=3, rater="Ann")]))

    (bad,) = refused(table([pair(1, 1, human_grade=2, rater="Ann")]))

    assert "Rater “Ann” has already given this item grade 3" in bad["reason"]
    assert Label.objects.get().grade == 3


@pytest.mark.parametrize("rows_a_chunk", [1, 20_000])
def test_the_same_rater_with_two_grades_in_one_file_is_a_bad_row(refused, monkeypatch, rows_a_chunk):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", rows_a_chunk)

    (bad,) = refused(table([pair(1, 1, human_grade=3), pair(1, 1, human_grade=2)]))

    assert bad["line"] == 3


def test_duplicate_rows_count_once(stored):
    job = stored(table([pair(1, 1, human_grade=3)] * 3))

    assert job.result["counts"]["labels"] == 1
    assert job.result["counts"]["unchanged"] == 2


def test_several_raters_in_one_file_make_one_reference(stored):
    rows = [pair(1, 1, human_grade=grade, rater=name) for name, grade in (("A", 3), ("B", 3), ("C", 0))]

    stored(table(rows))

    reference = Reference.objects.get()
    assert (reference.grade, reference.n_labels) == (3, 3)


def test_a_rater_of_a_file_is_nobody_who_labels_here(project, stored, alice):
    from annotate.models import Rater

    members = Rater.objects.of_user(alice, project)

    for _ in range(2):
        stored(table([pair(1, 1, human_grade=3, rater="alice")]))

    label = Label.objects.get()
    assert label.rater != members
    assert label.rater.name == "alice (2)"


def test_names_that_are_too_long_are_bad_rows(refused):
    (bad,) = refused(table([pair(1, 1, human_grade=3, rater="x" * 201)]))

    assert "201 characters; 200 is the most" in bad["reason"]


def test_nothing_is_stored_unless_every_row_is_good(refused):
    rows = [pair(1, number, human_grade=1) for number in range(50)]
    rows[30]["human_grade"] = 9
    rows[40]["candidate_id"] = ""
    before = snapshot()

    bad = refused(table(rows))

    assert [(row["line"], row["column"]) for row in bad] == [(32, "human_grade"), (42, "candidate_id")]
    assert snapshot() == before


def test_good_rows_alone_are_stored_when_asked_for(stored):
    rows = [pair(number, number, human_grade=1) for number in range(5)]
    rows[3]["human_grade"] = 9
    rows[4]["candidate_id"] = ""

    job = stored(table(rows), good_rows=True)

    assert job.result["n_bad"] == 2
    assert job.result["counts"] == {"queries": 3, "candidates": 3, "items": 3, "labels": 3}
    assert Query.objects.count() == Candidate.objects.count() == 3


def test_a_dry_run_counts_and_stores_nothing(project, stored):
    before = snapshot()

    job = stored(table(PAIRS), dry_run=True)

    assert snapshot() == before
    assert job.result["counts"] == {"queries": 2, "candidates": 2, "items": 3, "labels": 2}
    assert (job.result["dry_run"], job.result["stored"]) == (True, False)


def test_a_dry_run_tells_of_bad_rows_and_is_no_failure(stored):
    job = stored(table([*PAIRS, pair(3, 3, human_grade=7)]), dry_run=True)

    assert job.result["n_bad"] == 1


def test_all_bad_rows_are_in_a_file_and_the_first_hundred_in_the_result(bring, monkeypatch):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", 100)
    rows = [pair(1, number, human_grade="=cmd()" if number % 2 else 9) for number in range(250)]

    job = bring(table(rows))

    assert job.error.startswith("250 rows are bad of 250; nothing was stored.")
    assert [row["line"] for row in job.result["bad_rows"]] == list(range(2, 102))
    listed = read_csv(bad_rows_path(job).read_bytes())
    assert [int(row["line"]) for row in listed] == list(range(2, 252))
    assert set(listed[0]) == {"line", "column", "reason"}


def test_one_row_with_two_faults_is_one_bad_row(stored, refused):
    stored(table([pair(1, 1)]))

    bad = refused(table([pair(1, 1) | {"query": "x", "candidate": "y"}]))

    assert len(bad) == 1


def test_reference_version_grows_with_labels_and_not_without(project, stored):
    stored(table([pair(1, 1)]))
    assert Project.objects.get().reference_version == 0

    stored(table([pair(1, 1, human_grade=1)]))
    assert Project.objects.get().reference_version == 1

    stored(table([pair(1, 1, human_grade=1)]))
    assert Project.objects.get().reference_version == 1

    stored(table([pair(2, 2, human_grade=1)]))
    assert Project.objects.get().reference_version == 2


def test_columns_are_mapped_as_the_user_says(stored):
    rows = [{"a": "q1", "b": "query", "c": "c1", "d": "text", "e": 2, "f": "kept", "g": "not kept"}]
    names = {"a": "query_id", "b": "query", "c": "candidate_id", "d": "candidate", "e": "grade"}

    stored(table(rows), kind="pairs", mapping=names | {"g": "ignore"})

    assert Label.objects.get().grade == 2
    assert Candidate.objects.get().metadata == {"f": "kept"}


def test_one_project_knows_nothing_of_another(project, stored, tmp_path):
    from corpus.services import create_project

    other = create_project("Water")
    stored(table(PAIRS))
    stored(table([pair(1, 1) | {"candidate": "another text"}]), into=other)

    assert Candidate.objects.filter(external_id="c1").count() == 2


def test_texts_of_every_kind_are_stored_as_they_are(stored):
    nasty = 'a\ttab, a "quote", back\\slash \\N \\. \r\n\x01 עברית \u202e 🎉 \\x41'

    stored(lines(pair(1, 1, title=nasty, need=nasty) | {"query": nasty, "candidate": nasty}))

    assert Query.objects.values_list("text", "need").get() == (nasty, nasty)
    assert Candidate.objects.values_list("title", "text").get() == (nasty, nasty)


def test_a_failed_import_says_so_in_a_sentence(bring, tmp_path):
    job = bring(b"PK\x03\x04 a zip file", name="pairs.csv")

    assert job.state == Job.State.FAILED
    assert job.error == (
        "pairs.csv is a zip archive or an Excel file; save the sheet as CSV, or unpack the archive."
    )
