"""Who did what: written with the act, kept for good, shown to those who manage."""

import json

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.urls import reverse

from corpus.audit import acting, record
from corpus.deleting import delete_project
from corpus.models import AuditEntry, Membership
from corpus.models.audit import Verb
from corpus.services import save_project

LOG = "/p/soil/team/log/"


def verbs(project=None) -> list[str]:
    return list(AuditEntry.objects.filter(project=project).order_by("id").values_list("verb", flat=True))


def test_the_acts_of_a_day_are_written_down_with_their_actor(client_of, alice, bob, ann, project):
    owner = client_of(alice)
    sent = {"name": "Soil", "reference_rule": "mean", "may_leave": "on"}
    owner.post("/p/soil/settings/", sent)
    member = Membership.objects.get(user=ann)
    manager = client_of(bob)
    manager.post(reverse("corpus:member-pause", args=["soil", member.pk]))
    manager.post(reverse("corpus:member-resume", args=["soil", member.pk]))
    owner.post(reverse("corpus:member-change", args=["soil", member.pk]), {"role": "viewer"})
    manager.post("/p/soil/team/invitations/new/", {"role": "viewer", "lasts": "7"})
    manager.post("/p/soil/exports/new/", {"file_format": "csv", "what": "labels"})
    owner.post(reverse("corpus:member-remove", args=["soil", member.pk]))
    done = AuditEntry.objects.filter(project=project).order_by("id").values_list("verb", "actor__username")
    assert list(done) == [
        ("project.made", None),
        ("settings.changed", "alice"),
        ("member.paused", "bob"),
        ("member.resumed", "bob"),
        ("member.role", "alice"),
        ("invitation.made", "bob"),
        ("export.started", "bob"),
        ("member.removed", "alice"),
    ]


def test_settings_say_what_became_of_the_rule_and_nothing_of_texts(client_of, alice, project):
    sent = {"name": "Soil", "reference_rule": "mean", "guidelines": "secret guidelines"}
    client_of(alice).post("/p/soil/settings/", sent)
    entry = AuditEntry.objects.get(verb=Verb.SETTINGS_CHANGED)
    assert entry.details == {"changed": "guidelines, reference_rule", "reference_rule": "mean"}


def test_settings_sent_again_unchanged_are_no_act(client_of, alice, project):
    client_of(alice).post("/p/soil/settings/", {"name": "Soil", "reference_rule": "majority"})
    assert verbs(project) == ["project.made"]


def test_what_is_undone_is_not_written_down(project, alice):
    class Undone(Exception):
        pass

    def save_and_fail() -> None:
        with transaction.atomic(), acting(alice):
            save_project(project, changed=["description"])
            raise Undone

    with pytest.raises(Undone):
        save_and_fail()
    assert verbs(project) == ["project.made"]


def test_an_act_outside_any_page_has_no_person(project, alice):
    with acting(alice):
        assert record(Verb.ROUND_MADE, project=project).actor == alice
    assert record(Verb.ROUND_MADE, project=project).actor is None


def test_users_are_an_affair_of_the_site(client_of, root, project):
    client_of(root).post("/users/new/", {"username": "dora", "is_superuser": "on"})
    found = AuditEntry.objects.filter(project=None).order_by("id").values_list("verb", "actor", "object_name")
    assert list(found) == [("user.made", root.pk, "dora"), ("user.admin", root.pk, "dora")]


def test_an_entry_is_never_changed(project):
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        AuditEntry.objects.update(verb="other")


def test_an_entry_is_never_deleted(project):
    with pytest.raises(DatabaseError, match="never changed or deleted"), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_a_deleted_project_leaves_who_deleted_it(project, alice):
    from corpus.services import create_project

    other = create_project("Other")
    with acting(alice):
        delete_project(project)
    left = AuditEntry.objects.get(project=None)
    assert (left.verb, left.actor, left.object_name) == ("project.deleted", alice, "Soil")
    assert left.details == {"slug": "soil"}
    assert verbs(other) == ["project.made"]


def test_the_page_filters_by_person_and_act(client_of, alice, bob, project):
    with acting(alice):
        record(Verb.ROUND_OPENED, project, project=project)
    with acting(bob):
        record(Verb.ROUND_CLOSED, project, project=project)
    client = client_of(bob)

    def shown(**sent) -> list[str]:
        return [entry.verb for entry in client.get(LOG, sent).context["page"].rows]

    assert shown() == ["round.closed", "round.opened", "project.made"]
    assert shown(by=alice.pk) == ["round.opened"]
    assert shown(verb="round.closed") == ["round.closed"]
    assert shown(by=bob.pk, verb="round.opened") == []
    assert shown(by="nonsense", verb="nonsense") == ["round.closed", "round.opened", "project.made"]


def test_the_filter_names_nobody_who_did_nothing_here(client_of, bob, charlie, project):
    assert "charlie" not in client_of(bob).get(LOG).content.decode()


def test_long_logs_have_pages_by_key(client_of, bob, project):
    for _ in range(60):
        record(Verb.ROUND_OPENED, project=project)
    client = client_of(bob)
    first = client.get(LOG, {"verb": "round.opened"})
    older = client.get(LOG, {"verb": "round.opened", "before": first.context["page"].older})
    assert [len(page.context["page"].rows) for page in (first, older)] == [50, 10]
    assert "verb=round.opened" in first.content.decode()


def test_the_command_prints_json_lines(project, alice, capsys):
    with acting(alice):
        record(Verb.ROUND_OPENED, project, project=project, items=3)
    call_command("audit", "soil", "--json")
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["verb"] for row in rows] == ["project.made", "round.opened"]
    assert rows[1] | {"at": ""} == {
        "at": "",
        "by": "alice",
        "verb": "round.opened",
        "object_kind": "project",
        "object_id": project.pk,
        "object_name": "Soil",
        "details": {"items": 3},
    }


def test_the_command_prints_sentences_and_the_site(project, alice, capsys):
    delete_project(project)
    call_command("audit")
    assert "the command line deleted the project Soil" in capsys.readouterr().out
