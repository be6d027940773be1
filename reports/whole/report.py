"""The whole report of a project: every page's figures as sections of one document, and as one object."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import isfinite
from typing import Any, NamedTuple

from django.utils import timezone

from corpus.counting import count
from corpus.models import Project, Reference
from corpus.variants import is_plain, say_left_out
from reports.agreement import JudgeAgreement, agreement
from reports.as_json import agreement_rows, comparison_object, ranking_rows
from reports.budget_words import say_budget
from reports.budgeting import N_NEXT, TARGET, budget_of
from reports.ceiling import Ceiling, ceiling
from reports.charts.budget import budget_figure
from reports.charts.comparison import comparison_figure
from reports.charts.confusion import confusion, confusion_figure
from reports.charts.details import bias_figure
from reports.charts.slices import slice_figures
from reports.charts.systems import systems_figure
from reports.comparing import compare, together
from reports.comparison_words import say_together
from reports.detail_words import detail_rows
from reports.details import details
from reports.drawing import drawn_rounds
from reports.groups import with_measures
from reports.measure_words import MEASURE_WORDS
from reports.picking import choices, pick
from reports.scope import Scope
from reports.showing import said
from reports.slice_words import say_slices
from reports.slicing import slice_report
from reports.standing import alike_with_best
from reports.system_scores import DEFAULT_MEASURE
from reports.system_words import say_systems
from reports.systems import rank_systems
from reports.uses import uses_of
from reports.whole.bending import compliance_sections, robustness_sections
from reports.whole.section import Section, Table, say_p
from reports.words import called, say_agreement


class WholeReport(NamedTuple):
    """The document."""

    project: Project
    scope: Scope
    made_at: datetime
    sections: list[Section]

    @property
    def data(self) -> dict[str, Any]:
        """The object for JSON."""
        judges = [section.data for section in self.sections if section.is_folded]
        return {
            "project": self.project.slug,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "cut": self.scope.cut,
            "split": self.scope.split,
            "grades": list(self.scope.values),
            **{section.key: section.data for section in self.sections if not section.is_folded},
            "each_judge": judges,
        }


def whole_report(project: Project, *, scope: Scope) -> WholeReport:
    """What the pages say of a project's judges: agreement in this scope, and what bends them."""
    judges, people = agreement(project, scope=scope), ceiling(project, scope=scope)
    sections = [_scoreboard(project, judges, people, scope)]
    if judges:
        sections += [*_together(project, scope), *_of_best(project, scope), *_systems(project, scope)]
    sections += [*compliance_sections(project), *robustness_sections(project, scope)]
    sections += [_judge(project, judge, people, scope) for judge in judges]
    return WholeReport(project, scope, timezone.now(), sections)


def _scoreboard(
    project: Project, judges: Sequence[JudgeAgreement], people: Ceiling | None, scope: Scope
) -> Section:
    alike = alike_with_best(project, judges, scope=scope)
    drawn = drawn_rounds(project)
    n_references = count(Reference.objects.filter(is_plain(), query__project=project)).n
    sentences = say_agreement(judges, people, n_references=n_references, n_alike=len(alike))
    shown = [
        words for words in MEASURE_WORDS if any(isfinite(judge.estimate(words.key).value) for judge in judges)
    ]
    order = sorted(judges, key=lambda judge: _last_if_undefined(judge.agreement.kappa.value))
    rows = [
        [
            called(judge),
            f"{judge.agreement.n_graded:,} / {judge.agreement.n:,}",
            *(said(judge.estimate(words.key)) for words in shown),
        ]
        for judge in order
    ]
    if people:
        named = f"Two people, on {people.n_items:,} items"
        cells = [said(getattr(people.agreement, words.key)) for words in shown]
        rows.append([named, f"{people.n_pairs:,} pairs", *cells])
    table = Table(
        f"95 % intervals over queries; relevant from grade {scope.cut}",
        ["Judge", "Graded / n", *(words.sign for words in shown)],
        rows,
    )
    every = with_measures(project, judges, scope=scope, group="all", counting="without")
    return Section(
        "agreement",
        "Judges beside people",
        [*sentences, *map(str, drawn), *filter(None, [say_left_out(project)])],
        [table] if judges else [],
        [],
        agreement_rows(every, drawn),
    )


def _together(project: Project, scope: Scope) -> Iterator[Section]:
    found = together(project, scope=scope)
    if len(found.judges) < 2:
        return
    pairs = compare(project, scope=scope)
    rows = [
        [
            found.judges[each.first].called,
            found.judges[each.second].called,
            f"{each.n:,}",
            said(each.difference),
            say_p(each.p),
            say_p(each.p_holm),
            say_p(each.p_mcnemar),
        ]
        for each in sorted(pairs, key=lambda each: _last_if_undefined(-each.p_holm))
    ]
    columns = ["Judge", "Against", "n", "Difference of κ", "p", "p, Holm", "McNemar p"]
    yield Section(
        "comparison",
        "Judges against each other",
        say_together(found),
        [Table("Every two judges, on the items that both graded", columns, rows)],
        [comparison_figure(found)],
        comparison_object(found, pairs),
    )


