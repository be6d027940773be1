"""manage.py mine does all of it."""

import json

import pytest
from django.core.management import CommandError, call_command

from annotate.models import Round
from corpus.models import Job
from mining.models import Pool, Selection
from mining.pool_settings import PoolSettings
from mining.pools import prepare_pool
from mining.reading import kept

SCORES = {
    ("q0", "c0-0"): 0.7, ("q0", "c0-1"): 0.9, ("q0", "c0-2"): 0.5, ("q0", "c0-3"): 0.3,
    ("q1", "c1-0"): 0.6, ("q1", "c1-1"): 0.2, ("q1", "c1-2"): 0.4,
}  # fmt: skip


@pytest.fixture
def mine(garden, capsys):
    """Runs the command on the project; what it printed, as JSON where it was asked for."""
    kept.forget()

    def run(*words, **options):
        call_command("mine", "soil", *map(str, words), **options)
        said = capsys.readouterr().out
        return json.loads(said) if "--json" in words else said

    return run


def test_a_pool_is_made_and_shown(mine):
    facts = mine("pool", "--name", "one", "--bm25", 10, "--random", 0, "--budget", 3, "--json")
    assert (facts["state"], facts["n_pooled"], facts["n_positives"]) == ("done", 6, 2)
    assert facts["miners"] == ["BM25"]
    assert mine("show", "--json")["pools"][0]["pool"] == "one"
    with pytest.raises(CommandError, match="made already"):
        mine("pool", "--name", "one")


def test_what_to_do_with_a_pool_can_be_pasted(mine):
    told = mine("pool", "--name", "my pool", "--random", 0)
    assert "mine soil judge 'my pool' --judge NAME" in told


def test_the_same_command_goes_on_with_a_pool_that_was_stopped(mine, garden):
    pool = prepare_pool(garden.project, name="one", settings=PoolSettings(random=0), here=True)
    Job.objects.filter(pk=pool.job_id).update(state="cancelled")
    assert "candidates and 2 positives of 2 queries" in mine("pool", "--name", "one")


def test_from_the_rule_to_the_round(mine, garden):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    run = garden.run(Pool.objects.get(), SCORES)
    counts = mine("select", "one", "--dry", "--take", "top", "-k", 2, "--json")
    assert (counts["n_picked"], counts["states"]["ambiguous"]) == (4, 1)
    assert not Selection.objects.exists()
    facts = mine("select", "one", "--name", "strict", "--judge", "scorer", "--take", "top", "-k", 2, "--json")
    assert (facts["run"], facts["n_picked"], facts["checked"]) == (run.pk, 4, None)
    drawn = mine("check", "strict", "-n", 4, "--json")
    assert Round.objects.get(pk=drawn["round"]).item_set.n_items == 4
    asked = mine("people", "strict", "--overlap", 2, "--json")
    assert Round.objects.get(pk=asked["round"]).overlap == 2
    garden.grade("q0", "c0-3", 2)
    garden.grade("q1", "c1-1", 0)
    *shown, checked = mine("show").splitlines()
    assert shown == [
        "“one”: 10 candidates and 2 positives of 2 queries; 0 near-duplicates set apart",
        f"  Run {run.pk} of “scorer”: done",
        "  “strict” of 12 pairs in 2 queries: 2 positives, 1 ambiguous, 4 hard negatives, 5 unjudged."
        " Flagged where s > s⁺ − 0.01. 4 negatives picked: 2 negatives of each query, the highest-scored;"
        " seed 0.",
    ]
    assert checked.endswith("of its negatives are relevant after all: 1 of 2 checked (4 drawn).")


def test_what_is_shown_of_a_check_follows_the_grades(mine, garden):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    garden.run(Pool.objects.get(), SCORES)
    mine("select", "one", "--name", "strict", "--take", "top", "-k", 2)
    mine("check", "strict", "-n", 99)
    assert "    4 negatives drawn for a check, of 4; none is graded yet." in mine("show")
    garden.grade("q0", "c0-2", 2)
    assert "of 4; 1 graded, all of one query, which tells nothing of the others." in mine("show")
    for query, candidate in (("q0", "c0-3"), ("q1", "c1-1"), ("q1", "c1-2")):
        garden.grade(query, candidate, 0)
    share = mine("show", "--json")["selections"][0]["checked"]
    low, high = (f"{100 * share[name]:.1f} %" for name in ("low", "high"))
    # One of the four is relevant after all.
    told = f"    25.0 % [{low}, {high}] of its negatives are relevant after all: 1 of 4 checked (4 drawn)."
    assert told in mine("show")


def test_without_a_name_nothing_is_stored(mine, garden):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    garden.run(Pool.objects.get(), SCORES)
    said = mine("select", "one", "-k", 1, "--amount", 0.15)
    assert said.strip() == (
        "2 positives, 1 ambiguous, 4 hard negatives, 5 unjudged; 2 negatives would be picked."
        " Nothing is stored without --name."
    )
    mine("select", "one", "--name", "kept", "--dry")
    assert not Selection.objects.exists()
    mine("select", "one", "--name", "kept")
    assert Selection.objects.get().name == "kept"


def test_a_judge_that_is_done_judges_again_only_when_told_to(mine, garden, judge):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    run = garden.run(Pool.objects.get(), SCORES, by=judge)
    told = f"{run} of “grader” over 12 items is done already. Give --again for another run."
    assert told in mine("judge", "one", "--judge", "grader")
    assert mine("judge", "one", "--judge", "grader", "--json")["run"] == run.pk
    assert mine("judge", "one", "--judge", "grader", "--again", "--json")["run"] > run.pk
    assert judge.runs.count() == 2


def test_what_was_flagged_goes_to_another_judge_once(mine, garden, judge):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    garden.run(Pool.objects.get(), SCORES)
    mine("select", "one", "--name", "strict")
    first = mine("second", "strict", "--judge", "grader", "--json")
    assert first["n_items"] == 2  # c0-1 and the positive it is measured by
    assert "is done already" in mine("second", "strict", "--judge", "grader")
    assert mine("second", "strict", "--judge", "grader", "--again", "--json")["run"] > first["run"]


def test_a_second_judge_settles_what_was_flagged(mine, garden):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    pool = Pool.objects.get()
    garden.run(pool, SCORES)
    garden.run(pool, {("q0", "c0-0"): 1.0, ("q0", "c0-1"): 3.0}, by=garden.judge("elder"))
    facts = mine(
        "select", "one", "--name", "two", "--judge", "scorer", "--second", "elder",
        "--second-margin", "fixed", "--second-amount", 2, "--json",
    )  # fmt: skip
    assert facts["states"]["relabelled_positive"] == 1
    assert facts["rule"]["second"]["margin"] == "fixed"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["judge", "none", "--judge", "x"], "no pool “none”"),
        (["people", "none"], "no selection “none”"),
        (["pool", "--name", "x", "--dense", "none"], "no engine called “none”"),
        (["pool", "--name", "x", "--systems", "none"], "no run file called none"),
        (["pool", "--name", "x", "--bm25", "0", "--random", "0"], "at least one miner"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(mine, words, said):
    with pytest.raises(CommandError, match=said):
        mine(*words)


def test_a_rule_without_a_run_says_how_to_get_one(mine):
    mine("pool", "--name", "one", "--bm25", 10, "--random", 0)
    with pytest.raises(CommandError, match="start one with"):
        mine("select", "one")
