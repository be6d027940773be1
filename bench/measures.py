"""Speed of the measures against well-known libraries, and how often intervals and tests are right.

No database: arrays only. `python -m bench.measures [--collections 2000] [--experiments 500]`, or
`make bench-measures`.
"""

import argparse
import time
from collections.abc import Callable

import krippendorff
import numpy as np
from scipy.stats import bootstrap as scipy_bootstrap
from sklearn.metrics import cohen_kappa_score

from bench.compliance_truth import conclusions, speed_of_the_model
from bench.simulated import Collection, share_of_truth, simulate, truths
from measures.alpha import alpha_ordinal
from measures.bootstrap import Tally
from measures.comparing import compare_judges
from measures.estimates import estimate_tallies
from measures.gwet import ac2
from measures.kappa import kappa
from measures.powered import powered_mean

VALUES = (0, 1, 2, 3)
N_GRADES, N_QUERIES, REPLICATES = 1_000_000, 1_000, 10_000
MEASURES = {"κ": kappa, "α ordinal": alpha_ordinal, "AC2": ac2}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.measures", description=__doc__)
    parser.add_argument("--collections", type=int, default=2_000)
    parser.add_argument("--experiments", type=int, default=500)
    options = parser.parse_args()
    speed()
    coverage(options.collections)
    size(options.collections)
    speed_of_the_model()
    conclusions(options.experiments)


def speed() -> None:
    """κ + α + AC2 with a cluster bootstrap on a million grades against what libraries take."""
    generator = np.random.default_rng(0)
    query = generator.integers(0, N_QUERIES, N_GRADES)
    reference = generator.integers(0, 4, N_GRADES)
    judged = np.where(generator.random(N_GRADES) < 0.6, reference, generator.integers(0, 4, N_GRADES))
    counts = np.zeros((N_QUERIES, 4, 4), dtype=np.int64)
    np.add.at(counts, (query, reference, judged), 1)
    tally = Tally(counts, {name: _over(measure) for name, measure in MEASURES.items()})
    ours = _seconds(lambda: estimate_tallies([tally], replicates=REPLICATES)) / REPLICATES
    rows = np.stack([query, reference, judged])
    of_query = [rows[1:, np.flatnonzero(query == each)] for each in range(N_QUERIES)]

    def resampled_kappa(drawn: np.ndarray) -> float:
        both = np.concatenate([of_query[int(each)] for each in drawn], axis=1)
        return cohen_kappa_score(both[0], both[1])

    n_theirs = 3
    theirs = _seconds(
        lambda: scipy_bootstrap(
            (np.arange(N_QUERIES),), resampled_kappa, n_resamples=n_theirs, vectorized=False,
            method="percentile", rng=np.random.default_rng(0),
        )
    ) / n_theirs  # fmt: skip
    print(f"Speed, {N_GRADES:,} grades of {N_QUERIES:,} queries")
    print(f"  κ + α + AC2, {REPLICATES:,} replicates: {ours * REPLICATES:.2f} s")
    print(f"  a replicate against scipy.stats.bootstrap over cohen_kappa_score: {theirs / ours:,.0f} times")
    total = counts.sum(axis=0)
    one_alpha = _seconds(lambda: [alpha_ordinal(counts.sum(axis=0), VALUES) for _ in range(20)]) / 20
    value = krippendorff.alpha(rows[1:].astype(float), level_of_measurement="ordinal")
    assert abs(value - float(alpha_ordinal(total, VALUES))) < 1e-9
    library = _seconds(lambda: krippendorff.alpha(rows[1:].astype(float), level_of_measurement="ordinal"))
    print(f"  α from counts against krippendorff.alpha: {library / one_alpha:,.0f} times")


def coverage(n_collections: int) -> None:
    """How often 95 % intervals hold the truth."""
    true = truths()
    print(f"Coverage of 95 % intervals, {n_collections:,} simulated collections")
    for n_queries in (50, 200, 1_000):
        held = {"κ": 0, "α ordinal": 0, "prediction-powered mean": 0}
        for number in range(n_collections):
            made = simulate(n_queries, seed=number)
            tally = Tally(made.counts, {name: _over(MEASURES[name]) for name in ("κ", "α ordinal")})
            (found,) = estimate_tallies([tally], replicates=2_000)
            for name, estimate in found.items():
                held[name] += estimate.low <= true[name] <= estimate.high
            powered = _powered(made)
            held["prediction-powered mean"] += powered.low <= share_of_truth() <= powered.high
        shares = ", ".join(f"{name} {n / n_collections:.1%}" for name, n in held.items())
        print(f"  {n_queries:,} queries: {shares}", flush=True)


def size(n_collections: int) -> None:
    """How often the test finds two judges to differ that agree with people equally."""
    print(f"Size of the 5 % test between two judges of the same κ, {n_collections:,} simulated collections")
    weights = 1 - np.eye(4)
    for n_queries in (50, 200):
        for habits in ("alike", "unlike"):
            n_found = 0
            for number in range(n_collections):
                made = simulate(n_queries, seed=number, second=habits)
                (pair,) = compare_judges(
                    made.queries, made.references, made.judged, [(0, 1)],
                    weights=weights, permutations=999, replicates=2,
                )  # fmt: skip
                n_found += pair.p <= 0.05
            print(f"  {n_queries} queries, habits {habits}: {n_found / n_collections:.1%}", flush=True)


def _powered(made: Collection):
    generator = np.random.default_rng(int(made.references.sum()))
    relevant = (made.references >= 2).astype(float)
    predicted = (made.judged[:, 0] >= 2).astype(float)
    chances = np.where(predicted == 1, 0.3, 0.15)
    people = np.where(generator.random(chances.size) < chances, relevant, np.nan)
    return powered_mean(predicted, people, chances, made.queries).powered


def _over(measure: Callable) -> Callable:
    return lambda tables: measure(tables, VALUES)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
