"""The real files of TREC Deep Learning 2021, as they were released: every row is read, none is bad."""

import pytest

from exchange.formats.reading import read_rows
from exchange.formats.rows import BadRow
from exchange.formats.sniffing import sniff

FILES = [
    ("pairs.jsonl", "pairs", 1549),
    ("verdicts.csv.gz", "verdicts", 41816),
    ("replies.jsonl.gz", "verdicts", 4646),
    ("attacks.jsonl.gz", "attacks", 1952),
    ("attack_verdicts.csv.gz", "verdicts", 16215),
    ("runs.txt.gz", "system", 333750),
    ("qrels_human.txt.gz", "qrels", 10828),
    ("qrels_llm/gpt-4.txt.gz", "qrels", 7450),
]


@pytest.mark.parametrize(("name", "kind", "n_rows"), FILES)
def test_a_file_is_known_for_what_it_is_and_read_whole(dl21, name, kind, n_rows):
    sniffed = sniff(dl21 / name)
    n_good = n_bad = 0
    for row in read_rows(dl21 / name, sniffed):
        if isinstance(row, BadRow):
            n_bad += 1
        else:
            n_good += 1
    assert (sniffed.kind, n_good, n_bad) == (kind, n_rows, 0)


def test_replies_without_a_number_are_kept_as_they_came(dl21):
    rows = list(read_rows(dl21 / "verdicts.csv.gz", sniff(dl21 / "verdicts.csv.gz")))
    grades = {row.grade for row in rows}
    assert {None, "{relevance_score}", "3.0", "3"} <= grades
    assert sum(row.grade is None for row in rows) == 10
    assert rows[0].metadata == {"prompt_tokens": "239", "completion_tokens": "5"}
