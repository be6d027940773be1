import os
import signal
import subprocess
import sys

import psycopg

from config.embedded.paths import Folders
from config.embedded.postgres import running_server
from config.embedded.valkey import ensure_valkey
from tests.config.conftest import REPOSITORY, clean_environment, wait_until

COUNT_USERS = "from corpus.models import User; print(User.objects.count())"


def start(var, *arguments, prefix=(), **env):
    return subprocess.Popen(
        [*prefix, sys.executable, str(REPOSITORY / "manage.py"), *arguments],
        env=clean_environment(CONCORD_VAR=str(var), **env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(var, *arguments, **options):
    process = start(var, *arguments, **options)
    stdout, stderr = process.communicate(timeout=300)
    return process.returncode, stdout, stderr


def run_python(var, source, **options):
    return run(var, "shell", "-v0", "-c", source, **options)


def test_a_command_on_an_empty_folder_makes_all_it_needs_and_keeps_stdout_clean(open_folder):
    status, stdout, stderr = run_python(open_folder / "var", COUNT_USERS)
    assert (status, stdout) == (0, "0\n"), stderr
    assert "Making a database" in stderr
    assert "Bringing the schema up to date" in stderr
    assert running_server(Folders(open_folder / "var")) is None


def test_a_second_command_has_nothing_to_prepare(var):
    run_python(var, COUNT_USERS)
    assert run_python(var, COUNT_USERS) == (0, "0\n", "")


def test_keys_are_made_once(var):
    source = "from django.conf import settings as s; print(s.SECRET_KEY, s.ENGINE_KEY)"
    _, first, _ = run_python(var, source)
    _, second, _ = run_python(var, source)
    assert first == second
    assert len(set(first.split())) == 2


def test_commands_that_start_together_on_an_empty_folder_all_succeed(open_folder):
    together = [start(open_folder / "var", "shell", "-v0", "-c", COUNT_USERS) for _ in range(3)]
    outputs = [process.communicate(timeout=300) for process in together]
    assert [stdout for stdout, _ in outputs] == ["0\n"] * 3, outputs
    assert sum(stderr.count("Bringing the schema up to date:") for _, stderr in outputs) == 1
    assert running_server(Folders(open_folder / "var")) is None


def test_it_works_as_an_ordinary_user(open_folder, as_ordinary_user):
    status, stdout, stderr = run_python(open_folder / "var", COUNT_USERS, prefix=as_ordinary_user)
    assert (status, stdout) == (0, "0\n"), stderr


def test_commands_without_a_database_make_no_folder(open_folder):
    for arguments in (["help"], ["check"], ["migrate", "--help"], ["--version"], []):
        status, _, stderr = run(open_folder / "var", *arguments)
        assert status == 0, stderr
    assert not (open_folder / "var").exists()


def test_sigterm_ctrl_c_and_a_closed_terminal_leave_in_order(var):
    waiting = "import time; print('up', flush=True); time.sleep(600)"
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)):
        process = start(var, "shell", "-v0", "-c", waiting)
        assert process.stdout.readline() == "up\n"
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == status
        assert "Traceback" not in stderr
        assert running_server(Folders(var)) is None


def test_kill_leaves_no_server(var):
    process = start(var, "shell", "-v0", "-c", "import time; print('up', flush=True); time.sleep(600)")
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert wait_until(lambda: running_server(Folders(var)) is None)


def test_the_broker_of_the_folder_is_used_while_it_runs(var):
    source = "from django.conf import settings; print(settings.CELERY_BROKER_URL)"
    assert run_python(var, source)[1] == "\n"
    with ensure_valkey(var) as lease:
        assert run_python(var, source)[1] == lease.url + "\n"


def test_a_given_database_is_used_and_nothing_is_started(open_folder):
    url = os.environ["DATABASE_URL"]
    source = "from django.db import connection as c; print(c.settings_dict['HOST'] or 'localhost')"
    given = {"DATABASE_URL": url, "SECRET_KEY": "given", "ENGINE_KEY": Folders(open_folder).secret("key")}
    status, stdout, stderr = run_python(open_folder / "var", source, **given)
    assert status == 0, stderr
    assert stdout.strip() == (psycopg.conninfo.conninfo_to_dict(url).get("host") or "localhost")
    assert not (open_folder / "var").exists()


def test_a_folder_that_cannot_be_used_is_one_sentence(open_folder):
    (open_folder / "file").write_text("")
    status, stdout, stderr = run_python(open_folder / "file", COUNT_USERS)
    assert (status, stdout) == (1, "")
    assert stderr.splitlines()[-1].startswith("Concord cannot use the folder")
    assert "Traceback" not in stderr
