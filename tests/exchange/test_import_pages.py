"""Importing in the browser: upload, preview, mapping, check, start, progress, bad rows, undo."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from annotate.models import Label
from corpus.models import Candidate, Item, Job
from corpus.services import create_project, freeze_all_items
from exchange.importing import run_import
from exchange.importing.preparing import prepare_import, start_import
from exchange.kind_guide import GUIDES
from judges.models import Judge, Verdict

PAIRS = """query_id,query,candidate_id,candidate,human_grade,colour
q1,what slows soil carbon loss,c1,Cover crops keep roots in the ground.,3,red
q1,what slows soil carbon loss,c2,Carbon dates old wood.,0,blue
"""
WITH_BAD_ROWS = PAIRS + "q2,how deep do roots grow,c3,Two metres.,9,red\n,nothing,c4,Nobody asked.,1,red\n"
VERDICTS = """judge,prompt,query_id,candidate_id,grade
gpt-4o,umbrela,q1,c1,3
gpt-4o,umbrela,q1,c2,n/a
gpt-4o,umbrela,q1,c3,12
"""
GERMAN = """Frage;Kandidat;Antwort;Note
was hilft;k1;Zwischenfrüchte;3
"""
SCRIPT = '<script>alert("x")</script>'
HTMX = {"HX-Request": "true"}

real_jobs = pytest.mark.django_db(transaction=True)


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def choices(response, **changes: str) -> dict[str, str]:
    """What the preview's form would send, with some answers changed."""
    form = response.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    assert changes.keys() <= sent.keys()
    return sent | changes


@pytest.fixture
def preview(manager, page):
    """The preview of a draft; with changes, after they were sent."""

    def show(job: Job, **changes: str):
        url = page("import-preview", job.pk)
        response = manager.get(url)
        return manager.post(url, choices(response, **changes)) if changes else response

    return show


@pytest.fixture
def start(manager, page):
    """Presses a button of the preview and does the job, as a worker would; returns the ended job."""

    def press(job: Job, button: str = "import-start", **changes: str) -> Job:
        sent = choices(manager.get(page("import-preview", job.pk)), **changes)
        response = manager.post(page(button, job.pk), sent)
        assert response.status_code == 302
        assert response.url == page("import-detail", job.pk)
        return run_import(job.pk)

    return press


# Upload


def test_the_upload_page_explains_every_kind_with_an_example(manager, page):
    shown = text_of(manager.get(page("import-upload")))
    for guide in GUIDES:
        assert guide.title.replace("'", "&#x27;") in shown
        assert len(guide.example.split("\n")) == 3


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.kind)
def test_every_example_is_read_as_the_kind_it_is_an_example_of(guide, upload, preview):
    found = preview(upload(guide.example, "example.txt")).context["preview"]
    assert found.problem == ""
    assert found.sniffed.kind == guide.kind
    assert found.n_bad == 0


def test_a_file_is_kept_for_its_owner_alone_under_a_name_of_its_own(upload, files):
    job = upload(PAIRS, "../../etc/passwd.csv")
    path = Path(job.params["path"])
    assert path.parent == files / "imports"
    assert "passwd" not in path.name
    assert path.read_text() == PAIRS
    assert path.stat().st_mode & 0o777 == 0o600
    assert job.params["filename"] == "passwd.csv"


def test_an_upload_by_htmx_goes_on_to_the_preview(manager, page, project):
    response = manager.post(page("import-upload"), {"file": BytesIO(PAIRS.encode())}, headers=HTMX)
    assert response.headers["HX-Redirect"] == page("import-preview", project.jobs.get().pk)


@pytest.mark.parametrize("n_bytes", [1001, 200_000], ids=["found while reading", "announced"])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_a_file_over_the_limit_is_refused_and_leaves_nothing(
    n_bytes, headers, manager, page, project, settings, files
):
    settings.UPLOAD_LIMIT = 1000
    response = manager.post(page("import-upload"), {"file": BytesIO(b"x" * n_bytes)}, headers=headers)
    assert response.status_code == (200 if headers else 413)
    assert "The file is larger than 1000 bytes" in response.content.decode()
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


@pytest.mark.parametrize(
    ("sent", "words"), [({}, "Choose a file first."), ({"file": BytesIO(b"")}, "The file is empty.")]
)
def test_nothing_and_an_empty_file_are_no_upload(sent, words, manager, page, project, files):
    assert words in text_of(manager.post(page("import-upload"), sent))
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


