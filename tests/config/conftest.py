"""Real services in folders of their own, used from processes of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded.postgres import ensure_postgres

REPOSITORY = Path(__file__).resolve().parents[2]
OWN_VARIABLES = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "ENGINE_KEY", "CONCORD_VAR")


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without anything that points at services, and with `more`."""
    return {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES} | more


def wait_until(true: Callable[[], bool], *, seconds: float = 60) -> bool:
    """Ask until the answer is true; false only when it never was."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a short path that every user can pass through, unlike tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="concord-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def used_var() -> Iterator[Path]:
    """A CONCORD_VAR with a cluster that was started and stopped once; to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="concord-"))
    with ensure_postgres(folder / "var"):
        pass
    yield folder / "var"
    shutil.rmtree(folder)


@pytest.fixture
def var(used_var: Path, open_folder: Path) -> Path:
    """A CONCORD_VAR of the test's own with a cluster that is ready to start."""
    subprocess.run(["cp", "-a", used_var, open_folder / "var"], check=True)
    return open_folder / "var"


class Program:
    """A Python program in a process of its own that prints a line and then waits for a line."""

    def __init__(self, source: str, *arguments: object, prefix: tuple[str, ...] = (), **env: str) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", source, *map(str, arguments)],
            cwd=REPOSITORY,
            env=clean_environment(**env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read_line(self) -> str:
        """The next line it prints; fails with its stderr when it ended instead."""
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(f"the program ended with {self.process.wait()}: {self.process.stderr.read()}")
        return line.strip()

    def finish(self) -> int:
        """Let it go on to its end; returns its exit status."""
        self.process.communicate("\n", timeout=120)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def run_program() -> Iterator[Callable[..., Program]]:
    """Starts Programs, and kills those that a failing test leaves."""
    programs = []

    def run(source: str, *arguments: object, prefix: tuple[str, ...] = (), **env: str) -> Program:
        programs.append(Program(source, *arguments, prefix=prefix, **env))
        return programs[-1]

    yield run
    for program in programs:
        if program.process.poll() is None:
            program.kill()


@pytest.fixture
def as_ordinary_user(open_folder: Path) -> tuple[str, ...]:
    """What to put before a command so that it does not run as root; open_folder then belongs to that user."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("needs setpriv (package util-linux) to stop being root")
    os.chown(open_folder, 65534, 65534)
    # The interpreter may lie under a closed folder such as /root: the capability lets this user read it.
    prefix = (
        setpriv,
        "--securebits=+no_setuid_fixup",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "--inh-caps=-all,+dac_read_search",
        "--ambient-caps=-all,+dac_read_search",
        "--",
    )
    if subprocess.run([*prefix, sys.executable, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("setpriv cannot keep a capability here")
    return prefix
