"""Pools, selections and what was checked as plain data, for commands."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from corpus.how_many import how_many
from judges.models import Run
from mining.cascade import Checked, check
from mining.models import Pool, Selection
from mining.rule_words import say_rule, say_sampling
from mining.rules import State, rule_of
from mining.sampling import sampling_of

STATE_WORDS = {
    State.POSITIVE: ("positive",),
    State.RELABELLED: ("relabelled positive",),
    State.AMBIGUOUS: ("ambiguous", "ambiguous"),
    State.HARD: ("hard negative",),
    State.RANDOM: ("random negative",),
    State.UNJUDGED: ("unjudged", "unjudged"),
}


def pool_figures(pool: Pool) -> dict[str, Any]:
    """What a pool is and holds."""
    return {
        "pool": pool.name,
        "id": pool.pk,
        "state": pool.job.state,
        "error": pool.job.error,
        "item_set": pool.item_set.name if pool.item_set else None,
        "miners": [miner["name"] for miner in pool.miners],
        "settings": pool.settings,
        **pool.counts,
    }


def pool_sentence(pool: Pool) -> str:
    """What a pool holds, in one line."""
    if pool.frozen_at is None:
        return f"“{pool}”: {pool.job.get_state_display().lower()}"
    counts = pool.counts
    return (
        f"“{pool}”: {how_many(counts['n_pooled'], 'candidate')}"
        f" and {how_many(counts['n_positives'], 'positive')}"
        f" of {how_many(counts['n_queries'], 'query', 'queries')};"
        f" {how_many(counts['n_duplicates'], 'near-duplicate')} set apart"
    )


def run_figures(run: Run) -> dict[str, Any]:
    """Which judge's run it is, and how far."""
    return {"run": run.pk, "judge": run.judge.name, "state": run.job.state}


def selection_figures(selection: Selection) -> dict[str, Any]:
    """What a selection rests on and how it came out."""
    found = check(selection)
    return {
        "selection": selection.name,
        "id": selection.pk,
        "pool": selection.pool.name,
        "judge": selection.run.judge.name,
        "run": selection.run_id,
        "second_run": selection.second_run_id,
        "rule": selection.rule,
        "sampling": selection.sampling,
        **selection.counts,
        "checked": checked_figures(found) if found else None,
    }


def checked_figures(found: Checked) -> dict[str, Any]:
    """The false-negative rate of a selection; null where undefined."""
    numbers = {"share": found.share.value, "low": found.share.low, "high": found.share.high}
    return {name: number if isfinite(number) else None for name, number in numbers.items()} | {
        "n_relevant": found.n_relevant,
        "n_checked": found.n_checked,
        "n_drawn": found.n_drawn,
        "n_negatives": found.n_negatives,
        "chance": found.chance,
    }


def checked_sentence(found: dict[str, Any]) -> str:
    """The false-negative rate of these `checked_figures`, or how many were drawn for it."""
    drawn = f"{how_many(found['n_drawn'], 'negative')} drawn for a check, of {found['n_negatives']:,};"
    if not found["n_checked"]:
        return f"{drawn} none is graded yet."
    if found["share"] is None:
        return f"{drawn} {found['n_checked']:,} graded, all of one query, which tells nothing of the others."
    share, low, high = (
        "–" if found[name] is None else f"{100 * found[name]:.1f} %" for name in ("share", "low", "high")
    )
    return (
        f"{share} [{low}, {high}] of its negatives are relevant after all:"
        f" {found['n_relevant']:,} of {found['n_checked']:,} checked ({found['n_drawn']:,} drawn)."
    )


def selection_sentence(selection: Selection) -> str:
    """How a selection came out, in one paragraph."""
    counts, rule = selection.counts, rule_of(selection.rule["first"])
    return (
        f"“{selection}” of {how_many(counts['n_pairs'], 'pair')}"
        f" in {how_many(counts['n_queries'], 'query', 'queries')}: {say_states(counts['states'])}."
        f" {say_rule(rule)} {how_many(counts['n_picked'], 'negative')} picked:"
        f" {say_sampling(sampling_of(selection.sampling))}"
    )


def say_states(states: Mapping[str, int]) -> str:
    """How many candidates have each state, of those that any has."""
    return ", ".join(how_many(states[state], *STATE_WORDS[state]) for state in State if states.get(state))
