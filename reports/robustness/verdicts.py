"""What judges said of attacked items and of their clean controls, packed: eight bytes a verdict.

Per judge, condition and item the newest verdict counts, experiments' and imported ones among them. The
judge's own noise is seen where an item has an older one with a grade: a repeat of the experiment, or another
run.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from corpus.models import Project
from judges.models import Experiment, Run
from reports.robustness.variants import BOUNDARY, NO_CONTROL, UNGRADED, Variants
from reports.runs import JudgeRuns, by_judge, on_own_scale

VERDICTS = f"""
    WITH wanted AS MATERIALIZED (
        SELECT variant.item_id, variant.original_id
        FROM corpus_variant variant JOIN corpus_item item ON item.id = variant.item_id
        JOIN corpus_query query ON query.id = item.query_id
        WHERE query.project_id = %(project)s AND variant.carrier <> '{BOUNDARY}'
    )
    SELECT verdict.run_id, string_agg(int8send(
        (verdict.item_id << 16) + coalesce(verdict.grade::int, {UNGRADED}) - ({UNGRADED})), ''::bytea)
    FROM judges_verdict verdict
    JOIN (SELECT item_id FROM wanted UNION SELECT original_id FROM wanted WHERE original_id IS NOT NULL) item
        USING (item_id)
    WHERE verdict.run_id = ANY(%(runs)s)
    GROUP BY 1
"""


class ExperimentUnknown(ValueError):
    """There is no such experiment; one sentence says so."""


class Told(NamedTuple):
    """One judge's newest verdicts under one condition: arrays (N,) over the variants.

    Grades are values, NaN where there is none.
    """

    judged: JudgeRuns
    answered: NDArray[np.bool_]  # whether there is a verdict
    grades: NDArray[np.float64]
    clean_answered: NDArray[np.bool_]  # the same of the clean control
    clean: NDArray[np.float64]
    rerun: NDArray[np.float64]  # the control's grade in an older run

    def only(self, kept: NDArray[np.bool_]) -> "Told":
        """The verdicts on the items that are kept (N,)."""
        return Told(self.judged, *(each[kept] for each in self[1:]))


def attack_runs(project: Project, *, experiment: str | None = None) -> list[JudgeRuns]:
    """The complete runs of the project's own scale by judge and condition, but for compliance experiments'.

    With the name of an experiment its runs alone. Raises ExperimentUnknown.
    """
    runs = on_own_scale(project, Run.objects.all())
    if experiment:
        if not project.experiments.filter(name=experiment, kind=Experiment.Kind.ROBUSTNESS).exists():
            raise ExperimentUnknown(_no_experiment(project, experiment))
        runs = runs.filter(experiment__project=project, experiment__name=experiment)
    else:
        runs = runs.exclude(experiment__kind=Experiment.Kind.COMPLIANCE)
    return by_judge(runs)


def read_told(
    project: Project, judges: Sequence[JudgeRuns], variants: Variants, *, values: Sequence[int]
) -> Iterator[Told]:
    """What each judge said, in order, without those that said nothing of an attacked item.

    A grade that is none of `values` counts as none.
    """
    runs = [run for judged in judges for run in judged.ids]
    if not runs or not len(variants.items):
        return
    with connection.cursor() as cursor:
        cursor.execute(VERDICTS, {"project": project.pk, "runs": runs})
        packed = dict(cursor.fetchall())
    every = np.union1d(variants.items, variants.controls)
    places, controls = np.searchsorted(every, variants.items), np.searchsorted(every, variants.controls)
    has_control = variants.controls != NO_CONTROL
    for judged in judges:
        given = [packed[run] for run in judged.ids if run in packed]
        answered, grades, earlier = _newest(given, every, values)
        if answered[places].any():
            yield Told(
                judged,
                answered[places],
                grades[places],
                answered[controls] & has_control,
                np.where(has_control, grades[controls], np.nan),
                np.where(has_control, earlier[controls], np.nan),
            )


def _newest(
    given: Sequence[bytes], every: NDArray[np.int64], values: Sequence[int]
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """Whether there is a verdict, its grade, and an older grade, for every item; runs are newest first."""
    answered = np.zeros(len(every), dtype=bool)
    grades, earlier = np.full(len(every), np.nan), np.full(len(every), np.nan)
    for said in given:
        packed = np.frombuffer(said, dtype=">i8").astype(np.int64)
        items, codes = packed >> 16, (packed & 0xFFFF) + UNGRADED
        places = np.searchsorted(every, items).clip(max=len(every) - 1)
        known = every[places] == items
        places, codes = places[known], codes[known]
        found = np.where(np.isin(codes, values), codes.astype(np.float64), np.nan)
        again = answered[places] & np.isnan(earlier[places])
        earlier[places[again]] = found[again]
        fresh = ~answered[places]
        grades[places[fresh]] = found[fresh]
        answered[places] = True
    return answered, grades, earlier


def _no_experiment(project: Project, name: str) -> str:
    found = project.experiments.filter(kind=Experiment.Kind.ROBUSTNESS).values_list("name", flat=True)
    there_are = f"there are {', '.join(found)}" if found else "there is none yet"
    return f"“{name}” is no robustness experiment of this project; {there_are}."
