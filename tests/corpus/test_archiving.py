"""An archived project: seen and exported, never changed; what each role meets is in tests/flows."""

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from corpus.archiving import ProjectBusy, archive_project, unarchive_project
from corpus.models import Job

ARCHIVE = "/p/soil/settings/archive/"


def test_an_owner_archives_and_brings_back(client_of, alice, project):
    client = client_of(alice)
    page = client.post(ARCHIVE, follow=True).content.decode()
    assert "nothing changes" in page
    project.refresh_from_db()
    assert project.archived_at is not None
    assert client.post("/p/soil/settings/", {"name": "New"}).status_code == 403
    client.post("/p/soil/settings/unarchive/")
    project.refresh_from_db()
    assert project.archived_at is None
    assert client.get("/p/soil/settings/").status_code == 200


def test_every_page_of_it_says_so(client_of, alice, bob, vic, project):
    archive_project(project)
    for user in (alice, bob, vic):
        assert "This project is archived" in client_of(user).get("/p/soil/").content.decode()
    assert "archived" in client_of(vic).get("/").content.decode()


def test_what_is_in_it_can_still_be_exported(client_of, bob, project):
    archive_project(project)
    client = client_of(bob)
    assert client.get("/p/soil/exports/").status_code == 200
    sent = {"file_format": "csv", "what": "both"}
    assert client.post(reverse("exchange:export-create", args=["soil"]), sent).status_code == 302
    assert Job.objects.get().kind == "export"


def test_an_owner_may_delete_it(client_of, alice, project):
    archive_project(project)
    response = client_of(alice).post("/p/soil/settings/delete/", {"name": "Soil"})
    assert response.url == "/"


def test_work_that_goes_on_is_ended_first(client_of, alice, project):
    Job.objects.create(project=project, kind=Job.Kind.JUDGE, state=Job.State.RUNNING)
    with pytest.raises(ProjectBusy, match="1 jobs"):
        archive_project(project)
    assert "Work is going on" in client_of(alice).post(ARCHIVE, follow=True).content.decode()


@pytest.mark.parametrize("command", [["import", "soil", __file__], ["judge", "soil", "--judge", "any"]])
def test_commands_change_nothing_in_it(project, command):
    archive_project(project)
    with pytest.raises(CommandError, match="is archived"):
        call_command(*command)


def test_archiving_twice_is_archiving_once(project):
    archive_project(project)
    project.refresh_from_db()
    first = project.archived_at
    archive_project(project)
    project.refresh_from_db()
    assert project.archived_at == first
    unarchive_project(project)
    unarchive_project(project)
    done = project.audit_entries.order_by("id").values_list("verb", flat=True)
    assert list(done) == ["project.made", "project.archived", "project.unarchived"]
