"""A JSON list, one entry after the other, in flat memory; or the list that an object holds under a key.

Tools write their files so, often without a single line break: lines mean nothing there, and entries are
counted instead, from 1.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from exchange.formats.lines import LINE_LIMIT, BrokenAt
from exchange.formats.opening import BrokenStream

BLANKS = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder(parse_constant=str)
ENTRIES_AT_ONCE = 500

Entry: TypeAlias = tuple[int, Any]


def read_entries(texts: Iterable[str], *, within: str = "", limit: int = LINE_LIMIT) -> Iterator[list[Entry]]:
    """Yield (number, entry) in lists. `within`: the key whose list it is, where the text begins an object.

    Raises BrokenAt, with the number of the entry, where the text is no JSON or ends too early, and where one
    entry is longer than `limit` characters; what was read before comes first.
    """
    held = _Held(texts)
    entries: list[Entry] = []
    number = 0
    try:
        _enter(held, within, limit)
        while (sign := held.next_sign()) != "]":
            if number:
                if sign != ",":
                    raise BrokenStream(_cut_off() if not sign else "there is no comma before its next entry")
                held.at += 1
            number += 1
            entries.append((number, _value(held, limit)))
            if len(entries) >= ENTRIES_AT_ONCE:
                yield entries
                entries = []
    except BrokenStream as broken:
        yield entries
        raise BrokenAt(max(number, 1), str(broken)) from None
    yield entries


def decoded(blocks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Blocks of bytes as text, without a byte order mark. Raises BrokenStream where they are none."""
    decoder = codecs.getincrementaldecoder(encoding)()
    is_first = True
    try:
        for block in blocks:
            text = decoder.decode(block)
            yield text.removeprefix("\ufeff") if is_first else text
            is_first = is_first and not text
        yield decoder.decode(b"", final=True)
    except UnicodeError:
        raise BrokenStream(
            f"it is no {encoding} text from there on; name its encoding with --encoding"
        ) from None


class _Held:
    """What is left of a text that comes in pieces: `text` from the place `at` on."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = iter(texts)
        self.text = ""
        self.at = 0
        self.is_all = False

    def grow(self) -> bool:
        """Take in at least as much again as is held; False where nothing more comes."""
        pieces = [self.text[self.at :]]
        wanted, got = len(pieces[0]), 0
        while got <= wanted:
            piece = next(self._texts, None)
            if piece is None:
                self.is_all = True
                break
            pieces.append(piece)
            got += len(piece)
        self.text, self.at = "".join(pieces), 0
        return got > 0

    def next_sign(self) -> str:
        """The next character that is no blank, left where it is; "" at the end."""
        while True:
            blanks = BLANKS.match(self.text, self.at)
            self.at = blanks.end() if blanks else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.grow():
                return ""


def _enter(held: _Held, within: str, limit: int) -> None:
    """Go to the list's first entry."""
    if held.next_sign() == "{" and within:
        key = re.compile(rf'"{re.escape(within)}"\s*:\s*(?=\[)')
        while (found := key.search(held.text, held.at)) is None:
            if len(held.text) - held.at > limit or not held.grow():
                raise BrokenStream(f"it has no list named “{within}”")
        held.at = found.end()
    if held.next_sign() != "[":
        raise BrokenStream("it is no JSON list")
    held.at += 1


def _value(held: _Held, limit: int) -> Any:
    """Take the next value off the text."""
    held.next_sign()
    while True:
        try:
            value, end = DECODER.raw_decode(held.text, held.at)
        except json.JSONDecodeError as error:
            if len(held.text) - held.at > limit:
                size = f"{limit >> 20} MB" if limit >= 1 << 20 else f"{limit} characters"
                raise BrokenStream(f"it is no JSON ({error.msg}), or longer than {size}") from None
            is_cut = error.msg.startswith("Unterminated") or error.pos >= len(held.text.rstrip())
            if not held.grow():
                raise BrokenStream(_cut_off() if is_cut else f"it is no JSON ({error.msg})") from None
        except RecursionError:
            raise BrokenStream("its lists or objects are nested too deeply") from None
        except ValueError as error:  # a number of thousands of digits
            raise BrokenStream(f"it cannot be read ({error})") from None
        else:
            n_read = end - held.at
            if end < len(held.text) or not held.grow():
                held.at += n_read
                return value


def _cut_off() -> str:
    return "it ends too early, as if the copy was cut off"
