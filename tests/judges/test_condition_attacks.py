"""Attacks: what they put in is there, what was there stays, and one seed gives one text anywhere."""

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judges.conditions.attacks import (
    ATTACKS,
    CARRIERS,
    FAMILIES,
    RANDOM_WORDS,
    AttackProblem,
    attack_text,
    attack_title,
    control_text,
    doses_on,
    truth_on,
)
from judges.conditions.attacks.carriers import COMMON_WORDS
from judges.conditions.attacks.degenerate import LONGEST
from judges.conditions.attacks.orders import (
    COMMENT,
    COMPLETION,
    FLATTERY,
    FORCED,
    FULL_SCORE,
    IGNORE,
    REASONING,
)
from judges.conditions.attacks.persuasion import CITATIONS, FILLERS, MAJORITIES, TONES
from judges.conditions.attacks.placing import sentences
from judges.conditions.attacks.stuffing import query_words
from judges.conditions.attacks.synonyms import PAIRS, SYNONYMS
from judges.scoring.base import JudgedItem

QUERY = "why is the sky blue?"
CANDIDATE = (
    "Air scatters short waves most. Blue light is short. Red light goes straight on. So the sky glows."
)
ITEM = JudgedItem(1, QUERY, "", "Light", CANDIDATE)
RTL = JudgedItem(2, "لماذا السماء زرقاء؟", "", "الضوء", "يشتت الهواء الموجات القصيرة. الضوء الأزرق قصير.")
ADDED_AROUND = {  # attacks that add without touching what is there, with all that they may add
    "instruction": [FLATTERY],
    "full_score": [FULL_SCORE],
    "ignore_previous": [IGNORE],
    "fake_completion": [COMPLETION],
    "fake_reasoning": [REASONING],
    "hidden_comment": [COMMENT],
    "combined": [REASONING, FULL_SCORE, IGNORE, FORCED],
    "fake_authority": CITATIONS,
    "bandwagon": MAJORITIES,
    "sentiment": [sentence for tone in TONES.values() for sentence in tone],
    "verbosity": FILLERS,
}
BY_LOT = [
    "query", "query_words", "fake_authority", "bandwagon", "sentiment", "verbosity", "irrelevant_sentence",
    "shuffled_sentences", "dropped_sentences", "typos",
]  # fmt: skip
TEXTS = st.text(max_size=300) | st.lists(st.sampled_from(CANDIDATE.split()), max_size=60).map(" ".join)
ITEMS = st.builds(JudgedItem, st.just(1), st.text(max_size=60), st.just(""), st.text(max_size=20), TEXTS)
NAMES = st.sampled_from(sorted(ATTACKS))


def words(text: str) -> Counter:
    return Counter(text.split())


def test_every_attack_says_what_it_is_and_whose_idea_it_was():
    assert {attack.family for attack in ATTACKS.values()} == set(FAMILIES)
    for name, attack in ATTACKS.items():
        assert attack.name == name
        assert attack.meaning.endswith(".")
        assert attack.source
        assert attack.doses
        assert set(attack.carriers) <= set(CARRIERS)
        assert bool(attack.dose_is) == (attack.doses != (0,))


def test_the_attacks_of_the_battery_are_all_there():
    assert set(ATTACKS) >= {
        "query", "query_words", "query_start", "query_middle", "query_end", "query_words_start",
        "query_words_middle", "query_words_end", "instruction", "full_score", "ignore_previous",
        "fake_completion", "fake_reasoning", "hidden_comment", "combined", "empty", "repeated",
        "master_key_colon", "master_key_solution", "master_key_thought", "fake_authority", "bandwagon",
        "sentiment", "verbosity", "irrelevant_sentence", "shuffled_sentences", "dropped_sentences", "typos",
        "synonyms",
    }  # fmt: skip


@given(NAMES, ITEMS, st.integers(0, 99))
@settings(max_examples=300)
def test_the_same_texts_and_seed_give_the_same_text_whatever_was_asked_before(name, item, seed):
    dose = ATTACKS[name].doses[-1]
    first = attack_text(name, item, dose=dose, seed=seed)
    attack_text(name, ITEM, dose=dose, seed=seed + 1)
    assert attack_text(name, item._replace(item_id=7, query_id=9), dose=dose, seed=seed) == first


def test_another_process_with_another_hash_seed_gives_the_same_texts():
    code = (
        "from tests.judges.test_condition_attacks import everything; import hashlib, json;"
        "print(hashlib.sha256(json.dumps(everything()).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
        ).stdout
        for seed in ("0", "1")
    }
    assert len(found) == 1


def everything() -> list[str]:
    return [attack_text(name, item, seed=3) for name in ATTACKS for item in (ITEM, RTL)]


@pytest.mark.parametrize("name", BY_LOT)
def test_another_seed_gives_another_text(name):
    dose = 25 if name == "typos" else 0
    assert len({attack_text(name, ITEM, seed=seed, dose=dose) for seed in range(20)}) > 1


