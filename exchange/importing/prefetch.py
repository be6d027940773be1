"""Reads and parses ahead in a thread, while the database works on the chunk before."""

import threading
from collections.abc import Iterable, Iterator
from itertools import islice
from queue import Full, Queue
from typing import TypeVar

Row = TypeVar("Row")


def chunks_ahead(rows: Iterable[Row], *, size: int, ahead: int = 1) -> Iterator[list[Row]]:
    """Yield lists of up to `size` rows; an exception of the reader is raised here, in its place."""
    queue: Queue = Queue(maxsize=ahead)
    stopped = threading.Event()

    def put(entry: tuple) -> bool:
        while not stopped.is_set():
            try:
                queue.put(entry, timeout=0.2)
            except Full:
                continue
            return True
        return False

    def read() -> None:
        iterator = iter(rows)
        try:
            while chunk := list(islice(iterator, size)):
                if not put((chunk, None)):
                    return
            put((None, None))
        except BaseException as error:
            put((None, error))

    reader = threading.Thread(target=read, name="import-reader", daemon=True)
    reader.start()
    try:
        while True:
            chunk, error = queue.get()
            if error is not None:
                raise error
            if chunk is None:
                return
            yield chunk
    finally:
        stopped.set()
        reader.join()
