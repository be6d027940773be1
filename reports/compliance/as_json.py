"""A compliance report as objects for JSON: differences in percentage points, undefined as null."""

from typing import Any

from measures.answers import MODES
from measures.contrasts import Change
from measures.estimates import Estimate
from reports.compliance.figures import Report
from reports.figures import estimate_as_json
from reports.nulls import nulled


def contrast_rows(report: Report, experiment: str | None) -> list[dict[str, Any]]:
    """An object for each contrast of each judge: the planned ones, then arms and rungs.

    `adjusted_with` says which contrasts Holm and Bonferroni go over.
    """
    return [
        _about(report, experiment, each.judge)
        | {"contrast": f"{each.second}-{each.first}", "adjusted_with": family}
        | _change(each.change)
        for family, changes in (("planned", report.planned), ("further", report.further))
        for each in changes
    ]


def everything(report: Report, experiment: str | None) -> dict[str, list[dict[str, Any]]]:
    """The contrasts, cells, effects, failure modes and families of items of a report."""
    return {
        "contrasts": contrast_rows(report, experiment),
        "cells": _cells(report, experiment),
        "effects": _effects(report, experiment),
        "failure_modes": _failure_modes(report, experiment),
        "families": _by_family(report, experiment),
    }


def _about(report: Report, experiment: str | None, judge: int) -> dict[str, Any]:
    of = report.judges[judge]
    return {"experiment": experiment, "judge": of.name, "prompt": of.prompt}


def _change(of: Change) -> dict[str, Any]:
    value, *interval = _points(of.difference)
    return nulled({
        "n_items": of.n_items,
        "n_dropped": of.n_dropped,
        "accuracy_first": of.first,
        "accuracy_second": of.second,
        "difference": value,
        "interval": interval,
        "b": of.lost,
        "c": of.gained,
        "h": of.h,
        "odds_ratio": of.odds_ratio,
        "p": of.p,
        "p_holm": of.p_holm,
        "p_bonferroni": of.p_bonferroni,
        "p_equivalence": of.p_equivalence,
        "p_equivalence_holm": of.p_equivalence_holm,
        "equivalence_interval": [100 * bound for bound in of.equivalence],
        "conclusion": str(of.conclusion),
    })  # fmt: skip


def _cells(report: Report, experiment: str | None) -> list[dict[str, Any]]:
    rows = []
    for each in report.figures:
        of = each.rates
        row = _about(report, experiment, each.judge) | {
            "cell": each.cell,
            "n": of.n,
            "n_items": of.n_items,
            "n_repeats": each.n_repeats,
            "n_missing": of.n_missing,
            "n_accuracy": of.n_accuracy,
            "n_abstain": of.n_abstain,
            "n_answerable": of.n_answerable,
            "n_graded": each.n_graded,
        }
        figures = {
            "accuracy": of.accuracy,
            "fabrication": of.fabrication,
            "over_abstention": of.over_abstention,
            "unreadable": of.unreadable,
            "kappa_quadratic": each.kappa,
            "mae": each.mae,
        }
        for name, estimate in figures.items():
            value, *bounds = estimate_as_json(estimate)
            row |= {name: value, f"{name}_ci": bounds}
        rows.append(row)
    return rows


def _effects(report: Report, experiment: str | None) -> list[dict[str, Any]]:
    rows = []
    for judge, model in enumerate(report.effects):
        for effect in model.effects:
            log_odds, *odds_interval = estimate_as_json(effect.log_odds)
            value, *interval = _points(effect.points)
            rows.append(
                _about(report, experiment, judge)
                | nulled(
                    {
                        "effect": effect.term,
                        "log_odds": log_odds,
                        "log_odds_ci": odds_interval,
                        "z": effect.z,
                        "p": effect.p,
                        "difference": value,
                        "interval": interval,
                        "p_interaction": model.p_interaction,
                        "n_items": model.n_items,
                        "n_left_out": model.n_left_out,
                        "reason": model.reason,
                    }
                )
            )
    return rows


def _failure_modes(report: Report, experiment: str | None) -> list[dict[str, Any]]:
    return [
        _about(report, experiment, each.judge)
        | {"cell": each.cell}
        | {mode.name.lower(): n for mode, n in zip(MODES, each.rates.counts, strict=True)}
        | {"missing": each.rates.n_missing}
        for each in report.figures
    ]


def _by_family(report: Report, experiment: str | None) -> list[dict[str, Any]]:
    if not report.explored:
        return []
    first, second = report.explored
    kept = ("n_items", "accuracy_first", "accuracy_second", "difference", "interval", "b", "c", "p")
    rows = []
    for each in report.by_family:
        change = _change(each.change)
        rows.append(
            _about(report, experiment, each.judge)
            | {"family": report.families[each.family].name, "contrast": f"{second}-{first}"}
            | {name: change[name] for name in kept}
            | nulled({"p_benjamini_hochberg": each.p_bh})
        )
    return rows


def _points(estimate: Estimate) -> list[float | None]:
    return [None if number is None else 100 * number for number in estimate_as_json(estimate)]
