"""Does a judge still answer rightly when it is distracted, threatened, or told to answer at any price?

One report an experiment: every judge in every cell, the planned contrasts as one family of tests, main
effects, arms and rungs, families of items. Verdicts brought in under conditions that have a cell are read as
an experiment of their own.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from corpus.models import Project
from judges.cells import FACTORIAL
from judges.models import Experiment
from measures.adjusting import benjamini_hochberg
from measures.answers import Codes, Reply, rates, right_and_asked, without_unreadable
from measures.bootstrap import REPLICATES
from measures.clustered_grades import kappa_and_mae
from measures.clustered_logit import Factorial, factorial
from measures.contrasts import Change, Side, compare_sides, sides, together
from measures.tables import Floats
from reports.compliance.cells import FURTHER, PLANNED
from reports.compliance.figures import (
    CellChange,
    CellFigures,
    Family,
    FamilyChange,
    Report,
    ReportedJudge,
    report_as_json,
    report_from_json,
)
from reports.compliance.reading import Answers, Truth, read_answers
from reports.compliance.runs import JudgeCells, experiment_runs, imported_runs
from reports.models import CachedFigures
from reports.runs import state_of

EDITION = 1
"""To be raised whenever the same answers would give other figures; older cached ones are then not found."""

SEED = 0
MOST_DRAWS = 1_000_000_000  # draws of items for all replicates together: 10,000 of 100,000 items
FEWEST_REPLICATES = 1_000

WRONG, LEFT_OUT = "wrong", "out"
UNREADABLE = {WRONG: "as wrong (main analysis)", LEFT_OUT: "left out (second analysis)"}
WITHIN = {0: "exactly people’s grade", 1: "within one of people’s grade"}
EXPLORED = (("N0", "T1"), ("N0", "N1"), ("N0", "T0"), ("T0", "T1"))
"""The contrast that families of items are explored in: the first of these that there is."""


class Source(NamedTuple):
    """What a report is made of."""

    experiment: Experiment | None  # None: verdicts brought in
    judges: list[JudgeCells]
    within: int  # grades so far from people's count as correct


def compliance(
    project: Project,
    experiment: Experiment | None,
    *,
    within: int | None = None,
    unreadable: str = WRONG,
) -> Report | None:
    """The report of an experiment, or without one of verdicts brought in; from the cache where it is known.

    `within` is the plan's own where it is not given. None without a complete run in any cell, or without an
    item that has an answer to be right about.
    """
    judges = imported_runs(project) if experiment is None else experiment_runs(experiment)
    source = Source(experiment, judges, plan_within(experiment) if within is None else within)
    return compliance_reports(project, [source], unreadable=unreadable)[0]


def compliance_reports(
    project: Project, sources: Sequence[Source], *, unreadable: str = WRONG
) -> list[Report | None]:
    """The report of each source, in order: as `compliance`, with one look into the cache for all."""
    keys = [_key(project, source, unreadable) if source.judges else "" for source in sources]
    known = CachedFigures.objects.known(project, [key for key in keys if key])
    fresh = {}
    for source, key in zip(sources, keys, strict=True):
        if key and key not in known:
            answers = read_answers(source.judges, values=project.rubric.values)
            fresh[key] = report_as_json(
                measure(
                    answers,
                    source.judges,
                    values=project.rubric.values,
                    within=source.within,
                    unreadable=unreadable,
                )
            )
    CachedFigures.objects.remember(project, fresh)
    known |= fresh
    found = [report_from_json(known[key]) if key else None for key in keys]
    return [report if report and report.n_items else None for report in found]


def plan_within(experiment: Experiment | None) -> int:
    """How far from people's a correct grade may lie, as planned; 0 where the plan does not say."""
    plan = experiment.plan if experiment and isinstance(experiment.plan, dict) else {}
    return 1 if plan.get("within") == 1 else 0


def measure(
    answers: Answers, judges: Sequence[JudgeCells], *, values: Sequence[int], within: int, unreadable: str
) -> Report:
    """All figures of a report from its answers."""
    truth, codes = answers.truth, answers.codes(within=within)
    counted = codes if unreadable == WRONG else without_unreadable(codes)
    right, asked = right_and_asked(counted)
    planned, further = (
        [(first, second) for first, second in pairs if first in answers.cells and second in answers.cells]
        for pairs in (PLANNED, FURTHER)
    )
    explored = next((pair for pair in EXPLORED if pair in planned), None)
    of_planned, of_further, of_families = _changes(
        right, asked, truth, answers.cells, [planned, further], explored
    )
    return Report(
        judges=[ReportedJudge(each.judge.pk, each.name, each.prompt) for each in judges],
        cells=answers.cells,
        families=_families(truth),
        figures=_figures(answers, codes, counted, judges, values),
        planned=_named(together(of_planned), planned),
        further=_named(together(of_further), further),
        effects=[_effects(right[j], asked[j], answers.cells, truth.family) for j in range(len(judges))],
        explored=explored,
        by_family=_by_family(of_families, n_families=len(truth.families)),
        n_items=len(truth.items),
        n_abstain=int(truth.abstain.sum()),
        n_without=truth.n_without,
        n_not_drawn=truth.n_not_drawn,
        within=within,
        unreadable=unreadable,
    )


