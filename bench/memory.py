"""Peak memory of processes that share: what each has alone, and its part of what is shared (PSS)."""

import subprocess
import threading
from collections.abc import Sequence

import psutil

LOOK_SECONDS = 0.1


class Watch:
    """Looks at processes and all they have started until it is left; `peak_mb` is the highest sum."""

    def __init__(self, *roots: int) -> None:
        self.roots = roots
        self.peak_mb = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.peak_mb = max(self.peak_mb, sum(map(_family_mb, self.roots)))


def _family_mb(root: int) -> float:
    """The proportional set size of a process and all it has started, in MB."""
    found = 0
    try:
        family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.Error:
        return 0.0
    for process in family:
        try:
            found += process.memory_full_info().pss
        except psutil.Error:  # it has just ended
            continue
    return found / 2**20


def run_watched(argv: Sequence[str], *, beside: Sequence[int] = (), **options) -> tuple[str, float]:
    """Run a program; what it printed, and the peak in MB of it together with the processes beside it."""
    with (
        subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, **options) as process,
        Watch(process.pid, *beside) as watch,
    ):
        assert process.stdout is not None
        printed = process.stdout.read()
        code = process.wait()
    if code:
        raise SystemExit(f"{' '.join(argv[1:5])} ended with {code}")
    return printed, watch.peak_mb
