"""Texts as words, for BM25 and for likeness: no language is assumed."""

import re

# One CJK character is a word of its own, as no blanks part words there; else a run of letters and digits.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")


def words(text: str) -> list[str]:
    """The words of the text in order, without case."""
    return _WORD.findall(text.casefold())
