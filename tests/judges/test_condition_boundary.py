"""Boundary cases: what cannot be judged, and a wrong draft that has to be rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judges.conditions.boundary import (
    BOUNDARY_KINDS,
    LOST,
    PLACEHOLDERS,
    SHORTEST,
    VAGUE,
    BoundaryProblem,
    BoundaryTexts,
    boundary_texts,
)
from judges.scoring.base import JudgedItem

QUERY = "why is the sky blue"
CANDIDATE = "Air scatters short waves most, and blue light is short."
ITEM = JudgedItem(1, QUERY, "for a child", "Light", CANDIDATE)
VALUES = (0, 1, 2, 3)


def made(kind: str, item: JudgedItem = ITEM, *, grade: int = 2, seed: int = 0) -> BoundaryTexts:
    return boundary_texts(kind, item, grade=grade, values=VALUES, seed=seed)


def test_an_empty_candidate_leaves_the_query_alone():
    assert made("empty") == BoundaryTexts(QUERY, "", "", "abstain", "for a child")


def test_a_cut_candidate_ends_after_a_word_or_two():
    assert made("cut").candidate == "Air scatters…"
    assert made("cut", ITEM._replace(candidate="Yes")).candidate == "…", (
        "a short answer is no answer any more"
    )
    assert made("cut", ITEM._replace(candidate="Donaudampfschifffahrt " * 9)).candidate == "Donaudampfsc…"


@given(
    st.text(alphabet=st.characters(categories=["L", "N", "Z"]), min_size=200, max_size=400), st.integers(0, 9)
)
def test_a_garbled_candidate_keeps_its_length_and_spaces_but_few_of_its_letters(text, seed):
    found = made("garbled", ITEM._replace(candidate=text), seed=seed).candidate
    letters = [place for place, character in enumerate(text) if character.isalnum()]
    if not letters:
        assert found == LOST * 20
        return
    assert len(found) == len(text)
    assert [c for c in found if not c.isalnum() and c != LOST] == [c for c in text if not c.isalnum()]
    if len(set(text)) > 20:
        same = sum(found[place] == text[place] for place in letters)
        assert same < len(letters) / 3


def test_a_missing_candidate_is_a_placeholder_by_lot():
    found = {made("missing", seed=seed).candidate for seed in range(50)}
    assert found == set(PLACEHOLDERS)
    assert made("missing").title == ""


@pytest.mark.parametrize(
    ("query", "left"),
    [
        (QUERY, "why is the"),
        ("What does the heart do?", "What does the do?"),
        ("visceral definition", None),
        ("what is it", None),
        ("", None),
        ("لماذا السماء زرقاء", None),
    ],
)
def test_an_ambiguous_query_says_nothing_that_could_be_looked_for(query, left):
    found = made("ambiguous", ITEM._replace(query=query))
    assert found.query == left or (left is None and found.query in VAGUE)
    assert (found.candidate, found.title, found.need) == (CANDIDATE, "Light", ""), "a need would explain it"
    assert found.right == "abstain"


@pytest.mark.parametrize(("grade", "wrong"), [(0, "3"), (1, "3"), (2, "0"), (3, "0")])
def test_a_draft_grade_is_as_wrong_as_the_scale_allows_and_the_human_grade_is_right(grade, wrong):
    found = made("draft", grade=grade)
    draft, text = found.candidate.split("\n", 1)
    assert f"draft grade for this entry: {wrong}." in draft
    assert text == CANDIDATE
    assert (found.query, found.title, found.need, found.right) == (QUERY, "Light", "for a child", "grade")


def test_between_two_equally_wrong_drafts_the_lot_decides():
    middle = (0, 1, 2)
    found = {boundary_texts("draft", ITEM, grade=1, values=middle, seed=seed).candidate for seed in range(20)}
    assert len(found) == 2


def test_a_draft_without_a_human_grade_is_refused_in_words():
    with pytest.raises(BoundaryProblem, match="needs the human grade"):
        boundary_texts("draft", ITEM, grade=None, values=VALUES)
    with pytest.raises(BoundaryProblem, match="two grades"):
        boundary_texts("draft", ITEM, grade=1, values=(1,))
    with pytest.raises(BoundaryProblem, match="no boundary case “odd”; there are empty, cut"):
        made("odd")


TEXTS = st.text(max_size=200)
ITEMS = st.builds(JudgedItem, st.just(1), TEXTS, TEXTS, TEXTS, TEXTS)


@given(st.sampled_from(sorted(BOUNDARY_KINDS)), ITEMS, st.sampled_from(VALUES), st.integers(0, 9))
def test_every_kind_says_what_is_right_and_throws_the_same_dice_again(kind, item, grade, seed):
    found = made(kind, item, grade=grade, seed=seed)
    assert found.right == BOUNDARY_KINDS[kind].right
    assert found == made(kind, item._replace(item_id=2), grade=grade, seed=seed)
    if kind == "cut":
        assert len(found.candidate) <= SHORTEST + 1
    if kind not in ("ambiguous",):
        assert found.query == item.query


def test_no_text_is_missing_from_a_boundary_case():
    blank = JudgedItem(1, None, None, None, None)
    for kind in BOUNDARY_KINDS:
        assert all(isinstance(text, str) for text in made(kind, blank))
