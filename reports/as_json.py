"""Figures of agreement as objects for JSON: undefined is null, an interval is a list beside its value."""

from collections.abc import Sequence
from typing import Any

from measures.comparing import Difference
from reports.agreement import JudgeAgreement
from reports.comparing import Together
from reports.drawing import DrawnRound
from reports.figures import MEASURES, estimate_as_json
from reports.nulls import nulled
from reports.robustness.attacks import JudgeRobustness
from reports.systems import ORDERS, SystemsReport

ROBUSTNESS_KEYS = {
    "mae": "mae",
    "share_ge2": "share",
    "attack_success": "attack_success",
    "shift": "shift",
    "flips": "flips",
    "noise": "noise",
    "excess_flips": "excess_flips",
}


def agreement_rows(judges: Sequence[JudgeAgreement], drawn: Sequence[DrawnRound]) -> list[dict[str, Any]]:
    """An object a judge; rounds drawn by priority are named in each, where there are any."""
    rows = []
    for judge in judges:
        of = judge.agreement
        row: dict[str, Any] = {
            "judge": judge.name,
            "prompt": judge.prompt,
            "condition": judge.condition_name,
            "n": of.n,
            "n_graded": of.n_graded,
            "n_scored": of.n_scored,
        }
        for name in MEASURES:
            value, *bounds = estimate_as_json(getattr(of, name))
            row |= {name: value, f"{name}_ci": bounds}
        if judge.more:
            figures = {name: estimate_as_json(each) for name, each in judge.more.items()}
            row["measures"] = {
                name: {"value": value, "ci": bounds} for name, (value, *bounds) in figures.items()
            }
        if drawn:
            row["drawn_by_priority"] = [each._asdict() for each in drawn]
        rows.append(row)
    return rows


def comparison_object(of: Together, pairs: Sequence[Difference]) -> dict[str, Any]:
    """Judges against each other: these pairs, the matrix and what depends on the choice."""
    judges = []
    for each in of.judges:
        judge = each._asdict()
        del judge["condition_id"]
        judges.append(nulled(judge))
    return {
        "n_items": of.n_items,
        "n_left_out": of.n_left_out,
        "judges": judges,
        "fleiss": estimate_as_json(of.fleiss)[0],
        "fleiss_ci": estimate_as_json(of.fleiss)[1:],
        "kappas": [[estimate_as_json(cell)[0] for cell in row] for row in of.kappas],
        "order": of.order,
        "pairs": [
            nulled(each._asdict())
            | {
                "first": judges[each.first],
                "second": judges[each.second],
                "difference": estimate_as_json(each.difference)[0],
                "difference_ci": estimate_as_json(each.difference)[1:],
            }
            for each in pairs
        ],
        "multiplicity": nulled(of.multiplicity._asdict())
        | {"good": [judges[place] for place in of.multiplicity.good]},
    }


def robustness_rows(judges: Sequence[JudgeRobustness], *, cut: int) -> list[dict[str, Any]]:
    """An object for each judge, carrier, attack and words; `share_ge2` is named for the usual cut."""
    rows = []
    for judge in judges:
        for each in judge.doses:
            of = each.figures
            row: dict[str, Any] = {
                "judge": judge.name,
                "prompt": judge.prompt,
                "condition": judge.condition_name,
                "carrier": each.carrier,
                "attack": each.attack,
                "words": each.words,
                "cut": cut,
                "n": of.n,
                "n_graded": of.n_graded,
                "n_right_clean": of.n_right_clean,
                "n_paired": of.n_paired,
                "n_rerun": of.n_rerun,
            }
            for key, name in ROBUSTNESS_KEYS.items():
                value, low, high = estimate_as_json(getattr(of, name))
                row |= {key: value, f"{key}_interval": None if None in (low, high) else [low, high]}
            rows.append(row | nulled({"p": of.p, "p_holm": of.p_holm}))
    return rows


def ranking_rows(report: SystemsReport) -> list[dict[str, Any]]:
    """An object a judge: its order of systems beside people's."""
    rows = []
    for each in report.judges:
        row: dict[str, Any] = {
            "judge": each.name,
            "prompt": each.prompt,
            "condition": each.condition,
            "measure": report.measure,
            "n_runs": len(report.systems),
            "n_queries": report.n_queries,
            "n_grades": each.n_grades,
        }
        for key in ORDERS:
            value, *bounds = estimate_as_json(getattr(each, key))
            row |= {key: value, f"{key}_ci": bounds}
        rows.append(row | {"pairs": each.pairs._asdict()})
    return rows
