"""Every measure of grades by name: what reports and commands choose from."""

from collections.abc import Callable, Mapping
from functools import partial

from measures.alpha import alpha_interval, alpha_nominal, alpha_ordinal
from measures.error import accuracy, bias, mae
from measures.grades import (
    at_cut,
    balanced_accuracy,
    f1_of_grade,
    g_mean,
    macro_f1,
    mcc,
    precision_of_grade,
    recall_of_grade,
)
from measures.gwet import ac1, ac2, ac2_linear
from measures.kappa import kappa, kappa_linear, kappa_quadratic
from measures.pi import scott_pi
from measures.tables import Floats, Tables, Values, grade_values

Measures = Mapping[str, Callable[[Tables], Floats]]

Named = Mapping[str, Callable[[Tables, Values], Floats]]

BEYOND_CHANCE: Named = {
    "kappa": kappa,
    "kappa_linear": kappa_linear,
    "kappa_quadratic": kappa_quadratic,
    "scott_pi": scott_pi,
    "alpha_nominal": alpha_nominal,
    "alpha_ordinal": alpha_ordinal,
    "alpha_interval": alpha_interval,
    "ac1": ac1,
    "ac2": ac2,
    "ac2_linear": ac2_linear,
}
OF_GRADES: Named = {
    "accuracy": accuracy,
    "mae": mae,
    "bias": bias,
    "macro_f1": macro_f1,
    "balanced_accuracy": balanced_accuracy,
    "g_mean": g_mean,
    "mcc": mcc,
}
AT_THE_CUT: Named = {
    "kappa_binary": kappa,
    "scott_pi_binary": scott_pi,
    "alpha_binary": alpha_nominal,
    "ac1_binary": ac1,
    "accuracy_binary": accuracy,
    "bias_binary": bias,
    "precision_binary": partial(precision_of_grade, position=1),
    "negative_precision_binary": partial(precision_of_grade, position=0),
    "recall_binary": partial(recall_of_grade, position=1),
    "f1_binary": partial(f1_of_grade, position=1),
    "balanced_accuracy_binary": balanced_accuracy,
    "g_mean_binary": g_mean,
    "mcc_binary": mcc,
}
PER_GRADE = {"precision": precision_of_grade, "recall": recall_of_grade, "f1": f1_of_grade}

GROUPS = ("chance", "grades", "cut")


def measures_of_group(group: str, *, values: Values, cut: float) -> Measures:
    """The measures of a group, by name, each a function of tables (..., K, K) alone.

    "chance" are those beyond chance, "grades" those of exact grades, with precision, recall and F1 of each
    ("recall of 2"), "cut" those of relevant or not. ValueError for another group.
    """
    grades = grade_values(values)
    if group == "chance":
        return {name: partial(_of, measure=measure, values=grades) for name, measure in BEYOND_CHANCE.items()}
    if group == "cut":
        return {
            name: partial(_at_cut, measure=measure, values=grades, cut=cut)
            for name, measure in AT_THE_CUT.items()
        }
    if group != "grades":
        raise ValueError(f"“{group}” is no group of measures; choose one of {', '.join(GROUPS)}.")
    named: dict[str, Callable[[Tables], Floats]] = {
        name: partial(_of, measure=measure, values=grades) for name, measure in OF_GRADES.items()
    }
    for position, value in enumerate(grades.tolist()):
        for name, of_grade in PER_GRADE.items():
            named[f"{name} of {value:g}"] = partial(of_grade, values=grades, position=position)
    return named


def _of(tables: Tables, measure: Callable[[Tables, Values], Floats], values: Values) -> Floats:
    return measure(tables, values)


def _at_cut(
    tables: Tables, measure: Callable[[Tables, Values], Floats], values: Values, cut: float
) -> Floats:
    return at_cut(measure, tables, values, cut)
