"""One judge on parts of the project: κ and bias in each slice beside the rest, and what length does to it."""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.models import Project
from measures.bootstrap import Tally
from measures.comparing import holm
from measures.error import bias
from measures.estimates import UNDEFINED, Estimate, estimate_tallies
from measures.kappa import kappa
from measures.slices import Contrast, bias_contrast, correlation, kappa_contrast, rank_correlation_sums
from reports.counts import place_queries
from reports.figures import estimate_as_json, estimate_from_json
from reports.models import CachedFigures
from reports.nulls import number
from reports.reading import References, Said, read_verdicts
from reports.runs import JudgeRuns, state_of
from reports.scope import Scope, label_mark
from reports.slices import Dimension, dimensions, references_in

REPLICATES = 2_000


class Slice(NamedTuple):
    """One judge on one part of the items."""

    key: str  # as an address names it
    name: str
    n: int  # grades
    kappa: Estimate
    bias: Estimate
    kappa_contrast: Contrast  # with the rest of the dimension's items
    bias_contrast: Contrast
    kappa_holm: float  # p among all slices of the judge
    bias_holm: float


class SlicedDimension(NamedTuple):
    """A dimension with the judge's figures in each of its buckets."""

    key: str
    title: str
    slices: list[Slice]


class SliceReport(NamedTuple):
    """Where one judge agrees with people, and where not."""

    dimensions: list[SlicedDimension]
    kappa: Estimate  # over all items
    bias: Estimate
    length: Estimate  # Spearman's ρ of candidate length and signed error
    n: int


def slice_report(project: Project, judged: JudgeRuns, *, scope: Scope) -> SliceReport:
    """The report of this judge in this scope, from the cache where nothing has changed."""
    key = scope.key(project, "slices", label_mark(project), *map(state_of, judged.runs))
    known = CachedFigures.objects.known(project, [key])
    if key not in known:
        made = measure_slices(project, judged, scope=scope)
        known = {key: _as_json(made)}
        CachedFigures.objects.remember(project, known)
    return _from_json(known[key])


def measure_slices(project: Project, judged: JudgeRuns, *, scope: Scope) -> SliceReport:
    """The report from the store."""
    references = references_in(project.pk, scope)
    said = next(read_verdicts([judged], references, values=scope.values), None)
    if said is None:
        return SliceReport([], UNDEFINED, UNDEFINED, UNDEFINED, 0)
    parted = dimensions(project.pk, references)
    cells = _Cells(references, said, n_grades=len(scope.values))
    whole = cells.tables(np.zeros(len(references.items), dtype=np.int64), 1)[:, 0]
    by_dimension = [cells.tables(each.buckets, len(each.names)) for each in parted]
    every = [whole, *(tables[:, bucket] for tables in by_dimension for bucket in range(tables.shape[1]))]
    measures = {"kappa": partial(kappa, values=scope.values), "bias": partial(bias, values=scope.values)}
    tallies = [Tally(each, measures) for each in every]
    estimates = estimate_tallies(tallies, replicates=REPLICATES, seed=scope.seed)
    overall, rest = estimates[0], iter(estimates[1:])
    found = [
        SlicedDimension(each.key, each.title, _slices(each, tables, rest, scope))
        for each, tables in zip(parted, by_dimension, strict=True)
    ]
    return SliceReport(
        _adjusted(found),
        overall["kappa"],
        overall["bias"],
        _length(parted, cells, scope),
        int(whole.sum()),
    )


class _Cells:
    """The judge's grades as (query, reference, judged) of each item."""

    def __init__(self, references: References, said: Said, *, n_grades: int) -> None:
        graded = said.codes >= 0
        self.places = said.places[graded]
        positions, queries = place_queries(references.queries)
        self.n_queries, self.n_grades = len(queries), n_grades
        self.queries = positions[self.places]
        self.references = references.grades[self.places]
        self.judged = said.codes[graded].astype(np.int64)

    def tables(self, buckets: NDArray[np.int64], n_buckets: int) -> NDArray[np.int64]:
        """Count tables (Q, buckets, K, K); items with bucket −1 are left out."""
        bucket = buckets[self.places]
        kept = bucket >= 0
        cell = (self.queries * n_buckets + bucket) * self.n_grades + self.references
        cell = cell * self.n_grades + self.judged
        shape = (self.n_queries, n_buckets, self.n_grades, self.n_grades)
        return np.bincount(cell[kept], minlength=int(np.prod(shape))).reshape(shape)


