"""What every attack does to every judge of a project, from the store."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corpus.models import Project
from measures.estimates import Estimate
from measures.robustness import (
    Answers,
    AttackFigures,
    Floor,
    mean_over_attacks,
    measure_attacks,
    measure_floor,
)
from reports.robustness.defending import Defence, measure_defences
from reports.robustness.families import family_of
from reports.robustness.position import JudgePosition, measure_positions
from reports.robustness.variants import NO_CONTROL, Variants, read_variants
from reports.robustness.verdicts import Told, read_told
from reports.runs import JudgeRuns, names
from reports.scope import Scope


class Attack(NamedTuple):
    """One attack on one carrier, all doses together; `words` is None for that, else the dose."""

    carrier: str
    attack: str
    words: int | None
    figures: AttackFigures

    @property
    def family(self) -> str:
        """The attack's family; "" for a clean control."""
        return family_of(self.attack)

    @property
    def what(self) -> str:
        """The attack as it is written."""
        return self.attack.replace("_", " ") if self.family else "clean"

    @property
    def short(self) -> str:
        """In a chart: “query words, random”."""
        return f"{self.what}, {self.carrier}"


class JudgeRobustness(NamedTuple):
    """One judge under one condition."""

    name: str  # unique beside prompt and condition: an older version says that it is one
    judge_id: int
    prompt: str | None
    condition_id: int | None
    condition_name: str | None
    doses: list[Attack]  # by carrier, attack and words
    attacks: list[Attack]  # by carrier and attack, over all words
    means: dict[str, Estimate]  # of each figure over `attacks`, clean controls left out
    floor: Floor

    @property
    def key(self) -> str:
        """As it stands in an address: the judge, and its condition where it has one."""
        return f"{self.judge_id}.{self.condition_id}" if self.condition_id else str(self.judge_id)


class Robustness(NamedTuple):
    """Every judge with a verdict on an attacked item."""

    judges: list[JudgeRobustness]
    defences: list[Defence]
    positions: list[JudgePosition]
    carriers: list[str]  # of the project's attacked items


def measure_robustness(
    project: Project,
    judges: Sequence[JudgeRuns],
    comparing: Sequence[JudgeRuns],
    *,
    scope: Scope,
    carrier: str | None = None,
) -> Robustness:
    """The report from the store."""
    every = read_variants(project)
    told = list(read_told(project, judges, every, values=scope.values))
    chosen = [carrier is None or kind.carrier == carrier for kind in every.kinds]
    kept = np.array(chosen, dtype=bool)[every.of_kind]
    variants, told = every.only(kept), [each.only(kept) for each in told]
    told = [each for each in told if each.answered.any()]
    called = names([each.judged for each in told])
    return Robustness(
        [_of_judge(name, each, variants, scope) for name, each in zip(called, told, strict=True)],
        measure_defences(called, told, variants, scope=scope),
        measure_positions(comparing),
        sorted({kind.carrier for kind in every.kinds}),
    )


def _of_judge(name: str, told: Told, variants: Variants, scope: Scope) -> JudgeRobustness:
    kinds = [(kind.carrier, kind.attack, kind.words) for kind in variants.kinds]
    attacks = sorted({(carrier, attack, None) for carrier, attack, _ in kinds})
    place = {each[:2]: number for number, each in enumerate(attacks)}
    of_attack = np.array([place[each[:2]] for each in kinds], dtype=np.int64)[variants.of_kind]
    in_doses, in_attacks = (_answers(told, variants, cells) for cells in (variants.of_kind, of_attack))
    families = [family_of(attack) for _, attack, _ in attacks]
    return JudgeRobustness(
        name,
        told.judged.judge.pk,
        told.judged.prompt_name,
        told.judged.condition and told.judged.condition.pk,
        told.judged.condition_name,
        _measure(in_doses, kinds, scope),
        _measure(in_attacks, attacks, scope),
        mean_over_attacks(in_attacks, families=families, cut=scope.cut, seed=scope.seed),
        _floor(told, variants, scope),
    )


def _answers(told: Told, variants: Variants, cells: NDArray[np.int64]) -> Answers:
    answered = told.answered
    return Answers(
        np.unique(variants.queries[answered], return_inverse=True)[1],
        cells[answered],
        variants.people[answered],
        told.grades[answered],
        variants.people_clean[answered],
        told.clean[answered],
        told.rerun[answered],
    )


def _measure(answers: Answers, kinds: Sequence[tuple[str, str, int | None]], scope: Scope) -> list[Attack]:
    """The attacks with a verdict."""
    families = [family_of(attack) for _, attack, _ in kinds]
    found = measure_attacks(answers, families=families, cut=scope.cut, seed=scope.seed)
    present = np.bincount(answers.cells, minlength=len(kinds))
    return [Attack(*kind, figures) for kind, figures, n in zip(kinds, found, present, strict=True) if n]


def _floor(told: Told, variants: Variants, scope: Scope) -> Floor:
    """From each clean control once."""
    known = told.clean_answered & (variants.controls != NO_CONTROL)
    _, first = np.unique(variants.controls[known], return_index=True)
    rows = np.flatnonzero(known)[first]
    return measure_floor(
        np.unique(variants.queries[rows], return_inverse=True)[1],
        variants.people_clean[rows],
        told.clean[rows],
        told.rerun[rows],
        cut=scope.cut,
        seed=scope.seed,
    )