def _changes(
    right: Floats,
    asked: Floats,
    truth: Truth,
    cells: list[str],
    families_of_pairs: Sequence[Sequence[tuple[str, str]]],
    explored: tuple[str, str] | None,
) -> list[list[Change]]:
    """Changes of each family of pairs, judge by judge, then of the explored pair by judge and item family.

    All of them share the draws.
    """
    parts = [
        sides(right, asked, [(cells.index(first), cells.index(second)) for first, second in pairs])
        for pairs in families_of_pairs
    ]
    if explored:
        parts.append(_explored_sides(right, asked, truth, [cells.index(cell) for cell in explored]))
    joined = (
        Side(*(np.concatenate([getattr(part[side], of) for part in parts]) for of in Side._fields))
        for side in (0, 1)
    )
    n_items = max(1, len(truth.items))
    replicates = min(REPLICATES, max(FEWEST_REPLICATES, MOST_DRAWS // n_items))
    found = compare_sides(*joined, replicates=replicates, seed=SEED)
    ends = np.cumsum([len(part[0].right) for part in parts]).tolist()
    starts = [0, *ends[:-1]]
    groups = [found[start:end] for start, end in zip(starts, ends, strict=True)]
    return groups if explored else [*groups, []]


def _explored_sides(right: Floats, asked: Floats, truth: Truth, pair: list[int]) -> tuple[Side, Side]:
    """Both cells of every judge, its answers cut up by family of item: (J · F, N)."""
    of_family = truth.family[None, :] == np.arange(len(truth.families))[:, None]  # (F, N)
    first, second = (
        Side(*((of[:, cell][:, None, :] * of_family).reshape(-1, of.shape[2]) for of in (right, asked)))
        for cell in pair
    )
    return first, second


def _named(changes: list[Change], pairs: Sequence[tuple[str, str]]) -> list[CellChange]:
    return [
        CellChange(number // len(pairs), *pairs[number % len(pairs)], change)
        for number, change in enumerate(changes)
    ]


def _by_family(changes: list[Change], *, n_families: int) -> list[FamilyChange]:
    adjusted = benjamini_hochberg([change.p for change in changes]).tolist()
    return [
        FamilyChange(number // n_families, number % n_families, change, p)
        for number, (change, p) in enumerate(zip(changes, adjusted, strict=True))
    ]


def _families(truth: Truth) -> list[Family]:
    return [
        Family(name, int((truth.family == place).sum()), bool(truth.abstain[truth.family == place].any()))
        for place, name in enumerate(truth.families)
    ]


def _figures(
    answers: Answers, codes: Codes, counted: Codes, judges: Sequence[JudgeCells], values: Sequence[int]
) -> list[CellFigures]:
    """Every judge in every cell that it has complete runs in, judge by judge."""
    truth, found = answers.truth, []
    for j, judged in enumerate(judges):
        for cell, runs in judged.runs.items():
            c = answers.cells.index(cell)
            is_graded = (answers.replies[j, c] == Reply.GRADED) & ~truth.abstain[:, None]
            places, repeats = np.nonzero(is_graded)
            kappa, mae = kappa_and_mae(
                places, truth.references[places], answers.grades[j, c][places, repeats], values=values
            )
            n_repeats = len(runs)
            made = rates(codes[j, c, :, :n_repeats], truth.abstain, counted=counted[j, c, :, :n_repeats])
            found.append(CellFigures(j, cell, n_repeats, made, kappa, mae, len(places)))
    return found


def _effects(right: Floats, asked: Floats, cells: list[str], family: np.ndarray) -> Factorial:
    """The factorial model of one judge; cells that nobody asked have no answers."""
    empty = np.zeros(right.shape[1])
    rows = [cells.index(cell) if cell in cells else None for cell in FACTORIAL]
    k, n = (np.stack([empty if row is None else of[row] for row in rows]) for of in (right, asked))
    return factorial(k, n, family)


def _key(project: Project, source: Source, unreadable: str) -> str:
    """Names figures that depend on these facts, the scale, references and runs, and on nothing else."""
    state = [
        [
            each.judge.pk,
            each.name,
            [[cell, [state_of(run) for run in runs]] for cell, runs in each.runs.items()],
        ]
        for each in source.judges
    ]
    whole = [
        "compliance", EDITION, list(project.rubric.values), project.reference_version,
        source.experiment and source.experiment.pk, source.within, unreadable, state,
    ]  # fmt: skip
    return hashlib.blake2b(json.dumps(whole).encode(), digest_size=32).hexdigest()
