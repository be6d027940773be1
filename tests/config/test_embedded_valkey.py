import os
import stat

import psutil
import pytest
import redis
from celery import Celery

from config.embedded.paths import Folders
from config.embedded.problems import ServiceProblem
from config.embedded.valkey import ensure_valkey, join_valkey
from tests.config.conftest import wait_until

HOLDER = """
import sys
from pathlib import Path
from config.embedded.valkey import ensure_valkey
lease = ensure_valkey(Path(sys.argv[1]))
print(lease.url, flush=True)
sys.stdin.readline()
"""


def servers_of(folder):
    """The valkey-server processes that use this folder."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] == "valkey-server" and process.info["cwd"] == str(folder / "valkey")
    ]


def queue_length(url):
    with Celery(broker=url).connection_for_read() as connection:
        return connection.default_channel.client.llen("jobs")


def test_celery_speaks_to_it(open_folder):
    with ensure_valkey(open_folder) as lease:
        with Celery(broker=lease.url) as app:
            app.send_task("something", queue="jobs")
        assert queue_length(lease.url) == 1


def test_what_is_queued_outlives_an_orderly_stop(open_folder):
    with ensure_valkey(open_folder) as lease, Celery(broker=lease.url) as app:
        app.send_task("something", queue="jobs")
    with ensure_valkey(open_folder) as lease:
        assert queue_length(lease.url) == 1


def test_the_last_user_stops_it(open_folder, run_program):
    first, second = run_program(HOLDER, open_folder), run_program(HOLDER, open_folder)
    assert first.read_line() == second.read_line()
    first.finish()
    assert len(servers_of(open_folder)) == 1
    second.finish()
    assert wait_until(lambda: not servers_of(open_folder))


def test_it_stops_by_itself_when_its_only_user_was_killed(open_folder, run_program):
    holder = run_program(HOLDER, open_folder)
    holder.read_line()
    holder.kill()
    assert wait_until(lambda: not servers_of(open_folder))


def test_processes_that_start_at_once_get_one_server(open_folder, run_program):
    holders = [run_program(HOLDER, open_folder) for _ in range(4)]
    assert len({holder.read_line() for holder in holders}) == 1
    assert len(servers_of(open_folder)) == 1
    assert [holder.finish() for holder in holders] == [0, 0, 0, 0]


def test_joining_starts_nothing(open_folder):
    assert join_valkey(open_folder / "var") is None
    assert not (open_folder / "var").exists()
    with ensure_valkey(open_folder) as lease, join_valkey(open_folder) as joined:
        assert joined.url == lease.url
    assert join_valkey(open_folder) is None


def test_a_crashed_server_is_started_again(open_folder):
    with ensure_valkey(open_folder) as lease:
        (server,) = servers_of(open_folder)
        server.kill()
        with ensure_valkey(open_folder) as again:
            assert again.url == lease.url
            assert queue_length(again.url) == 0


def test_it_listens_on_a_private_socket_only_and_asks_for_a_password(open_folder):
    with ensure_valkey(open_folder):
        (server,) = servers_of(open_folder)
        assert not server.net_connections("tcp")
        assert stat.S_IMODE((open_folder / "valkey").stat().st_mode) == 0o700
        path = str(open_folder / "valkey" / "valkey.sock")
        with redis.Redis(unix_socket_path=path) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
        assert Folders(open_folder).secret("valkey-password") not in " ".join(server.cmdline())


def test_a_path_too_long_for_a_socket_gets_a_port_of_loopback(open_folder):
    deep = open_folder / ("deep " * 24)
    with ensure_valkey(deep) as lease:
        assert lease.url.startswith("redis://:")
        assert "@127.0.0.1:" in lease.url
        assert queue_length(lease.url) == 0
        with join_valkey(deep) as joined:
            assert joined.url == lease.url


def test_odd_characters_in_the_path_do_no_harm(open_folder):
    odd = open_folder / 'a "b" \\ #c%41?'
    with ensure_valkey(odd) as lease:
        assert queue_length(lease.url) == 0


def test_a_server_that_cannot_start_is_a_sentence(open_folder):
    (Folders(open_folder).valkey / "dump.rdb").write_text("REDIS0011 not really")
    with pytest.raises(ServiceProblem, match="did not start"):
        ensure_valkey(open_folder)


def test_it_runs_as_an_ordinary_user(open_folder, run_program, as_ordinary_user):
    holder = run_program(HOLDER, open_folder, prefix=as_ordinary_user)
    holder.read_line()
    (server,) = servers_of(open_folder)
    assert server.uids().real == (65534 if as_ordinary_user else os.geteuid())
    assert holder.finish() == 0
