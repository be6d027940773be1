"""How many rows a file will have, from its size and its first megabyte: enough for a time left."""

import gzip
import struct
import zlib
from pathlib import Path

SAMPLE = 1024 * 1024


def estimate_rows(path: Path) -> int | None:
    """About how many lines the file has (of the unpacked text, when it is gzipped); None when unknown.

    A gzip file's last four bytes are its unpacked size modulo 4 GiB (RFC 1952).
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            if packed:
                file.seek(-4, 2)
                (size,) = struct.unpack("<I", file.read(4))
            else:
                size = path.stat().st_size
        with gzip.open(path) if packed else path.open("rb") as text:
            sample = text.read(SAMPLE)
    except (OSError, EOFError, zlib.error, struct.error):
        return None
    lines = sample.count(b"\n")
    return round(size * lines / len(sample)) if lines else None