def _slices(
    each: Dimension, tables: NDArray[np.int64], estimates: Iterator[dict[str, Estimate]], scope: Scope
) -> list[Slice]:
    weights = 1.0 - np.eye(len(scope.values))
    everything = tables.sum(axis=1)
    found = []
    for bucket, name in enumerate(each.names):
        inside = tables[:, bucket]
        rest = everything - inside
        estimate = next(estimates)
        found.append(
            Slice(
                each.slice_key(bucket),
                name,
                int(inside.sum()),
                estimate["kappa"],
                estimate["bias"],
                kappa_contrast(inside, rest, weights=weights),
                bias_contrast(inside, rest, values=scope.values),
                float("nan"),
                float("nan"),
            )
        )
    return found


def _adjusted(found: list[SlicedDimension]) -> list[SlicedDimension]:
    """The same with p-values among all slices of all dimensions: κ's and bias's are a family each."""
    every = [each for of in found for each in of.slices]
    together = zip(
        every,
        holm([each.kappa_contrast.p for each in every]),
        holm([each.bias_contrast.p for each in every]),
        strict=True,
    )
    adjusted = iter(
        each._replace(kappa_holm=float(of_kappa), bias_holm=float(of_bias))
        for each, of_kappa, of_bias in together
    )
    return [of._replace(slices=[next(adjusted) for _ in of.slices]) for of in found]


def _length(parted: list[Dimension], cells: _Cells, scope: Scope) -> Estimate:
    of_candidates = next((each.amounts for each in parted if each.key == "candidate_length"), None)
    if of_candidates is None or not len(cells.places):
        return UNDEFINED
    lengths = of_candidates[cells.places]
    values = np.asarray(scope.values, dtype=np.float64)
    errors = values[cells.judged] - values[cells.references]
    sums = rank_correlation_sums(lengths, errors, cells.queries)
    (found,) = estimate_tallies(
        [Tally(sums, {"length": correlation})], replicates=REPLICATES, seed=scope.seed
    )
    return found["length"]


def _contrast_json(of: Contrast) -> list[Any]:
    return [estimate_as_json(of.difference), of.p]


def _as_json(of: SliceReport) -> dict[str, Any]:
    estimates = {name: estimate_as_json(getattr(of, name)) for name in ("kappa", "bias", "length")}
    return {
        "n": of.n,
        **estimates,
        "dimensions": [
            each._asdict()
            | {
                "slices": [
                    part._asdict()
                    | {name: estimate_as_json(getattr(part, name)) for name in ("kappa", "bias")}
                    | {
                        name: _contrast_json(getattr(part, name))
                        for name in ("kappa_contrast", "bias_contrast")
                    }
                    for part in each.slices
                ]
            }
            for each in of.dimensions
        ],
    }


def _contrast(stored: list[Any]) -> Contrast:
    return Contrast(estimate_from_json(stored[0]), number(stored[1]))


def _from_json(stored: dict[str, Any]) -> SliceReport:
    return SliceReport(
        [
            SlicedDimension(
                each["key"],
                each["title"],
                [
                    Slice(
                        part["key"],
                        part["name"],
                        part["n"],
                        estimate_from_json(part["kappa"]),
                        estimate_from_json(part["bias"]),
                        _contrast(part["kappa_contrast"]),
                        _contrast(part["bias_contrast"]),
                        number(part["kappa_holm"]),
                        number(part["bias_holm"]),
                    )
                    for part in each["slices"]
                ],
            )
            for each in stored["dimensions"]
        ],
        *(estimate_from_json(stored[name]) for name in ("kappa", "bias", "length")),
        stored["n"],
    )
