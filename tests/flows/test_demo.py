"""The demo's first start on an empty folder, Ctrl-C in the middle of judging, and its second start."""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from judges.engines.local_model import DEFAULT_MODEL, default_model_folder
from tests.flows.demo_process import Demo, Visitor, processes_of, run_json
from tests.judges.small_model import small_model_var

pytestmark = pytest.mark.services

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


class Story(NamedTuple):
    """What was seen, in order."""

    wanted_port: int
    first: Demo
    login: tuple[str, str]
    page_after_login: str
    running: set[str]  # names of the programs that the first start began
    judged_before: dict[int, int]  # run → verdicts, after Ctrl-C
    left_after_first: list[psutil.Process]
    second: Demo
    page_after_second_login: str
    judged_after: dict[int, int]
    left_after_second: list[psutil.Process]
    bystander_lives: bool


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """A CONCORD_VAR that holds nothing but the converted model, under a folder that every user can pass."""
    pytest.importorskip("torch", reason="needs the extra [local]")
    folder = Path(tempfile.mkdtemp(prefix="concord-demo-"))
    folder.chmod(0o755)
    models = folder / "var" / "models"
    models.mkdir(parents=True)
    (models / DEFAULT_MODEL).symlink_to(default_model_folder(small_model_var()))
    yield folder / "var"
    for process in processes_of(folder / "var"):
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def taken_port() -> Iterator[socket.socket]:
    """A listening socket whose next port is free."""
    while True:
        taken, after = socket.socket(), socket.socket()
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        try:
            after.bind(("127.0.0.1", taken.getsockname()[1] + 1))
        except OSError:
            taken.close()
            continue
        finally:
            after.close()
        yield taken
        taken.close()
        return


@pytest.fixture(scope="module")
def story(var: Path, taken_port: socket.socket) -> Iterator[Story]:
    bystander = subprocess.Popen(SLEEP)
    port = taken_port.getsockname()[1]
    first = Demo(var, port=port)
    second = None
    try:
        first_up = first.wait_until_up()
        login = re.search(r"Log in as (\S+) with (\S+)", first.output).groups()
        page_after_login = Visitor(first.address).log_in(*login)
        first.wait_until(lambda: any(judged(var).values()), seconds=300)
        running = {_program(process) for process in processes_of(var)}
        first.interrupt()
        left_after_first = processes_of(var)
        judged_before = judged(var)

        taken_port.close()
        second = Demo(var, port=port)
        second_up = second.wait_until_up()
        page_after_second_login = Visitor(second.address).log_in(*login)
        second.wait_until(lambda: sum(judged(var).values()) > sum(judged_before.values()), seconds=300)
        judged_after = judged(var)
        second.interrupt()
        print(f"up after {first_up:.1f} s at the first start, {second_up:.1f} s at the second")
        yield Story(
            port,
            first,
            login,
            page_after_login,
            running,
            judged_before,
            left_after_first,
            second,
            page_after_second_login,
            judged_after,
            processes_of(var),
            bystander.poll() is None,
        )
    finally:
        first.kill()
        if second:
            second.kill()
        bystander.kill()
        bystander.wait()


def judged(var: Path) -> dict[int, int]:
    """How many verdicts each run has."""
    return {run["run"]: run["n_items"] - run["n_left"] for run in run_json(var, "runs", "sample")}


def _program(process: psutil.Process) -> str:
    words = " ".join(process.cmdline())
    known = (
        "keeper.py",
        "celery",
        "granian",
        "valkey-server",
        "postgres",
    )
    return next((name for name in known if name in words), words)


def test_the_first_start_makes_everything_and_prints_a_login_that_works(story):
    assert {"celery", "granian", "valkey-server", "postgres", "keeper.py"} <= story.running
    assert "Sample: everyday questions" in story.page_after_login


def test_each_phase_says_how_long_it_took(story):
    for phase in ("Making a database", "schema up to date", "Sample project", "Worker and web server"):
        assert re.search(rf"{phase}.*: \d+\.\d s", story.first.output), phase


def test_a_taken_port_is_said_and_the_next_one_used(story):
    assert f"Port {story.wanted_port} is taken; using {story.wanted_port + 1}." in story.first.output
    assert story.first.address == f"http://127.0.0.1:{story.wanted_port + 1}"
    assert story.second.address == f"http://127.0.0.1:{story.wanted_port}"


def test_ctrl_c_in_the_middle_of_judging_stops_in_order(story):
    for start in (story.first, story.second):
        assert start.process.returncode == 0, start.output
        assert start.output.endswith("the next start goes on from here.\n")
        assert "is killed" not in start.output


def test_ctrl_c_leaves_no_process_behind_and_others_alone(story):
    assert story.left_after_first == []
    assert story.left_after_second == []
    assert story.bystander_lives


def test_the_second_start_keeps_the_login_and_the_data(story):
    username, password = story.login
    assert f"Log in as {username} with the password shown at the first start" in story.second.output
    assert password not in story.second.output
    assert "Sample: everyday questions" in story.page_after_second_login
    assert "Making a database" not in story.second.output


def test_the_second_start_repeats_no_work_and_goes_on_where_the_first_one_stopped(story):
    assert story.judged_after.keys() == story.judged_before.keys()
    assert len(story.judged_after) == 2
    assert 0 < sum(story.judged_before.values()) < 2 * 192
    for run, n_before in story.judged_before.items():
        assert story.judged_after[run] >= n_before


def test_no_progress_bar_of_a_library_gets_into_the_output_or_the_logs(story, var):
    said = story.first.output + story.second.output
    logs = "".join(path.read_text(errors="replace") for path in (var / "logs").iterdir())
    assert "Loading weights" not in said + logs
    assert "it/s]" not in said + logs
