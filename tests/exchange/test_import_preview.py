"""The preview of an import: its rows, bad rows, kind, columns and encoding."""

from pathlib import Path

import pytest

from corpus.models import Job
from tests.exchange.import_pages import HTMX, PAIRS, WITH_BAD_ROWS, choices, text_of

GERMAN = """Frage;Kandidat;Antwort;Note
was hilft;k1;Zwischenfrüchte;3
"""
SCRIPT = '<script>alert("x")</script>'


def test_the_preview_shows_the_rows_as_they_will_be_stored(upload, preview):
    response = preview(upload(PAIRS))
    shown = text_of(response)
    assert "Read as pairs" in shown
    assert "columns separated by commas" in shown
    assert 'title="3 Perfectly relevant"' in shown
    assert "{&quot;colour&quot;:&quot;red&quot;}" in shown
    assert response.context["preview"].n_bad == 0


def test_bad_rows_are_marked_with_their_reason(upload, preview):
    response = preview(upload(WITH_BAD_ROWS))
    shown = text_of(response)
    assert "human_grade: The grade 9 is outside the rubric." in shown
    assert "query_id: The id is empty." in shown
    assert response.context["preview"].n_bad == 2


def test_another_kind_is_previewed_in_place(upload, preview, manager, page):
    job = upload(PAIRS)
    sent = choices(preview(job), kind="labels")
    shown = text_of(manager.post(page("import-preview", job.pk), sent, headers=HTMX))
    assert shown.lstrip().startswith('<form id="choices"')
    found = preview(job).context["preview"]
    assert found.sniffed.kind == "labels"
    assert "candidate" not in found.fields
    job.refresh_from_db()
    assert job.params["kind"] == "labels"


def test_columns_without_a_known_name_are_named_by_the_user(upload, preview):
    job = upload(GERMAN, "deutsch.csv")
    first = preview(job)
    assert "fit no kind of file" in text_of(first)
    assert "--" not in first.context["problem"]
    second = preview(job, kind="pairs")
    assert [(column, example) for column, example, _ in second.context["form"].mapping_rows()] == [
        ("Frage", "was hilft"),
        ("Kandidat", "k1"),
        ("Antwort", "Zwischenfrüchte"),
        ("Note", "3"),
    ]
    assert "names no column of pairs" in second.context["problem"]
    third = preview(job, column_0="query", column_1="candidate_id", column_2="candidate", column_3="grade")
    assert "needs query_id" in third.context["problem"]
    preview(job, kind="labels")
    fourth = preview(
        job, column_0="query_id", column_1="candidate_id", column_2="rationale", column_3="grade"
    )
    assert fourth.context["problem"] == ""
    assert fourth.context["preview"].rows[0].cells == ("was hilft", "k1", "imported", 3, "Zwischenfrüchte")


def test_a_field_goes_to_the_column_that_was_changed_last(upload, preview):
    job = upload(PAIRS)
    mapping = preview(job, column_5="grade").context["preview"].mapping
    assert mapping["colour"] == "grade"
    assert mapping["human_grade"] == "metadata"


def test_the_columns_of_trecs_formats_are_not_up_for_mapping(upload, preview):
    response = preview(upload("q1 0 c1 3\nq2 0 c2 1\n", "qrels.txt"))
    assert response.context["form"].mapping_rows() == []


def test_qrels_are_a_persons_or_a_judges(upload, preview):
    job = upload("q1 0 c1 3\nq1 0 c2 7\n", "qrels.txt")
    assert preview(job, rater="Eve").context["preview"].rows[0].cells == ("q1", "c1", "Eve", 3)
    nameless = preview(job, source="judge")
    assert "Name the judge whose grades these are." in text_of(nameless)
    rows = preview(job, source="judge", judge="gpt-4o").context["preview"].rows
    assert rows[0].cells == ("gpt-4o", "q1", "c1", "graded", 3, "")
    assert rows[1].cells == ("gpt-4o", "q1", "c2", "out of range", None, "7")
    job.refresh_from_db()
    assert (job.params["judge"], job.params["rater"]) == ("gpt-4o", "")


