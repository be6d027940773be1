"""Judges under adversarial conditions and under attacks, as sections."""

from collections.abc import Iterator

from corpus.models import Project
from judges.models import Experiment
from reports.as_json import robustness_rows
from reports.charts.compliance import contrasts_figure, dumbbell_figure, families_figure
from reports.charts.defences import defence_figure, position_figure
from reports.charts.robustness import matrix_figure
from reports.compliance.as_json import everything
from reports.compliance.figures import Report
from reports.compliance.report import Source, compliance_reports, plan_within
from reports.compliance.runs import has_imported, imported_runs, runs_of
from reports.compliance.words import points, points_interval, say_judge, say_power, say_report
from reports.robustness.report import robustness
from reports.robustness.table import AttackTable, attack_table, usual_figure
from reports.robustness.words import attack_words, say_all
from reports.scope import Scope
from reports.showing import said
from reports.whole.section import Section, Table, say_p
from reports.words import called


def compliance_sections(project: Project) -> Iterator[Section]:
    """Every compliance experiment with a complete run, and verdicts brought in under conditions."""
    experiments = list(project.experiments.filter(kind=Experiment.Kind.COMPLIANCE).order_by("pk"))
    runs = runs_of(project, experiments)
    sources = [Source(each, runs[each.pk], plan_within(each)) for each in experiments]
    if has_imported(project):
        sources.append(Source(None, imported_runs(project), 0))
    for source, report in zip(sources, compliance_reports(project, sources), strict=True):
        if report:
            yield _experiment(source.experiment, report)


def _experiment(experiment: Experiment | None, report: Report) -> Section:
    changes = [*report.planned, *report.further]
    rows = [
        [
            f"{called(report.judges[each.judge])}: {each.name}",
            f"{each.change.n_items:,}",
            f"{each.change.first:.1%} → {each.change.second:.1%}" if each.change.n_items else "–",
            f"{points(each.change.difference.value)} {points_interval(each.change.difference)}".strip(),
            f"{each.change.lost:,} : {each.change.gained:,}",
            say_p(each.change.p),
            say_p(each.change.p_holm),
            str(each.change.conclusion),
        ]
        for each in changes
    ]
    columns = ["Contrast", "Items", "Correct", "Δ points", "Lost : gained", "p", "p, Holm", "Conclusion"]
    figures = [contrasts_figure(report), dumbbell_figure(report)] if report.planned else []
    by_family = families_figure(report)
    name = experiment.name if experiment else None
    sentences = [say_report(report), *(say_judge(report, place) for place in range(len(report.judges)))]
    return Section(
        f"compliance-{experiment.pk}" if experiment else "compliance-imported",
        f"Compliance: {name or 'verdicts brought in'}",
        [*sentences, *filter(None, [say_power(report)])],
        [Table(f"Contrasts over {report.n_items:,} items, paired within item", columns, rows)],
        [*figures, *([by_family] if by_family else [])],
        everything(report, name),
    )


def robustness_sections(project: Project, scope: Scope) -> Iterator[Section]:
    """What attacks do to judges, where any judge answered attacked items."""
    report = robustness(project, scope=scope)
    if not report.judges:
        return
    table = attack_table(report.judges, usual_figure(report.judges))
    name = table.figure.name.format(cut=scope.cut)
    scale = 1.0 if table.figure.is_share else float(scope.values[-1] - scope.values[0])
    figures = [matrix_figure(table, name=name, scale=scale, address=lambda *_: "")] if table.rows else []
    figures += [defence_figure(report.defences)] if report.defences else []
    figures += [position_figure(report.positions)] if report.positions else []
    yield Section(
        "robustness",
        "Robustness",
        [say_all(report.judges)],
        [_worst(table, name)] if table.rows else [],
        figures,
        robustness_rows(report.judges, cut=scope.cut),
    )


def _worst(table: AttackTable, name: str) -> Table:
    rows = [
        [
            called(row.judge),
            attack_words(row.worst.attack, row.worst.carrier) if row.worst else "–",
            said(row.worst_estimate),
            said(row.mean),
            said(row.floor),
        ]
        for row in table.rows
    ]
    columns = ["Judge", "Worst attack", "Worst", "Mean over attacks", "Without an attack"]
    return Table(f"{name}: 95 % intervals over queries", columns, rows)