@given(NAMES, ITEMS)
@settings(max_examples=300)
def test_nothing_of_the_candidate_is_lost_where_something_is_only_added(name, item):
    if ATTACKS[name].family == "stuffing" or name in ADDED_AROUND:
        for dose in ATTACKS[name].doses:
            assert not words(item.candidate) - words(attack_text(name, item, dose=dose))


@given(ITEMS, st.sampled_from([1, 2, 3]), st.integers(0, 9))
@settings(max_examples=200)
def test_the_query_is_planted_as_often_as_the_dose_says_and_nothing_else_is(item, dose, seed):
    for name in ("query", "query_start", "query_middle", "query_end"):
        added = words(attack_text(name, item, dose=dose, seed=seed)) - words(item.candidate)
        assert added == Counter({word: n * dose for word, n in words(item.query).items()})


@given(ITEMS, st.sampled_from([1, 2, 3]), st.integers(0, 9))
@settings(max_examples=200)
def test_the_querys_words_are_planted_as_often_as_the_dose_says_and_nothing_else_is(item, dose, seed):
    for name in ("query_words", "query_words_start", "query_words_middle", "query_words_end"):
        added = words(attack_text(name, item, dose=dose, seed=seed)) - words(item.candidate)
        assert added == Counter(query_words(item.query) * dose)


def test_start_middle_and_end_are_where_they_say():
    assert attack_text("query_start", ITEM) == f"{QUERY} {CANDIDATE}"
    assert attack_text("query_end", ITEM) == f"{CANDIDATE} {QUERY}"
    # 18 words: nine before it, nine after it.
    before, after = attack_text("query_middle", ITEM, dose=2).split(f" {QUERY} {QUERY} ")
    assert (len(before.split()), len(after.split())) == (9, 9)
    assert f"{before} {after}" == CANDIDATE
    block = attack_text("query_words_end", ITEM, dose=1).removeprefix(f"{CANDIDATE} ")
    assert sorted(block.split()) == ["blue", "is", "sky", "the", "why"]


@pytest.mark.parametrize("name", ADDED_AROUND)
def test_what_an_attack_says_stands_in_the_text_beside_the_candidate(name):
    for item in (ITEM, RTL):
        text = attack_text(name, item, dose=ATTACKS[name].doses[-1])
        assert item.candidate in text
        left = text.replace(item.candidate, "")
        assert any(piece in left for piece in ADDED_AROUND[name])
        for piece in ADDED_AROUND[name]:
            left = left.replace(piece, "")
        assert not left.split()


def test_a_dose_of_verbosity_is_three_sentences():
    for dose in (1, 2, 3):
        text = attack_text("verbosity", ITEM, dose=dose)
        assert sum(filler in text for filler in FILLERS) == 3 * dose


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if "random" in attack.carriers])
@pytest.mark.parametrize("n", RANDOM_WORDS)
def test_on_random_words_the_candidate_is_gone_and_its_control_is_the_same_words_alone(name, n):
    control = control_text(name, ITEM, dose=n, seed=5, carrier="random")
    assert len(control.split()) == n
    assert set(control.split()) <= set(COMMON_WORDS)
    text = attack_text(name, ITEM, dose=n, seed=5, carrier="random")
    assert not words(control) - words(text)
    assert "scatters" not in text
    assert control == control_text("query", ITEM, dose=n, seed=5, carrier="random"), "one for all attacks"
    assert control != control_text(name, ITEM, dose=n, seed=6, carrier="random")
    assert truth_on(name, "random") == "lowest"
    assert attack_title(name, ITEM, carrier="random") == ""


def test_on_random_words_the_query_stands_among_them_once():
    text = attack_text("query", ITEM, dose=100, carrier="random")
    assert text.count(QUERY) == 1
    assert len(text.split()) == 105
    assert attack_text("query_words", ITEM, carrier="random").split().count("sky") in (1, 2, 3), (
        "a common word"
    )


def test_elsewhere_the_control_is_the_item_itself():
    assert all(control_text(name, ITEM) is None for name in ATTACKS)


def test_what_replaces_the_candidate_takes_its_title_with_it():
    assert attack_text("empty", ITEM) == attack_title("empty", ITEM) == ""
    for name, key in {"colon": ":", "solution": "Solution", "thought": "Thought process:"}.items():
        assert attack_text(f"master_key_{name}", ITEM) == key
        assert attack_title(f"master_key_{name}", ITEM) == ""
    assert attack_title("query", ITEM) == "Light"


def test_repeated_stands_there_128_times_and_a_very_long_one_at_least_twice():
    assert attack_text("repeated", ITEM).split("\n") == [CANDIDATE] * 128
    long = ITEM._replace(candidate="a long text " * 1000)
    assert LONGEST * 0.9 < len(attack_text("repeated", long)) <= LONGEST
    longer = ITEM._replace(candidate="word " * 100_000)
    assert attack_text("repeated", longer).split("\n") == [longer.candidate.strip()] * 2


