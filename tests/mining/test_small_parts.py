"""Words, likeness and fusion, each worked by hand."""

import numpy as np
import pytest

from mining.fusing import fuse
from mining.grouped import counted, places, share_no_higher
from mining.likeness import Said, could_reach, likest, might_say, runs_of_words
from mining.models import Pool
from mining.pool_settings import Fusion
from mining.words import words


def test_words_have_no_case_and_every_cjk_character_is_one():
    assert words("Straße, the 2nd-best") == ["strasse", "the", "2nd", "best"]
    assert words("土壤carbon碳") == ["土", "壤", "carbon", "碳"]
    assert words("…") == []


def test_likeness_is_the_share_of_runs_of_three_words_that_both_have():
    one, other = runs_of_words("a b c d e"), runs_of_words("a b c d f")
    # {abc, bcd, cde} and {abc, bcd, cdf}: two of four.
    assert likest(one, {7: other, 8: runs_of_words("x y z")}) == (7, pytest.approx(0.5))
    assert likest(runs_of_words(""), {7: runs_of_words("")}) is None


def test_texts_of_too_different_length_cannot_be_alike():
    # 8 runs against 10: at most 8/10 shared.
    assert could_reach(8, [10], 0.8)
    assert not could_reach(7, [10, 3], 0.8)


def test_a_text_that_lacks_the_letters_of_too_many_runs_is_told_apart_unread():
    # Ten words are eight runs; each is counted with its longest word, so "kcccc" stands for three of them.
    said = Said.of("ka kb kcccc kd ke kf kg kh ki kj")
    assert (len(said.runs), dict(said.probes)["kcccc"], sum(n for _, n in said.probes)) == (8, 3, 8)
    # At a floor of 0.75 two may be missing.
    assert might_say("kcccc ka kb kd ke kf kg kh ki kj", said, 0.75)
    assert not might_say("ka kb kd ke kf kg kh ki kj", said, 0.75)
    assert not might_say("anything", Said.of(""), 0.75)


def test_no_text_that_is_alike_is_told_apart_unread():
    chance = np.random.default_rng(5)
    texts = [" ".join(chance.choice(["ab", "abc"], size=6)) for _ in range(60)]
    alike = 0
    for text in texts:
        for other in texts:
            found = likest(runs_of_words(text), {0: runs_of_words(other)})
            if found and found.share >= 0.5:
                alike += 1
                assert might_say(text, Said.of(other), 0.5)
    assert alike > 100  # each with itself, and some more


def test_reciprocal_ranks_are_summed_over_lists():
    # Pair 0 is first in one list and second in the other, pair 1 second in one list alone.
    ranks, pairs = np.array([1, 2, 2]), np.array([0, 0, 1])
    found = fuse(
        ranks, np.zeros(3), lists=np.array([0, 1, 0]), pairs=pairs, n_pairs=2, n_miners=2, fusion=Fusion.RRF
    )
    assert found == pytest.approx([1 / 61 + 1 / 62, 1 / 62])


def test_percentiles_of_lists_are_averaged_over_all_miners():
    # One list of three with a tie on top: shares 3/3, 3/3, 1/3; the other list has only the last pair.
    found = fuse(
        np.array([1, 2, 3, 1]),
        np.array([5.0, 5.0, 1.0, 9.0]),
        lists=np.array([0, 0, 0, 1]),
        pairs=np.array([0, 1, 2, 2]),
        n_pairs=3,
        n_miners=2,
        fusion=Fusion.PERCENTILE,
    )
    assert found == pytest.approx([1 / 2, 1 / 2, (1 / 3 + 1) / 2])


def test_groups_are_counted_placed_and_shared_out():
    groups = np.array([4, 4, 4, 9])
    assert counted(groups).tolist() == [0, 1, 2, 0]
    assert places(groups, np.array([0.1, float("nan"), 0.3, 0.2])).tolist() == [1, 2, 0, 0]
    assert share_no_higher(groups, np.array([1.0, 1.0, 3.0, 2.0])) == pytest.approx([2 / 3, 2 / 3, 1, 1])
    assert share_no_higher(groups[:0], np.zeros(0)).size == 0


def test_several_run_files_are_counted_in_a_pools_miners():
    def words(*kinds: str) -> list[str]:
        return Pool(
            miners=[{"kind": kind, "name": f"{kind} {n}"} for n, kind in enumerate(kinds)]
        ).miner_words

    assert words("bm25", "system", "random") == ["bm25 0", "system 1", "random 2"]
    assert words("bm25", "system", "system", "random") == ["bm25 0", "2 run files", "random 3"]
