"""A file as a stream of blocks of bytes, unpacked where it is gzip (told by its first bytes, not its name).

Only regular files: they are read twice, once to see what they are. A problem raises `FileProblem` when the
file is opened; a stream that breaks later raises `BrokenStream`, because only the reader knows how far it
came.
"""

import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from exchange.formats.rows import FileProblem

BLOCK = 1 << 17
GZIP_MAGIC = b"\x1f\x8b"
OTHER_MAGICS = {
    b"PK\x03\x04": "a zip archive or an Excel file; save the sheet as CSV, or unpack the archive",
    b"PAR1": "a Parquet file; save it as CSV or JSON Lines",
    b"\x28\xb5\x2f\xfd": "packed with zstd; unpack it, or pack it with gzip",
    b"BZh": "packed with bzip2; unpack it, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with gzip",
    b"%PDF": "a PDF file; Concord reads CSV, TSV, JSON Lines and TREC files",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV",
}


class BrokenStream(Exception):
    """The stream ends or fails before its end; the message is the end of a sentence."""


def open_regular(path: str | os.PathLike[str], *, name: str = "") -> BinaryIO:
    """Open a regular, not empty file for reading; raises FileProblem for anything else.

    name: what the user calls the file, where it lies under another name.
    """
    name = name or Path(path).name or str(path)
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise FileProblem(f"{name} is a folder. Name a file in it.")
        if not stat.S_ISREG(found.st_mode):
            raise FileProblem(f"{name} is no regular file (a pipe or a device). Save it as a file first.")
        if found.st_size == 0:
            raise FileProblem(f"{name} is empty. Was it written to the end?")
        return open(path, "rb")
    except FileNotFoundError:
        raise FileProblem(f"There is no file {name} at that place. Check its name and folder.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileProblem(f"{name} cannot be read ({reason}). Check its name and permissions.") from None


def compression_of(path: str | os.PathLike[str], *, name: str = "") -> str:
    """ "gzip" or "none"; raises FileProblem, naming the file `name`, for files that hold no text at all."""
    with open_regular(path, name=name) as stream:
        start = stream.read(8)
    for magic, remark in OTHER_MAGICS.items():
        if start.startswith(magic):
            raise FileProblem(f"{name or Path(path).name} is {remark}.")
    return "gzip" if start.startswith(GZIP_MAGIC) else "none"


def read_blocks(path: str | os.PathLike[str], compression: str, *, block: int = BLOCK) -> Iterator[bytes]:
    """Yield the file's unpacked bytes in blocks of at most `block`; memory stays at a few blocks."""
    with open_regular(path) as stream:
        if compression == "gzip":
            yield from _unpacked(stream, block)
            return
        try:
            while data := stream.read(block):
                yield data
        except OSError as error:
            raise BrokenStream(f"it cannot be read any further ({error.strerror})") from None


def _unpacked(stream: BinaryIO, block: int) -> Iterator[bytes]:
    """Unpack gzip, several members in a row too, never more than one block at a time."""
    decoder = zlib.decompressobj(wbits=31)
    packed = b""
    try:
        while True:
            packed = packed or stream.read(BLOCK)
            data = decoder.decompress(packed, block)
            if data:
                yield data
            elif not packed and not decoder.eof:
                break
            packed = decoder.unconsumed_tail
            if decoder.eof:
                packed = (decoder.unused_data or stream.read(BLOCK)).lstrip(b"\0")
                if not packed:
                    return
                decoder = zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise BrokenStream(f"its gzip data is damaged ({error})") from None
    except OSError as error:
        raise BrokenStream(f"it cannot be read any further ({error.strerror})") from None
    raise BrokenStream("its gzip data ends too early, as if the copy was cut off")