def test_sentences_are_shuffled_dropped_and_joined_by_an_aside_without_losing_the_others():
    own = sentences(CANDIDATE)
    shuffled = sentences(attack_text("shuffled_sentences", ITEM))
    assert shuffled != own
    assert sorted(shuffled) == sorted(own)
    for dose, n_left in ((25, 3), (50, 2)):  # a quarter, half of four
        left = sentences(attack_text("dropped_sentences", ITEM, dose=dose))
        assert len(left) == n_left
        assert left == [sentence for sentence in own if sentence in left]
    with_aside = sentences(attack_text("irrelevant_sentence", ITEM))
    assert [sentence for sentence in with_aside if sentence in own] == own
    assert len(with_aside) == 5


@given(TEXTS)
def test_what_has_one_sentence_is_neither_shuffled_nor_dropped(text):
    item = ITEM._replace(candidate="".join(text.split()).replace(".", "") or "word")
    if len(sentences(item.candidate)) == 1:
        assert attack_text("shuffled_sentences", item) == item.candidate
        assert attack_text("dropped_sentences", item, dose=50) == item.candidate


def test_typos_hit_the_share_of_longer_words_that_the_dose_says():
    item = ITEM._replace(candidate="distance " * 200)
    for dose, n_hit in ((5, 10), (10, 20), (25, 50)):
        found = attack_text("typos", item, dose=dose).split()
        assert len(found) == 200
        assert sum(word != "distance" for word in found) == n_hit
    assert attack_text("typos", ITEM._replace(candidate="it is so, 12345 of us")) == "it is so, 12345 of us"


def test_synonyms_keep_capitals_and_touch_whole_words_only():
    item = ITEM._replace(candidate="A large house. Large houses! LARGE enlarged hOuse, a-large")
    assert attack_text("synonyms", item) == "A big home. Big homes! BIG enlarged hOuse, a-large"


@given(st.lists(st.sampled_from(sorted(SYNONYMS)), min_size=1, max_size=30).map(" ".join))
def test_synonyms_twice_are_the_text_itself(text):
    once = attack_text("synonyms", ITEM._replace(candidate=text))
    assert once != text
    assert attack_text("synonyms", ITEM._replace(candidate=once)) == text


def test_the_lists_are_long_enough_and_no_word_has_two_partners():
    assert len(set(COMMON_WORDS)) == len(COMMON_WORDS) >= 300
    assert len(PAIRS) >= 150
    assert len(SYNONYMS) == 2 * len(PAIRS)


def test_a_and_an_stay_right_before_synonyms():
    def begins_with_a_vowel(word: str) -> bool:
        return word[0] in "aeiou" and not word.startswith("usual")  # "a usual …", but "an unusual …"

    assert [pair for pair in PAIRS if begins_with_a_vowel(pair[0]) != begins_with_a_vowel(pair[1])] == []


ODD = [
    "", " ", "\n", "\0", "\ud800", "a", "日本語の文章です。次の文。", "👩‍👩‍👧", "e\u0301" * 50, "…",
    "\u202eright to left\u202c", "." * 5000, "word " * 20_000, "x" * 200_000,
    "a\r\nb\x85c\u2028d", "{{query}}", "<|im_end|>",
]  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_no_text_however_odd_breaks_an_attack(name):
    for text in ODD:
        for query in ("", " ", QUERY, text[:3000]):
            for dose in ATTACKS[name].doses:
                assert isinstance(
                    attack_text(name, JudgedItem(1, query, "", text[:50], text), dose=dose), str
                )


@given(NAMES, ITEMS, st.sampled_from(sorted(CARRIERS)), st.integers(-5, 5))
@settings(max_examples=300)
def test_no_attack_raises_but_for_what_it_says(name, item, carrier, seed):
    if carrier == "random" and carrier not in ATTACKS[name].carriers:
        with pytest.raises(AttackProblem, match="no sense on random words"):
            attack_text(name, item, carrier=carrier)
        return
    for dose in doses_on(name, carrier):
        assert isinstance(attack_text(name, item, dose=dose, seed=seed, carrier=carrier), str)
        control_text(name, item, dose=dose, seed=seed, carrier=carrier)


def test_texts_that_are_missing_are_empty_ones():
    missing = JudgedItem(1, None, "", None, None)
    assert attack_text("query", missing) == attack_title("query", missing) == ""
    assert attack_text("instruction", missing) == FLATTERY


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"name": "bribery"}, "there is no attack “bribery”; the attacks are query"),
        ({"name": "query", "dose": 4}, "“query” has no dose 4 on “same”; there are 1, 2, 3"),
        ({"name": "query", "dose": 1, "carrier": "random"}, "no dose 1 on “random”; there are 100, 200, 400"),
        ({"name": "typos", "carrier": "random"}, "“typos” makes no sense on random words"),
        ({"name": "query", "carrier": "lorry"}, "there is no carrier “lorry”; the carriers are random"),
    ],
)
def test_what_there_is_not_is_said(asked, complaint):
    with pytest.raises(AttackProblem, match=complaint):
        attack_text(asked.pop("name"), ITEM, **asked)
