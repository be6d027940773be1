import io
import json

import pytest
from django.core.management import CommandError, call_command

from corpus.models import Membership, User


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("user", *arguments, stdout=out)
    return out.getvalue()


def test_a_user_is_made_with_a_password_that_is_printed_once(db):
    printed = run("add", "dora")
    password = printed.split("shown only now: ")[1].strip()
    assert User.objects.get(username="dora").check_password(password)


def test_json_is_the_only_thing_on_stdout(project):
    made = json.loads(run("add", "dora", "--admin", "--project", "soil", "--role", "manager", "--json"))
    assert made["site_admin"] is True
    assert User.objects.get(username="dora").check_password(made["password"])
    assert Membership.objects.get(user__username="dora").role == "manager"
    (listed,) = json.loads(run("list", "--json"))
    assert listed["projects"] == {"soil": "manager"}
    assert listed["active"] is True


def test_a_given_password_is_read_from_stdin_and_never_printed(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("Reg3n-wurm-42\n"))
    assert "Reg3n" not in run("add", "dora", "--password-stdin")
    assert User.objects.get(username="dora").check_password("Reg3n-wurm-42")


def test_a_weak_password_is_refused_and_nobody_is_made(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(CommandError, match="too short"):
        run("add", "dora", "--password-stdin")
    assert not User.objects.exists()


def test_a_name_in_use_and_a_name_that_is_none_are_refused(alice):
    with pytest.raises(CommandError, match="already"):
        run("add", "alice")
    with pytest.raises(CommandError, match="valid username"):
        run("add", "a b<c>")


def test_an_existing_user_is_brought_into_a_project(charlie, project):
    assert "Password" not in run("add", "charlie", "--project", "soil")
    assert Membership.objects.get(user=charlie).role == "annotator"


def test_an_unknown_project_makes_nobody(db):
    with pytest.raises(CommandError, match="no project none"):
        run("add", "dora", "--project", "none")
    assert not User.objects.exists()


def test_a_password_is_replaced(alice):
    password = run("password", "alice").split("shown only now: ")[1].strip()
    alice.refresh_from_db()
    assert alice.check_password(password)


def test_somebody_is_shut_out_and_let_in_again(alice):
    run("deactivate", "alice")
    alice.refresh_from_db()
    assert not alice.is_active
    assert "cannot log in" in run("list")
    run("activate", "alice")
    alice.refresh_from_db()
    assert alice.is_active


def test_the_last_site_admin_is_not_shut_out(root):
    with pytest.raises(CommandError, match="only active site admin"):
        run("deactivate", "root")