def test_verdicts_without_a_judge_ask_for_one(upload, preview):
    job = upload("query_id,candidate_id,grade\nq1,c1,3\n", "verdicts.csv")
    rows = preview(job, kind="verdicts").context["preview"].rows
    assert rows[0].column == "judge"
    named = preview(job, judge="gpt-4o").context["preview"]
    assert [row.reason for row in named.rows] == [""]


def test_concords_own_export_is_previewed_as_it_will_be_stored(upload, preview):
    job = upload(
        "query_id,candidate_id,rater_kind,rater,outcome,grade,raw\n"
        "q1,c1,person,Eve,graded,3,\nq1,c1,person,Bob,abstained,,\nq1,c1,judge,gpt-4o,unreadable,,dunno\n"
    )
    found = preview(job).context["preview"]
    assert found.sniffed.kind == "grades"
    rows = [dict(zip(found.fields, row.cells, strict=True)) for row in found.rows]
    assert [(row["rater"], row["grade"], row["outcome"]) for row in rows] == [
        ("Eve", 3, None),
        ("Bob", None, "cannot judge"),
        ("gpt-4o", None, "unreadable"),
    ]


def test_an_encoding_can_be_chosen(upload, preview):
    job = upload("query_id,query\nq1,d\xe9j\xe0 vu\n".encode("cp1252"), "topics.csv")
    wrong = preview(job, encoding="cp1251").context["preview"]
    assert wrong.rows[0].cells[1] != "déjà vu"
    assert preview(job, encoding="cp1252").context["preview"].rows[0].cells[1] == "déjà vu"


def test_what_cannot_be_read_is_said_with_the_users_name_of_the_file(upload, manager, page):
    job = upload(b"PK\x03\x04 and so on", "sheet.xlsx")
    shown = text_of(manager.get(page("import-preview", job.pk)))
    assert "sheet.xlsx is a zip archive or an Excel file" in shown
    assert Path(job.params["path"]).name not in shown
    sent = {"kind": "pairs", "encoding": ""}
    assert "sheet.xlsx is a zip archive" in text_of(manager.post(page("import-start", job.pk), sent))
    job.refresh_from_db()
    assert job.state == Job.State.DRAFT


def test_a_draft_whose_file_was_deleted_says_so(upload, preview):
    job = upload(PAIRS)
    Path(job.params["path"]).unlink()
    assert "There is no file pairs.csv" in text_of(preview(job))


@pytest.mark.parametrize("column", ["zero\\u0000byte", "grade\\u202e", "=1+1", "a" * 300])
def test_odd_column_names_can_be_mapped_or_left(column, upload, preview):
    job = upload(f'{{"query_id": "q1", "candidate_id": "c1", "grade": 1, "{column}": "x"}}\n', "odd.jsonl")
    assert preview(job, kind="labels").context["preview"].problem == ""
    assert preview(job, column_3="rationale").status_code == 200


@pytest.mark.parametrize("sent", [{"kind": "nonsense"}, {"column_0": "nonsense"}, {"judge": "x" * 201}])
def test_choices_that_are_none_change_nothing(sent, upload, manager, page):
    job = upload(PAIRS)
    before = job.params
    assert manager.post(page("import-preview", job.pk), {"kind": "pairs", **sent}).status_code == 200
    job.refresh_from_db()
    assert job.params == before


def test_imported_text_and_names_are_shown_as_text(upload, preview, manager, page):
    text = f'query_id,query,candidate_id,candidate,"{SCRIPT.replace(chr(34), chr(34) * 2)}"\n'
    job = upload(text + f"{SCRIPT.replace(chr(34), '')},{SCRIPT},c1,x,y\n", f"{SCRIPT}.csv".replace("/", "|"))
    for response in (preview(job), preview(job, kind="labels"), manager.get(page("import-list"))):
        shown = text_of(response)
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert" in shown
