"""Pools, selections and what was checked as plain data, for commands."""

from math import isfinite
from typing import Any

from mining.cascade import Checked, check
from mining.models import Pool, Selection
from mining.rule_words import say_rule, say_sampling
from mining.rules import rule_of
from mining.sampling import sampling_of


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


def selection_sentence(selection: Selection) -> str:
    """How a selection came out, in one paragraph."""
    counts, rule = selection.counts, rule_of(selection.rule["first"])
    states = ", ".join(
        f"{n:,} {state.replace('_', ' ')}{'s' if state.endswith('negative') and n != 1 else ''}"
        for state, n in counts["states"].items()
        if n
    )
    return (
        f"“{selection}” of {counts['n_pairs']:,} pairs in {counts['n_queries']:,} queries: {states}."
        f" {say_rule(rule)} {counts['n_picked']:,} negatives picked:"
        f" {say_sampling(sampling_of(selection.sampling))}"
    )
