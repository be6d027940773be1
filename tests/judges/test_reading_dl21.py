"""Replies of three large models to one prompt, as they really are: what we read and what was read there."""

import gzip
import json

from judges.scoring.base import Scale
from judges.scoring.reading import read_grade

SCALE = Scale(((0, "", ""), (1, "", ""), (2, "", ""), (3, "", "")), 2, False)


def test_our_grade_is_the_given_one_wherever_that_is_a_number(dl21):
    """One form for the prompt. Where the given grade is a word of the reply, the reply states a number."""
    n_numbers, words = 0, []
    with gzip.open(dl21 / "replies.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            read = read_grade(row["reply"], reply={"after": "Category"}, scale=SCALE, abstain="X")
            if row["grade"] in ("0", "1", "2", "3"):
                n_numbers += 1
                assert (read.outcome, read.grade) == ("graded", int(row["grade"])), row["reply"][-200:]
            else:
                words.append((row["grade"], read.outcome, read.grade))
    assert n_numbers == 4612
    # Errors there: 34 replies in which a word, or a number with its quotes, was taken for the grade.
    assert len(words) == 34
    assert all(outcome == "graded" for _, outcome, _ in words)
