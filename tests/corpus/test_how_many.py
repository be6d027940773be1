"""Numbers with what they count."""

import pytest

from corpus.how_many import how_many


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ((1, "row"), "1 row"),
        ((0, "row"), "0 rows"),
        ((1234, "row"), "1,234 rows"),
        ((1, "query", "queries"), "1 query"),
        ((2, "query", "queries"), "2 queries"),
        ((2, "ambiguous", "ambiguous"), "2 ambiguous"),
    ],
)
def test_one_is_one_and_all_others_are_several(said, words):
    assert how_many(*said) == words