@pytest.mark.parametrize("who", ["ann", "vic", "charlie"])
def test_who_may_not_import_leaves_no_file(who, request, client_of, page, project, files):
    client = client_of(request.getfixturevalue(who))
    response = client.post(page("import-upload"), {"file": BytesIO(PAIRS.encode())})
    assert response.status_code == (404 if who == "charlie" else 403)
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


def test_an_upload_from_a_foreign_page_is_refused_and_leaves_no_file(bob, page, project, files):
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post(page("import-upload"), {"file": BytesIO(PAIRS.encode())})
    assert response.status_code == 403
    assert not project.jobs.exists()
    assert not list(files.glob("imports/*"))


# Preview and mapping


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


# Start, check, progress


@real_jobs
def test_an_import_stores_its_rows_and_says_what_it_brought(upload, start, manager, page, project):
    job = start(upload(PAIRS), rater="Eve")
    assert job.state == Job.State.DONE
    shown = text_of(manager.get(page("import-detail", job.pk)))
    assert "Stored 1 query, 2 candidates, 2 items and 2 labels from 2 rows" in shown
    assert "hx-trigger" not in shown.split('id="import-progress"')[1]
    assert Item.objects.for_project(project).count() == 2
    assert set(Label.objects.values_list("rater__name", flat=True)) == {"Eve"}
    listed = text_of(manager.get(page("import-list")))
    assert "1 query, 2 candidates, 2 items and 2 labels" in listed
    assert page("import-undo", job.pk) in listed


@real_jobs
def test_the_same_file_again_brings_nothing_new(upload, start, manager, page):
    start(upload(PAIRS))
    job = start(upload(PAIRS))
    shown = text_of(manager.get(page("import-detail", job.pk)))
    assert "Stored nothing new from 2 rows" in shown
    assert "2 grades were known already" in shown


@real_jobs
def test_a_column_that_is_left_out_is_not_stored(upload, start):
    start(upload(PAIRS), column_5="ignore")
    assert {candidate.metadata for candidate in Candidate.objects.all()} == {None}


@real_jobs
def test_a_check_stores_nothing_and_leads_to_the_import(upload, start, manager, page, project):
    checked = start(upload(PAIRS), "import-check")
    shown = text_of(manager.get(page("import-detail", checked.pk)))
    assert "All 2 rows are good and would bring 1 query, 2 candidates" in shown
    assert not Item.objects.for_project(project).exists()
    response = manager.post(page("import-checked", checked.pk))
    job = project.jobs.first()
    assert response.url == page("import-detail", job.pk)
    assert run_import(job.pk).result["stored"]


@real_jobs
def test_with_a_bad_row_nothing_is_stored_unless_the_good_rows_are_asked_for(
    upload, start, manager, page, project
):
    refused = start(upload(WITH_BAD_ROWS))
    shown = text_of(manager.get(page("import-detail", refused.pk)))
    assert "2 rows are bad of 4; nothing was stored." in shown
    assert "The grade 9 is outside the rubric." in shown
    assert not Item.objects.for_project(project).exists()
    manager.post(page("import-good-rows", refused.pk))
    job = run_import(project.jobs.first().pk)
    assert job.params["path"] == refused.params["path"]
    shown = text_of(manager.get(page("import-detail", job.pk)))
    assert "2 bad rows were left out." in shown
    assert Item.objects.for_project(project).count() == 2


@real_jobs
def test_all_bad_rows_come_as_a_file(upload, start, manager, page):
    rows = "".join(f"q{n},what,c{n},text,9,red\n" for n in range(150))
    job = start(upload(PAIRS + rows))
    shown = text_of(manager.get(page("import-detail", job.pk)))
    assert "The first 100 of 150." in shown
    assert shown.count("is outside the rubric") == 100
    response = manager.get(page("import-bad-rows", job.pk))
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    listed = list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))
    assert len(listed) == 150
    assert listed[0]["column"] == "human_grade"


