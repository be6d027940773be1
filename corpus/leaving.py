"""Whether this worker was told to stop: then its work ends at the next good place and waits for others.

One byte that a worker's main process shares with the processes it forks. Setting it takes no lock, so a
signal handler may do it at any moment.
"""

import mmap

_told = mmap.mmap(-1, 1)  # made before the worker forks


def leave() -> None:
    """Tell every process of this worker to stop its work; there is no way back."""
    _told[0] = 1


def is_leaving() -> bool:
    """Whether the worker of this process was told to stop."""
    return _told[0] == 1
