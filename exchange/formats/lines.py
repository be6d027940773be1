"""A stream of bytes cut into blocks of whole lines, in UTF-8, with their line numbers.

A line that cannot be read (longer than the limit, no text in the file's encoding) leaves an empty line in its
place and a `BadRow` in `spoiled`, so that the lines after it keep their numbers. A line over the limit is
never held.
"""

import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from exchange.formats.encodings import is_split_by_newlines
from exchange.formats.opening import BrokenStream
from exchange.formats.rows import BadRow

LINE_LIMIT = 16 << 20


class Block(NamedTuple):
    """Whole lines as bytes; the last line of a file may lack its newline."""

    first_line: int
    data: bytes
    spoiled: dict[int, BadRow]


class TextBlock(NamedTuple):
    """Whole lines as text."""

    first_line: int
    text: str
    spoiled: dict[int, BadRow]


class BrokenAt(Exception):
    """The stream broke in this line, for this reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


def whole_lines(blocks: Iterable[bytes], *, limit: int = LINE_LIMIT) -> Iterator[Block]:
    """Cut blocks of bytes at newlines. Raises BrokenAt where the blocks raise BrokenStream."""
    line = 1
    held: list[bytes] = []
    n_held = 0
    too_long = False
    try:
        for block in blocks:
            first_end = block.find(b"\n")
            if first_end < 0:
                n_held += len(block)
                too_long = too_long or n_held > limit
                held = [] if too_long else [*held, block]
                continue
            cut = block.rfind(b"\n") + 1
            spoiled = {}
            if too_long or n_held + first_end > limit:
                spoiled[line] = _too_long(line, limit)
                data = block[first_end:cut]
            else:
                data = b"".join((*held, block[:cut])) if held else block[:cut]
            yield Block(line, data, spoiled)
            line += data.count(b"\n")
            held = [block[cut:]] if cut < len(block) else []
            n_held = len(block) - cut
            too_long = n_held > limit
    except BrokenStream as broken:
        raise BrokenAt(line, str(broken)) from None
    if too_long:
        yield Block(line, b"\n", {line: _too_long(line, limit)})
    elif held:
        yield Block(line, b"".join(held), {})


def as_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Blocks of an encoding whose lines do not end in a byte 0x0A, such as UTF-16, as blocks of UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise BrokenStream(
            f"it is no {encoding} text from there on; name its encoding with --encoding"
        ) from None


def without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Take the byte order mark of UTF-8 off the first block."""
    stream = iter(blocks)
    for first in stream:
        yield first.removeprefix(codecs.BOM_UTF8)
        break
    yield from stream


def byte_blocks(blocks: Iterable[bytes], encoding: str, *, limit: int = LINE_LIMIT) -> Iterator[Block]:
    """Blocks of whole lines in UTF-8 (bytes that are not, stay; who reads them says so)."""
    if encoding in ("utf-8", "utf-8-sig", "ascii"):
        yield from whole_lines(without_mark(blocks), limit=limit)
    else:
        for first_line, text, spoiled in text_blocks(blocks, encoding, limit=limit):
            yield Block(first_line, text.encode(), spoiled)


def text_blocks(blocks: Iterable[bytes], encoding: str, *, limit: int = LINE_LIMIT) -> Iterator[TextBlock]:
    """Blocks of whole lines as text."""
    if not is_split_by_newlines(encoding):
        blocks, encoding = as_utf8(blocks, encoding), "utf-8"
    for first_line, data, spoiled in whole_lines(without_mark(blocks), limit=limit):
        try:
            yield TextBlock(first_line, data.decode(encoding), spoiled)
        except UnicodeDecodeError:
            yield _decoded_line_by_line(first_line, data, encoding, spoiled)


def undecodable(line: int, encoding: str, error: UnicodeDecodeError) -> BadRow:
    """The bad row for a line that is no text in this encoding."""
    byte = error.object[error.start]
    other = "cp1252" if encoding.startswith("utf") else "utf-8"
    return BadRow(
        line,
        "",
        f"Byte {error.start + 1} of the line (0x{byte:02X}) is no {encoding} text. "
        f"Save the file as UTF-8, or say which encoding it has, for example --encoding {other}.",
    )


def _decoded_line_by_line(
    first_line: int, data: bytes, encoding: str, spoiled: dict[int, BadRow]
) -> TextBlock:
    texts = []
    for line, raw in enumerate(data.split(b"\n"), first_line):
        try:
            texts.append(raw.decode(encoding))
        except UnicodeDecodeError as error:
            texts.append("")
            spoiled[line] = undecodable(line, encoding, error)
    return TextBlock(first_line, "\n".join(texts), spoiled)


def _too_long(line: int, limit: int) -> BadRow:
    size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit} bytes"
    return BadRow(line, "", f"The line is longer than {size}, the most for one row. Is a line break missing?")