@real_jobs
def test_the_file_of_bad_rows_runs_no_formula(upload, start, manager, page):
    text = 'query_id,query,candidate_id,candidate,"=HYPERLINK(1)"\nq1,what,c1,text,\n,what,c1,text,1\n'
    job = upload(text)
    job = start(job, column_0="metadata", column_4="query_id")
    content = b"".join(manager.get(page("import-bad-rows", job.pk)).streaming_content).decode()
    assert ",=HYPERLINK" not in content
    assert "'=HYPERLINK(1)" in content


@real_jobs
def test_a_list_of_bad_rows_that_was_deleted_is_missed_in_words(upload, start, manager, page, files):
    job = start(upload(WITH_BAD_ROWS))
    (files / "imports" / f"{job.pk}-bad-rows.csv").unlink()
    response = manager.get(page("import-bad-rows", job.pk), follow=True)
    assert "The list of bad rows is not on the server" in text_of(response)


@real_jobs
def test_names_and_reasons_of_an_ended_import_are_shown_as_text(upload, start, manager, page, project):
    image = "<img src=x onerror=alert(1)>"
    text = PAIRS + f"q9,{image},c9,{image},{image},red\n"
    job = start(upload(text, f"{image}.csv"), rater=image)
    pages = [manager.get(page("import-detail", job.pk))]
    manager.post(page("import-good-rows", job.pk))
    stored = run_import(project.jobs.first().pk)
    pages += [manager.get(page(name, stored.pk)) for name in ("import-detail", "import-undo")]
    pages += [manager.get(page("import-list")), manager.post(page("import-undo", stored.pk), follow=True)]
    for response in pages:
        shown = text_of(response)
        assert "<img src=x" not in shown
        assert "&lt;img src=x onerror" in shown


@real_jobs
def test_verdicts_without_a_grade_are_stored_and_counted_by_outcome(upload, start, manager, page):
    job = start(upload(VERDICTS, "verdicts.csv"))
    assert job.state == Job.State.DONE
    shown = text_of(manager.get(page("import-detail", job.pk)))
    assert "Unreadable: the reply is no grade" in shown
    assert "Out of range: the grade is not in the rubric" in shown
    assert Verdict.objects.count() == 3


@real_jobs
def test_qrels_of_a_judge_become_its_verdicts(upload, start):
    start(upload("q1 0 c1 3\nq1 0 c2 0\n", "llm.txt"), source="judge", judge="gpt-4o")
    assert Judge.objects.get().name == "gpt-4o"
    assert Verdict.objects.count() == 2
    assert not Label.objects.exists()


def test_an_import_at_work_shows_rows_speed_and_time_left(upload, manager, page):
    job = upload(PAIRS)
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        state="running",
        n_done=40_000,
        n_total=100_000,
        started_at=now - timedelta(seconds=20),
        heartbeat_at=now,
    )
    shown = text_of(manager.get(page("import-detail", job.pk), headers=HTMX))
    assert "<html" not in shown
    assert 'hx-trigger="every 1s"' in shown
    assert 'max="100000" value="40000"' in shown
    assert "40,000" in shown
    assert "2,000" in shown
    assert "30 s" in shown


