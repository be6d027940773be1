"""Importing in the browser, past the preview: check, start, progress, bad rows, undo."""

import csv
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.utils import timezone

from annotate.models import Label
from corpus.models import Candidate, Item, Job
from corpus.services import create_project, freeze_all_items
from exchange.importing import run_import
from exchange.importing.preparing import prepare_import, start_import
from judges.models import Judge, Verdict
from tests.exchange.import_pages import HTMX, PAIRS, WITH_BAD_ROWS, real_jobs, text_of

VERDICTS = """judge,prompt,query_id,candidate_id,grade
gpt-4o,umbrela,q1,c1,3
gpt-4o,umbrela,q1,c2,n/a
gpt-4o,umbrela,q1,c3,12
"""


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
