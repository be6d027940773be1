"""Files on disk end with their project, or when they are old; nothing else is ever touched."""

import os
import time
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from corpus.deleting import delete_project
from corpus.models import Job
from corpus.services import create_project
from exchange.exporting import export_path, prepare_export
from exchange.importing.importer import bad_rows_path
from exchange.importing.preparing import prepare_import
from exchange.importing.repeating import repeat_import
from exchange.tidying import tidy


@pytest.fixture
def left_behind(project, files):
    """An ended import with its upload and its list of bad rows, and an ended export."""
    for folder in ("imports", "exports"):
        (files / folder).mkdir(parents=True)
    upload = files / "imports" / "abc.upload"
    imported = prepare_import(project, upload, filename="pairs.csv")
    exported = prepare_export(project)
    found = [upload, bad_rows_path(imported), export_path(exported)]
    for path in found:
        path.write_text("x")
    return imported, exported, found


def end(*jobs: Job, days: int) -> None:
    ended = timezone.now() - timedelta(days=days)
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(state="done", finished_at=ended)


def test_files_of_jobs_that_ended_long_ago_go(left_behind):
    imported, exported, found = left_behind
    end(imported, exported, days=31)
    assert tidy(days=30) == 3
    assert not any(path.exists() for path in found)


def test_files_of_young_and_of_unfinished_jobs_stay(left_behind):
    _imported, exported, found = left_behind
    end(exported, days=29)
    assert tidy(days=30) == 0
    assert all(path.exists() for path in found)


def test_a_file_that_a_younger_import_reads_too_stays(left_behind, bob):
    imported, exported, found = left_behind
    end(imported, exported, days=31)
    repeat_import(imported, by=bob)
    tidy(days=30)
    assert [path.exists() for path in found] == [True, False, False]


def test_files_that_no_job_names_go_after_a_day(left_behind, files):
    old, young = files / "exports" / "999.csv", files / "imports" / "on-its-way.upload"
    old.write_text("x")
    young.write_text("x")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    assert tidy(days=30) == 1
    assert young.exists()
    assert not old.exists()


def test_files_elsewhere_are_never_ours(project, files, tmp_path):
    elsewhere, out = tmp_path / "mine.csv", tmp_path / "out.csv"
    for path in (elsewhere, out):
        path.write_text("x")
    jobs = [prepare_import(project, elsewhere, filename="mine.csv"), prepare_export(project, out=out)]
    end(*jobs, days=400)
    assert tidy(days=30) == 0
    delete_project(project)
    assert elsewhere.exists()
    assert out.exists()


@pytest.mark.django_db(transaction=True)
def test_a_projects_files_go_with_it(left_behind, files):
    other = prepare_export(create_project("Other"))
    export_path(other).write_text("x")
    delete_project(left_behind[0].project)
    assert not any(path.exists() for path in left_behind[2])
    assert export_path(other).exists()


def test_the_command_says_how_many(left_behind, capsys):
    end(*left_behind[:2], days=31)
    call_command("tidy")
    assert capsys.readouterr().out == "3 files deleted.\n"


def test_only_the_upload_page_takes_files(client_of, bob, project, files):
    file = BytesIO(b"x" * 5_000_000)
    file.name = "big.csv"
    client = client_of(bob)
    for url in ("/p/soil/exports/new/", "/projects/new/"):
        response = client.post(url, {"name": "Mine", "file": file})
        assert response.status_code in (200, 302, 400)
        assert not response.wsgi_request.FILES
    assert not files.exists()
    file.seek(0)
    response = client.post(reverse("exchange:import-upload", args=["soil"]), {"file": file})
    assert response.status_code == 302
