"""Exporting in the browser: the form, the progress, the file."""

import csv
import hashlib
from datetime import timedelta
from io import StringIO

import orjson
import pytest
from django.utils import timezone

from corpus.models import Job
from corpus.services import create_project
from exchange.exporting import export_path, prepare_export, run_export
from exchange.importing import run_import
from exchange.importing.preparing import prepare_import, start_import
from exchange.long_form import COLUMNS
from exchange.long_form_guide import COLUMN_WORDS, VARIANT_WORDS
from judges.models import Judge

PAIRS = """query_id,query,candidate_id,candidate,human_grade
q1,=1+1,c1,Cover crops keep roots in the ground.,3
q1,=1+1,c2,Carbon dates old wood.,0
"""
VERDICTS = "judge,prompt,query_id,candidate_id,grade\n{judge},umbrela,q1,c1,2\n{judge},umbrela,q1,c2,x\n"
HTMX = {"HX-Request": "true"}
JUDGE = "<img src=x onerror=alert(1)>"

real_jobs = pytest.mark.django_db(transaction=True)


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def graded(transactional_db, project, tmp_path):
    """The project with two labels and two verdicts of a judge with a nasty name."""
    for name, text in (("pairs.csv", PAIRS), ("verdicts.csv", VERDICTS.format(judge=JUDGE))):
        path = tmp_path / name
        path.write_text(text)
        job = prepare_import(project, path, filename=name)
        start_import(job)
        assert run_import(job.pk).result["stored"]
    return project


@pytest.fixture
def export(manager, page, project):
    """Presses Export and does the job, as a worker would; returns the ended job."""

    def press(**sent: object) -> Job:
        response = manager.post(page("export-create"), {"what": "both", **sent})
        assert response.status_code == 302
        assert response.url == page("export-list")
        return run_export(project.jobs.filter(kind="export").first().pk)

    return press


ATTACKS = """query_id,query,candidate_id,candidate,human_grade,carrier,attack
q1,=1+1,a1,=1+1 Carbon dates old wood.,0,random,query
"""


@real_jobs
def test_variants_go_out_with_their_item_set(project, export, manager, page, tmp_path):
    path = tmp_path / "attacks.csv"
    path.write_text(ATTACKS)
    job = prepare_import(project, path, filename="attacks.csv")
    start_import(job)
    run_import(job.pk)

    refused = manager.post(page("export-create"), {"what": "both", "file_format": "csv"})
    assert "All items of this project are variants: choose one of their item sets." in text_of(refused)

    job = export(file_format="csv", item_set=project.item_sets.get().pk)
    content = b"".join(manager.get(page("export-download", job.pk)).streaming_content)
    (row,) = csv.DictReader(StringIO(content.decode()))
    assert (row["candidate_id"], row["carrier"], row["attack"]) == ("a1", "random", "query")
    assert "Labels and verdicts, of “Attacks, attacks.csv”, CSV" in text_of(manager.get(page("export-list")))


def test_every_column_of_the_long_form_is_explained():
    assert list(COLUMN_WORDS) == [name for name, *_ in COLUMNS]


def test_the_page_offers_the_formats_and_explains_the_columns(manager, page):
    shown = text_of(manager.get(page("export-list")))
    assert "No exports yet" in shown
    assert "Qrels for trec_eval" in shown
    for name in (*COLUMN_WORDS, *VARIANT_WORDS):
        assert f"<code>{name}</code>" in shown


@real_jobs
def test_labels_and_verdicts_come_as_csv_that_runs_no_formula(graded, export, manager, page):
    job = export(file_format="csv")
    response = manager.get(page("export-download", job.pk))
    content = b"".join(response.streaming_content)
    rows = list(csv.DictReader(StringIO(content.decode())))
    assert [row["rater_kind"] for row in rows].count("person") == 2
    assert [row["rater_kind"] for row in rows].count("judge") == 2
    assert {row["query"] for row in rows} == {"'=1+1"}
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="soil-both-{job.pk}.csv"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    listed = text_of(manager.get(page("export-list")))
    assert "Labels and verdicts, CSV" in listed
    assert hashlib.sha256(content).hexdigest() in listed
    assert f"{len(content)}\xa0bytes" in listed
    assert "hx-trigger" not in listed.split('id="exports"')[1]


@real_jobs
def test_verdicts_alone_come_as_json_lines(graded, export, manager, page):
    job = export(file_format="jsonl", what="verdicts")
    content = b"".join(manager.get(page("export-download", job.pk)).streaming_content)
    rows = [orjson.loads(line) for line in content.splitlines()]
    assert {row["rater"] for row in rows} == {JUDGE}
    assert {row["outcome"] for row in rows} == {"graded", "unreadable"}


