"""Which encoding a file has: what its first bytes say, else UTF-8 where it fits, else a reasoned guess."""

import codecs
from typing import NamedTuple

import charset_normalizer

from exchange.formats.rows import FileProblem

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NOT_FOR_FILES = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
GUESS_FROM = 1 << 16
WESTERN = "cp1252"
IN_USE = (
    *(WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "koi8_r"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)


class Encoding(NamedTuple):
    """A Python codec's name, and what to tell the user about how it was found ("" when there is no doubt)."""

    name: str
    note: str


def named_encoding(name: str) -> Encoding:
    """An encoding that the user asked for; raises FileProblem where Python has none of that name."""
    try:
        codec = codecs.lookup(name)
        if not "\n{".encode(name) or codec.name in NOT_FOR_FILES:
            raise LookupError(name)
    except (LookupError, ValueError):
        raise FileProblem(
            f"There is no text encoding named {name!r}. Common ones: utf-8, cp1252, utf-16."
        ) from None
    return Encoding(codec.name, "")


def detect_encoding(sample: bytes) -> Encoding:
    """The encoding of the file that begins with the sample (which may end within a character)."""
    for mark, name in MARKS.items():
        if sample.startswith(mark):
            return Encoding(name, "")
    if name := _sixteen_bits(sample[:400]):
        return Encoding(name, f"There is no byte order mark, but every other byte is NUL: read as {name}.")
    lines = [line for line in sample[: sample.rfind(b"\n") + 1 or None].split(b"\n") if not line.isascii()]
    n_valid = sum(_is_utf8(line) for line in lines)
    if n_valid == len(lines) or (len(lines) == 1 and _is_cut_utf8(lines[0])):
        return Encoding("utf-8", "")
    if n_valid > len(lines) / 2:
        return Encoding("utf-8", "Most lines are UTF-8, some are not: those are bad rows.")
    name = _guess(b"\n".join(lines)[:GUESS_FROM])
    return Encoding(
        name, f"The file is not UTF-8; guessed {name}. If its accents look wrong, say --encoding."
    )


def is_split_by_newlines(encoding: str) -> bool:
    """Is a byte 0x0A always, and only, the end of a line, as in UTF-8 and not in UTF-16?"""
    return "\n{".encode(encoding).endswith(b"\n{")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_cut_utf8(line: bytes) -> bool:
    """Is this UTF-8 but for a last character of which only the first bytes are here?"""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(line)
    except UnicodeDecodeError:
        return False
    return True


def _sixteen_bits(start: bytes) -> str:
    """UTF-16 without its mark shows as NUL in nearly every second byte of mostly Latin text."""
    if start[1::2].count(0) > 0.8 * len(start[1::2]) > 1:
        return "utf-16-le"
    if start[0::2].count(0) > 0.8 * len(start[0::2]) > 1:
        return "utf-16-be"
    return ""


def _guess(text: bytes) -> str:
    """The encoding in use in which the text looks most like language; Western where that is as likely."""
    found = charset_normalizer.from_bytes(text, cp_isolation=list(IN_USE))
    best = found.best()
    if best is None or WESTERN in best.could_be_from_charset:
        return WESTERN
    for other in found:
        if WESTERN in other.could_be_from_charset and other.chaos <= best.chaos + 0.1:
            return WESTERN if other.coherence >= best.coherence else best.encoding
    return best.encoding