def test_an_import_can_be_cancelled_once(upload, manager, page):
    job = upload(PAIRS)
    start_import(job)
    manager.post(page("import-cancel", job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert "The import was cancelled; nothing was stored." in text_of(
        manager.get(page("import-detail", job.pk))
    )
    response = manager.post(page("import-cancel", job.pk), follow=True)
    assert "had ended already" in text_of(response)


def test_choices_come_too_late_once_an_import_has_started(upload, manager, page):
    job = upload(PAIRS)
    start_import(job)
    before = job.params
    for name in ("import-preview", "import-start", "import-check", "import-discard"):
        response = manager.post(page(name, job.pk), {"kind": "labels"})
        assert response.url == page("import-detail", job.pk)
    job.refresh_from_db()
    assert (job.state, job.params) == (Job.State.QUEUED, before)


def test_an_import_can_be_read_in_another_way(upload, manager, page, project):
    job = upload(PAIRS)
    start_import(job)
    manager.post(page("import-cancel", job.pk))
    response = manager.post(page("import-again", job.pk))
    draft = project.jobs.first()
    assert response.url == page("import-preview", draft.pk)
    assert (draft.state, draft.params["path"]) == (Job.State.DRAFT, job.params["path"])


@pytest.mark.parametrize("button", ["import-again", "import-good-rows", "import-checked"])
def test_a_file_that_is_gone_must_be_uploaded_again(button, upload, manager, page, project):
    job = upload(PAIRS)
    Job.objects.filter(pk=job.pk).update(state="failed", error="Bad rows.")
    Path(job.params["path"]).unlink()
    shown = text_of(manager.post(page(button, job.pk), follow=True))
    assert "The file pairs.csv is no longer on the server. Upload it again." in shown
    assert project.jobs.count() == 1


def test_a_discarded_draft_takes_its_file_with_it(upload, manager, page, django_capture_on_commit_callbacks):
    job = upload(PAIRS)
    with django_capture_on_commit_callbacks(execute=True):
        shown = text_of(manager.post(page("import-discard", job.pk), follow=True))
    assert "pairs.csv was discarded" in shown
    assert not Job.objects.filter(pk=job.pk).exists()
    assert not Path(job.params["path"]).exists()


def test_a_discarded_draft_leaves_a_file_that_others_need(
    upload, manager, page, project, tmp_path, django_capture_on_commit_callbacks
):
    job = upload(PAIRS)
    Job.objects.filter(pk=job.pk).update(state="failed")
    manager.post(page("import-again", job.pk))
    theirs = tmp_path / "theirs.csv"
    theirs.write_text(PAIRS)
    by_command = prepare_import(project, theirs, filename="theirs.csv")
    drafts = project.jobs.filter(state="draft")
    with django_capture_on_commit_callbacks(execute=True):
        for draft in drafts:
            manager.post(page("import-discard", draft.pk))
    assert by_command in drafts.model.objects.filter(pk=by_command.pk) or theirs.exists()
    assert Path(job.params["path"]).exists()
    assert theirs.exists()


# Undo


@real_jobs
def test_undo_says_what_it_takes_back_and_takes_it_back(upload, start, manager, page, project):
    job = start(upload(PAIRS))
    shown = text_of(manager.get(page("import-undo", job.pk)))
    assert "This takes back 1 query, 2 candidates, 2 items and 2 labels." in shown
    assert Item.objects.for_project(project).count() == 2
    shown = text_of(manager.post(page("import-undo", job.pk), follow=True))
    assert "The import of pairs.csv was undone." in shown
    assert not Item.objects.for_project(project).exists()
    again = text_of(manager.post(page("import-undo", job.pk), follow=True))
    assert "there is nothing to undo" in again


@real_jobs
def test_undo_is_refused_in_words_while_something_is_built_on_the_import(
    upload, start, manager, page, project
):
    job = start(upload(PAIRS))
    freeze_all_items(project)
    shown = text_of(manager.post(page("import-undo", job.pk)))
    assert "This import cannot be undone: 2 entries of item sets depend on it." in shown
    assert Item.objects.for_project(project).count() == 2


# Whose imports


def test_an_empty_list_leads_to_the_first_import(manager, page):
    shown = text_of(manager.get(page("import-list")))
    assert "No imports yet" in shown
    assert page("import-upload") in shown


def test_long_lists_come_in_pages(manager, page, project):
    Job.objects.bulk_create(
        Job(project=project, kind="import", params={"filename": f"file-{n}.csv"}) for n in range(60)
    )
    first = text_of(manager.get(page("import-list")))
    assert "file-59.csv" in first
    assert "file-5.csv" not in first
    older = text_of(manager.get(page("import-list"), {"before": project.jobs.all()[49].pk}))
    assert "file-5.csv" in older


NAMES = ["detail", "preview", "undo", "bad-rows"]
BUTTONS = ["preview", "start", "check", "discard", "cancel", "again", "checked", "good-rows", "undo"]


@pytest.mark.parametrize("kind", ["import of another project", "export of this project"])
def test_other_jobs_are_not_to_be_found_here(kind, manager, page, project, tmp_path):
    other = project if kind.startswith("export") else create_project("Other")
    job = Job.objects.create(
        project=other,
        kind="export" if kind.startswith("export") else "import",
        state="draft",
        params={"path": str(tmp_path / "x"), "filename": "x"},
    )
    for name in NAMES:
        assert manager.get(page(f"import-{name}", job.pk)).status_code == 404
    for name in BUTTONS:
        assert manager.post(page(f"import-{name}", job.pk)).status_code == 404
    job.refresh_from_db()
    assert job.state == "draft"
