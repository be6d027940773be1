"""A database without a fit pgvector is refused in a sentence, before a migration changes anything."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from mining import checks
from mining.checks import Facts, problem_with, read_facts


def facts(installed: str | None, offered: str | None, *, may_create: bool = True) -> Facts:
    return Facts(installed, offered, may_create, role="concord", database="answers")


@pytest.mark.parametrize(
    "fit",
    [
        facts("0.7.0", "0.7.0"),
        facts("0.10.1", "0.10.1", may_create=False),
        facts("1.0", None),
        facts(None, "0.8.6"),
    ],
)
def test_a_fit_pgvector_is_no_problem(fit):
    assert problem_with(fit) is None


@pytest.mark.parametrize(
    ("unfit", "said", "hint"),
    [
        (facts(None, None), "has no extension “vector”", "Install pgvector on the server"),
        (facts(None, "0.6.2"), "The PostgreSQL server has pgvector 0.6.2", "Install a newer pgvector"),
        (
            facts("0.6.2", "0.6.2"),
            "The database has pgvector 0.6.2",
            "Install a newer pgvector",
        ),
        (facts("0.5.1", "0.8.0"), "has pgvector 0.5.1", "has 0.8.0: run ALTER EXTENSION vector UPDATE in"),
        (
            facts(None, "0.8.0", may_create=False),
            "“concord” may not create",
            "CREATE EXTENSION vector in the database “answers”",
        ),
    ],
)
def test_what_is_missing_and_how_to_mend_it_is_said(unfit, said, hint):
    problem = problem_with(unfit)
    assert problem is not None
    assert said in problem[0]
    assert hint in problem[1]


def test_this_database_is_fit(db):
    found = read_facts(connection)
    assert found.installed
    assert found.database == connection.settings_dict["NAME"]
    assert problem_with(found) is None


def test_a_database_in_which_nobody_created_it_is_told_from_one_that_has_it(transactional_db):
    name = f"{connection.settings_dict['NAME']}_bare"
    bare = connection.copy("default")
    bare.settings_dict = connection.settings_dict | {"NAME": name}
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)} TEMPLATE template0")
        try:
            found = read_facts(bare)
            bare.close()
            assert (found.installed, found.database) == (None, name)
            assert found.offered == read_facts(connection).installed
            problem = problem_with(found)
            assert found.may_create == (problem is None)
        finally:
            bare.close()
            cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)}")


def test_migrate_says_it(db, monkeypatch):
    monkeypatch.setattr(checks, "read_facts", lambda _: facts(None, "0.6.2"))
    with pytest.raises(SystemCheckError, match=r"has pgvector 0\.6\.2; Concord needs 0\.7"):
        call_command("migrate", skip_checks=False, verbosity=0)


def test_a_check_without_a_database_asks_none(monkeypatch):
    monkeypatch.setattr(checks, "read_facts", lambda _: pytest.fail("it asked"))
    call_command("check")
