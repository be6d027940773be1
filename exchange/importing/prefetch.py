"""Reads and parses ahead in a thread, while the database works on the chunk before."""

import gc
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from queue import Full, Queue
from typing import TypeVar

Row = TypeVar("Row", bound=tuple)
Chunk = TypeVar("Chunk")

CHARACTERS_A_CHUNK = 32 << 20  # of text: so that long documents make smaller chunks
SAMPLED = 20


def in_chunks(
    batches: Iterable[Sequence[Row]], *, size: int, characters: int = CHARACTERS_A_CHUNK
) -> Iterator[list[Row]]:
    """Put the reader's batches together into lists of up to `size` rows, of about `characters` at most."""
    held: list[Row] = []
    n_characters = 0.0
    for batch in batches:
        held.extend(batch)
        n_characters += _characters(batch)
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
            n_characters *= len(held) / (len(held) + size)
        if held and n_characters >= characters:
            yield held
            held = []
        n_characters = n_characters if held else 0.0
    if held:
        yield held


def _characters(batch: Sequence[Row]) -> float:
    """About how much text is in these rows, judged by some of them."""
    step = max(1, len(batch) // SAMPLED)
    sample = batch[::step]
    return sum(len(value) for row in sample for value in row if type(value) is str) * step


def chunks_ahead(chunks: Iterable[Chunk], *, ahead: int = 1) -> Generator[Chunk, None, None]:
    """Yield the chunks, made in a thread; an exception of the reader is raised here, in its place.

    Close the iterator (contextlib.closing) when leaving early, so that the thread ends.
    """
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
        try:
            for chunk in chunks:
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


@contextmanager
def without_cycle_search() -> Iterator[None]:
    """Pause Python's search for reference cycles: rows have none, and it would walk all of them, again and
    again, for a third of an import's processor time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
