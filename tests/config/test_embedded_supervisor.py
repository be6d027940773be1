import json
import os
import socket
import sys

import psutil
import pytest

from config.embedded.leftovers import stop_leftovers
from config.embedded.paths import Folders
from config.embedded.ports import first_free_port, is_free
from config.embedded.problems import ServiceProblem
from config.embedded.supervisor import Child, Supervisor
from tests.config.conftest import wait_until

SLEEPER = [sys.executable, "-c", "import time; print('awake', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); "
    "time.sleep(600)",
]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print(child.pid, flush=True); time.sleep(600)",
]
SUPERVISING = """
import sys
from pathlib import Path
from config.embedded.paths import Folders
from config.embedded.supervisor import Child, Supervisor
folders = Folders(Path(sys.argv[1]))
with Supervisor(folders, say=lambda line: print(line, file=sys.stderr)) as supervisor:
    supervisor.start(Child("one", [sys.executable, "-c", sys.argv[2]],
        ready=lambda: (folders.logs / "one.log").read_text() != ""))
    print(supervisor.pid("one"), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def folders(tmp_path):
    return Folders(tmp_path)


@pytest.fixture
def said():
    return []


def written(folders, name):
    log = folders.logs / f"{name}.log"
    return log.read_text() if log.exists() else ""


def is_gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_child_is_ready_before_the_next_one_starts_and_writes_to_its_log(folders, said):
    with Supervisor(folders, say=said.append) as supervisor:
        supervisor.start(Child("one", SLEEPER, ready=lambda: "awake" in written(folders, "one")))
        assert written(folders, "one") == "awake\n"
        assert supervisor.is_running("one")
        pid = supervisor.pid("one")
        assert os.getpgid(pid) == pid != os.getpgid(0)
    assert is_gone(pid)
    assert said == []


def test_children_are_stopped_in_reverse_order(folders, said):
    order = folders.var / "order"
    source = (
        "import signal, sys, time\n"
        f"def end(*_):\n    open({str(order)!r}, 'a').write(sys.argv[1])\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\ntime.sleep(600)"
    )
    with Supervisor(folders, say=said.append) as supervisor:
        for name in "abc":
            argv = [sys.executable, "-c", source, name]
            supervisor.start(Child(name, argv, ready=lambda name=name: "up" in written(folders, name)))
    assert order.read_text() == "cba"


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(folders, said):
    with Supervisor(folders, say=said.append) as supervisor:
        supervisor.start(Child("deaf", STUBBORN, ready=lambda: "deaf" in written(folders, "deaf"), grace=0.2))
        pid = supervisor.pid("deaf")
    assert is_gone(pid)
    assert said == ["deaf did not stop in 0.2 s and is killed"]


def test_grandchildren_are_stopped_too(folders, said):
    with Supervisor(folders, say=said.append) as supervisor:
        supervisor.start(Child("parent", PARENT, ready=lambda: "\n" in written(folders, "parent")))
        grandchild = int(written(folders, "parent"))
        assert not is_gone(grandchild)
    assert wait_until(lambda: is_gone(grandchild))


def test_a_child_that_dies_is_started_again_and_that_is_said(folders, said):
    with Supervisor(folders, say=said.append) as supervisor:
        supervisor.start(Child("one", SLEEPER, ready=lambda: "awake" in written(folders, "one")))
        first = supervisor.pid("one")
        psutil.Process(first).kill()
        assert wait_until(lambda: written(folders, "one").count("awake") == 2)
        assert supervisor.pid("one") != first
    assert said[0].startswith("one was killed by SIGKILL; restarting it in 0.5 s")


def test_a_child_that_keeps_dying_is_given_up_and_that_is_said(folders, said):
    brief = [sys.executable, "-c", "print('no luck', flush=True); raise SystemExit(3)"]
    with Supervisor(folders, say=said.append) as supervisor:
        supervisor.start(Child("brief", brief, restarts=1))
        assert wait_until(lambda: len(said) == 2)
        assert not supervisor.is_running("brief")
    assert said[0].startswith("brief ended with status 3; restarting it")
    assert said[1].startswith("brief ended with status 3 again and stays down.")
    assert "no luck" in said[1]


def test_a_child_that_ends_while_starting_is_a_sentence_with_its_last_words(folders, said):
    broken = [sys.executable, "-c", "raise SystemExit('port taken')"]
    with (
        Supervisor(folders, say=said.append) as supervisor,
        pytest.raises(ServiceProblem, match=r"ended while starting.*port taken"),
    ):
        supervisor.start(Child("broken", broken, ready=lambda: False))


def test_a_child_that_never_gets_ready_is_a_sentence(folders, said):
    with (
        Supervisor(folders, say=said.append) as supervisor,
        pytest.raises(ServiceProblem, match="not ready after"),
    ):
        supervisor.start(Child("slow", SLEEPER, ready=lambda: False, ready_within=0.1))


def test_children_end_with_a_supervisor_that_was_killed(folders, run_program):
    supervisor = run_program(SUPERVISING, folders.var, SLEEPER[2])
    child = int(supervisor.read_line())
    supervisor.kill()
    assert wait_until(lambda: is_gone(child))
    assert wait_until(lambda: not list(folders.run.glob("*.child")))


def test_a_second_supervisor_is_refused_while_one_runs(folders, said, run_program):
    first = run_program(SUPERVISING, folders.var, SLEEPER[2])
    child = int(first.read_line())
    with (
        pytest.raises(ServiceProblem, match=f"already runs.*process {first.process.pid}"),
        Supervisor(folders, say=said.append),
    ):
        pass
    assert not is_gone(child)
    first.finish()
    assert is_gone(child)


def test_what_a_killed_supervisor_and_its_killed_guard_left_is_stopped_at_the_next_start(
    folders, said, run_program
):
    supervisor = run_program(SUPERVISING, folders.var, SLEEPER[2])
    child = int(supervisor.read_line())
    for process in psutil.Process(supervisor.process.pid).children():
        if "leftovers.py" in " ".join(process.cmdline()):
            process.kill()
    supervisor.kill()
    assert not is_gone(child)
    with Supervisor(folders, say=said.append):
        assert wait_until(lambda: is_gone(child))
    assert said == ["stopped one, left behind by an earlier start"]


def test_a_record_whose_number_was_given_to_another_process_stops_nobody(folders, run_program):
    bystander = run_program("print('here', flush=True); input()")
    bystander.read_line()
    process = psutil.Process(bystander.process.pid)
    record = {
        "pid": process.pid,
        "started": process.create_time() - 60,
        "argv": process.cmdline(),
        "mark": "f" * 32,
    }
    (folders.run / "one.child").write_text(json.dumps(record))
    assert stop_leftovers(folders.run) == []
    assert bystander.finish() == 0


def test_a_half_written_record_is_thrown_away(folders):
    (folders.run / "one.child").write_text('{"pid": 1')
    assert stop_leftovers(folders.run) == []
    assert not list(folders.run.iterdir())


def test_a_long_log_is_set_aside(folders, said, monkeypatch):
    monkeypatch.setattr("config.embedded.supervisor.LARGEST_LOG", 3)
    (folders.logs / "one.log").write_text("old lines\n")
    with Supervisor(folders, say=said.append) as supervisor:
        supervisor.start(Child("one", SLEEPER, ready=lambda: "awake" in written(folders, "one")))
    assert (folders.logs / "one.log.1").read_text() == "old lines\n"


def test_a_taken_port_is_passed_over():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert not is_free(taken)
        assert first_free_port(taken) > taken
    assert is_free(taken)
