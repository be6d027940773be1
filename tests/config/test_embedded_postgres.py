import os
import signal
import stat
from pathlib import Path

import dj_database_url
import psutil
import psycopg
import pytest

from config.embedded.erasing import erase
from config.embedded.paths import Folders
from config.embedded.postgres import ensure_postgres, running_server
from config.embedded.problems import ServiceProblem
from tests.config.conftest import wait_until

HOLDER = """
import sys
from pathlib import Path
from config.embedded.postgres import ensure_postgres
lease = ensure_postgres(Path(sys.argv[1]))
print(lease.url, flush=True)
sys.stdin.readline()
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can take a folder from other users")


def server_pid(var):
    server = running_server(Folders(var))
    return server and server.process.pid


def store_a_row(url):
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")


def stored_number(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT number FROM kept").fetchone()[0]


def test_two_processes_share_one_server_and_the_last_one_stops_it(var, run_program):
    first, second = run_program(HOLDER, var), run_program(HOLDER, var)
    assert first.read_line() == second.read_line()
    pid = server_pid(var)
    first.finish()
    assert server_pid(var) == pid
    second.finish()
    assert server_pid(var) is None
    assert not psutil.pid_exists(pid)


def test_a_holder_that_was_killed_does_not_keep_the_server_up(var, run_program):
    killed, other = run_program(HOLDER, var), run_program(HOLDER, var)
    killed.read_line(), other.read_line()
    killed.kill()
    assert server_pid(var) is not None
    other.finish()
    assert server_pid(var) is None


def test_the_server_stops_by_itself_when_its_only_holder_was_killed(var, run_program):
    holder = run_program(HOLDER, var)
    holder.read_line()
    holder.kill()
    assert wait_until(lambda: server_pid(var) is None)


def test_four_processes_that_start_at_once_on_an_empty_folder_get_one_server(open_folder, run_program):
    holders = [run_program(HOLDER, open_folder) for _ in range(4)]
    assert len({holder.read_line() for holder in holders}) == 1
    assert [holder.finish() for holder in holders] == [0, 0, 0, 0]
    assert server_pid(open_folder) is None


def test_data_outlives_the_server(var):
    with ensure_postgres(var) as lease:
        store_a_row(lease.url)
    with ensure_postgres(var) as lease:
        assert stored_number(lease.url) == 7


def test_a_crashed_server_is_started_again_with_its_data(var):
    with ensure_postgres(var) as lease:
        store_a_row(lease.url)
        crashed = server_pid(var)
        os.kill(crashed, signal.SIGKILL)
        with ensure_postgres(var) as joined:
            assert stored_number(joined.url) == 7
            assert joined.url == lease.url
            assert server_pid(var) != crashed


def test_a_stale_pid_file_that_names_another_living_process_is_seen_through(var):
    pid_file = var / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n5432\n{var}/postgres\n\n\nready\n")
    assert server_pid(var) is None
    with ensure_postgres(var) as lease:
        psycopg.connect(lease.url).close()


def test_an_interrupted_first_start_is_taken_up(open_folder):
    half = Folders(open_folder).postgres / "data.new" / "base"
    half.mkdir(parents=True)
    with ensure_postgres(open_folder) as lease:
        store_a_row(lease.url)
    (open_folder / "postgres" / "furnished").unlink()
    with ensure_postgres(open_folder) as lease:
        assert stored_number(lease.url) == 7


def test_a_forked_child_cannot_end_its_parents_lease(var):
    with ensure_postgres(var) as lease:
        if (child := os.fork()) == 0:
            lease.leave()
            os._exit(0)
        os.waitpid(child, 0)
        psycopg.connect(lease.url).close()


def test_the_server_inherits_no_lock(var):
    with ensure_postgres(var):
        opened = {file.path for file in psutil.Process(server_pid(var)).open_files()}
    assert not {path for path in opened if Path(path).parent.name == "run"}


def test_it_listens_on_a_private_socket_only_and_asks_for_a_password(var):
    with ensure_postgres(var) as lease:
        server = running_server(Folders(var))
        assert server.host == str(var / "postgres")
        assert stat.S_IMODE(Path(server.host).stat().st_mode) == 0o700
        assert not server.process.net_connections("tcp")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(lease.url.replace(Folders(var).secret("postgres-password")[:8], "x"))


def test_the_application_is_no_superuser_but_has_its_extensions(var):
    with ensure_postgres(var) as lease, psycopg.connect(lease.url, autocommit=True) as connection:
        assert connection.execute("SHOW is_superuser").fetchone() == ("off",)
        extensions = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        assert {"vector", "pg_trgm"} <= extensions
        assert connection.execute("SELECT lower('ÄЖ'), '[1,2]'::vector::text").fetchone() == ("äж", "[1,2]")
        assert connection.execute("SELECT similarity('привет', 'привет')").fetchone() == (1,)


def test_a_database_that_tests_make_has_the_extensions_too(var):
    with ensure_postgres(var) as lease:
        with psycopg.connect(lease.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE test_concord")
        with psycopg.connect(lease.url, dbname="test_concord") as connection:
            assert connection.execute("SELECT '[1]'::vector::text").fetchone() == ("[1]",)


def test_the_url_keeps_capitals_and_blanks_of_the_folder(open_folder):
    var = open_folder / "My Data"
    with ensure_postgres(var) as lease:
        assert dj_database_url.parse(lease.url)["HOST"] == str(var / "postgres")
        psycopg.connect(lease.url).close()


def test_a_path_too_long_for_a_socket_gets_a_port_of_loopback_with_a_password(open_folder):
    var = open_folder / ("deep" * 30)
    with ensure_postgres(var) as lease:
        assert dj_database_url.parse(lease.url)["HOST"] == "127.0.0.1"
        store_a_row(lease.url)
        with ensure_postgres(var) as joined:
            assert stored_number(joined.url) == 7
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(lease.url, password="guess")


def test_an_edited_setting_is_used_at_the_next_start(var):
    settings = var / "postgres" / "concord.conf"
    settings.write_text(settings.read_text().replace("work_mem = 32MB", "work_mem = 7MB", 1))
    with ensure_postgres(var) as lease, psycopg.connect(lease.url) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("7MB",)


def test_it_runs_as_an_ordinary_user(open_folder, run_program, as_ordinary_user):
    holder = run_program(HOLDER, open_folder / "var", prefix=as_ordinary_user)
    holder.read_line()
    server = psutil.Process(server_pid(open_folder / "var"))
    assert server.uids().real == open_folder.stat().st_uid != 0
    assert holder.finish() == 0
    assert server_pid(open_folder / "var") is None


@needs_root
def test_root_runs_it_as_somebody_else_without_a_capability(var):
    with ensure_postgres(var):
        server = psutil.Process(server_pid(var))
        assert 0 not in server.uids()
        assert "CapEff:\t0000000000000000" in Path(f"/proc/{server.pid}/status").read_text()


@needs_root
def test_root_can_keep_everything_under_a_closed_folder_which_stays_closed(open_folder):
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with ensure_postgres(closed / "var") as lease:
        store_a_row(lease.url)
        assert 0 not in psutil.Process(server_pid(closed / "var")).uids()
    assert (stat.S_IMODE(closed.stat().st_mode), closed.stat().st_uid) == (0o700, 0)


@needs_root
def test_without_setpriv_a_closed_folder_is_a_sentence_with_a_remedy(open_folder, monkeypatch, tmp_path):
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ServiceProblem, match="Run Concord as an ordinary user"):
        ensure_postgres(closed / "var")


@needs_root
def test_root_in_somebody_elses_folder_leaves_nothing_that_they_cannot_use(
    open_folder, run_program, as_ordinary_user
):
    var = open_folder / "theirs"
    var.mkdir(mode=0o700)
    os.chown(var, 65534, 65534)
    with ensure_postgres(var):
        pass
    holder = run_program(HOLDER, var, prefix=as_ordinary_user)
    holder.read_line()
    assert holder.finish() == 0


def test_a_cluster_of_another_version_is_a_sentence(var):
    (var / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(ServiceProblem, match="made by PostgreSQL 16"):
        ensure_postgres(var)


def test_lost_secrets_are_a_sentence_and_not_a_traceback(var):
    (var / "secrets" / "postgres-password").unlink()
    with pytest.raises(ServiceProblem, match="They belong together"):
        ensure_postgres(var)
    assert wait_until(lambda: server_pid(var) is None)


def test_a_broken_setting_is_told_from_the_log(var):
    (var / "postgres" / "concord.conf").write_text("work_mem = plenty\n")
    with pytest.raises(ServiceProblem, match="work_mem"):
        ensure_postgres(var)


def test_erasing_waits_for_the_last_user_and_leaves_foreign_files(var):
    with ensure_postgres(var), pytest.raises(ServiceProblem, match="stop it first"):
        erase(var)
    (var / "notes.txt").write_text("mine")
    erase(var)
    assert [path.name for path in var.iterdir()] == ["notes.txt"]
    erase(var)
    assert (var / "notes.txt").exists()