@real_jobs
@pytest.mark.parametrize(
    ("whose", "expected"), [("reference", ["q1 0 c1 3", "q1 0 c2 0"]), ("judge", ["q1 0 c1 2"])]
)
def test_qrels_are_the_references_or_one_judges(whose, expected, graded, export, manager, page):
    judge = Judge.objects.get()
    job = export(file_format="qrels", judge=judge.pk if whose == "judge" else "")
    content = b"".join(manager.get(page("export-download", job.pk)).streaming_content)
    assert content.decode().splitlines() == expected


@real_jobs
def test_the_names_of_judges_are_shown_as_text(graded, export, manager, page):
    export(file_format="qrels", judge=Judge.objects.get().pk)
    shown = text_of(manager.get(page("export-list")))
    assert "<img src=x" not in shown
    assert shown.count("&lt;img src=x onerror=alert(1)&gt;") == 3  # the form's choice, the title, its button


@real_jobs
def test_judges_of_other_projects_are_no_choice(graded, manager, page, project):
    other = create_project("Other")
    judge = Judge.objects.create(project=other, name="theirs", rubric=other.rubric)
    response = manager.post(
        page("export-create"), {"what": "both", "file_format": "qrels", "judge": judge.pk}
    )
    assert "Select a valid choice" in text_of(response)
    assert not project.jobs.filter(kind="export").exists()


@pytest.mark.parametrize(
    "sent",
    [{}, {"what": "both"}, {"file_format": "exe", "what": "both"}, {"file_format": "csv", "what": "x"}],
)
def test_what_is_no_choice_starts_nothing(sent, manager, page, project):
    assert manager.post(page("export-create"), sent).status_code == 200
    assert not project.jobs.exists()


def test_an_export_at_work_shows_its_progress(manager, page, project):
    job = prepare_export(project)
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        state="running",
        n_done=40_000,
        n_total=100_000,
        started_at=now - timedelta(seconds=20),
        heartbeat_at=now,
    )
    shown = text_of(manager.get(page("export-list"), headers=HTMX))
    assert shown.lstrip().startswith('<section id="exports"')
    assert 'hx-trigger="every 1s"' in shown
    assert 'max="100000" value="40000"' in shown
    assert "2,000 rows a second, 30 s left" in shown
    response = manager.get(page("export-download", job.pk), follow=True)
    assert "This export has no file (yet)." in text_of(response)


def test_an_export_can_be_cancelled_once(manager, page, project):
    job = prepare_export(project)
    manager.post(page("export-cancel", job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert "had ended already" in text_of(manager.post(page("export-cancel", job.pk), follow=True))


@real_jobs
def test_a_file_that_was_deleted_is_missed_in_words(graded, export, manager, page):
    job = export(file_format="csv")
    export_path(job).unlink()
    listed = text_of(manager.get(page("export-list")))
    assert "file no longer on the server" in listed
    assert page("export-download", job.pk) not in listed
    response = manager.get(page("export-download", job.pk), follow=True)
    assert "The file of this export is not on the server (any more)." in text_of(response)


@real_jobs
def test_what_a_command_wrote_elsewhere_is_not_served(graded, manager, page, project, tmp_path):
    job = prepare_export(project, out=tmp_path / "mine.csv")
    run_export(job.pk)
    assert "written by command" in text_of(manager.get(page("export-list")))
    response = manager.get(page("export-download", job.pk))
    assert response.status_code == 302


@pytest.mark.parametrize("kind", ["export of another project", "import of this project"])
def test_other_jobs_are_not_to_be_found_here(kind, manager, page, project):
    other = create_project("Other")
    if kind.startswith("export"):
        job = prepare_export(other)
    else:
        job = Job.objects.create(project=project, kind="import", params={"filename": "x"})
    assert manager.get(page("export-download", job.pk)).status_code == 404
    assert manager.post(page("export-cancel", job.pk)).status_code == 404
    job.refresh_from_db()
    assert job.state == Job.State.QUEUED


@pytest.mark.parametrize("who", ["ann", "vic", "charlie"])
def test_who_may_not_export_starts_nothing(who, request, client_of, page, project):
    client = client_of(request.getfixturevalue(who))
    response = client.post(page("export-create"), {"file_format": "csv", "what": "both"})
    assert response.status_code == (404 if who == "charlie" else 403)
    assert not project.jobs.exists()