def _of_best(project: Project, scope: Scope) -> Iterator[Section]:
    """Slices and label budget of the best judge."""
    best = pick([each for each in choices(project, scope=scope) if each.n_graded], "")
    if best is None:
        return
    name = called(best)
    report = slice_report(project, best.judged, scope=scope)
    if report.dimensions:
        rows = [
            [
                f"{of.title}: {each.name}",
                f"{each.n:,}",
                said(each.kappa),
                said(each.kappa_contrast.difference),
                say_p(each.kappa_holm),
                said(each.bias),
                said(each.bias_contrast.difference),
                say_p(each.bias_holm),
            ]
            for of in report.dimensions
            for each in of.slices
        ]
        columns = ["Slice", "Grades", "κ", "Beside the rest", "p, Holm", "Bias", "Beside the rest", "p, Holm"]
        yield Section(
            "slices",
            f"Slices of {name}",
            say_slices(name, report),
            [Table("κ and bias of each slice, and beside the other items of its kind", columns, rows)],
            slice_figures(report, name=name),
            {"judge": name, "slices": [each._asdict() for of in report.dimensions for each in of.slices]},
        )
    budget = budget_of(project, best.judged, scope=scope, target=TARGET, n_next=N_NEXT)
    powered = {f"Share with grade {scope.cut} or more": budget.relevant, "Mean grade": budget.mean}
    rows = [
        [what, said(of.people_only), said(of.powered), f"{of.judge_only:.3f}", f"{of.trust:.2f}"]
        for what, of in powered.items()
    ]
    columns = ["Estimate", "People alone", "People and judge", "Judge alone", "Weight of the judge"]
    yield Section(
        "budget",
        "Label budget",
        say_budget(name, budget),
        [Table(f"Over the {budget.relevant.n_items:,} items that {name} graded", columns, rows)],
        [budget_figure(budget, name=name)] if budget.curve else [],
        {"judge": name, **budget._asdict()},
    )


def _systems(project: Project, scope: Scope) -> Iterator[Section]:
    if not project.systems.exists():
        return
    report = rank_systems(project, measure=DEFAULT_MEASURE, scope=scope)
    if not report.systems or not report.judges:
        return
    order = sorted(report.judges, key=lambda judge: _last_if_undefined(judge.tau.value))
    rows = [
        [
            ", ".join(filter(None, [each.name, each.prompt, each.condition])),
            *(said(estimate) for estimate in (each.tau, each.tau_ap, each.rho, each.rbo)),
        ]
        for each in order
    ]
    title = f"Systems by people's grades and by those of {order[0].name}"
    yield Section(
        "systems",
        "Systems",
        say_systems(report),
        [
            Table(
                f"Orders of {len(report.systems):,} systems, {report.measure}",
                ["Judge", "τ", "τ AP", "ρ", "RBO"],
                rows,
            )
        ],
        [systems_figure(report, order[0], title=title)],
        ranking_rows(report),
    )


def _judge(project: Project, judge: JudgeAgreement, people: Ceiling | None, scope: Scope) -> Section:
    of = details(project, judge, scope=scope)
    uses = uses_of(project, judge, of, scope=scope)
    name = called(judge)
    matrix = confusion(judge.confusion, values=scope.values)
    figures = [confusion_figure(matrix, title=f"What {name} said where people said what")]
    if judge.agreement.n_graded:
        title = f"Is {name} lenient, and where?"
        figures.append(bias_figure(of.bias_by_grade, values=scope.values, title=title))
    tables = [
        Table("What it may be used for", ["Use", "Answer", "Because"], [list(use) for use in uses]),
        *(
            Table(
                title,
                ["Measure", "Ungraded left out", "Ungraded as wrong"],
                [[measure, said(without), said(wrong)] for measure, _, without, wrong in rows],
            )
            for title, rows in detail_rows(of, scope=scope)
        ),
    ]
    return Section(
        f"judge-{judge.key}",
        name,
        say_agreement([judge], people, n_references=judge.agreement.n),
        tables,
        figures,
        {
            "judge": judge.name,
            "prompt": judge.prompt,
            "condition": judge.condition_name,
            "confusion": judge.confusion,
            "outcomes": judge.outcomes,
            "uses": [use._asdict() for use in uses],
        },
        is_folded=True,
    )


def _last_if_undefined(value: float) -> float:
    return -value if isfinite(value) else float("inf")
