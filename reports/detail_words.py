"""Every measure of a judge's details in words, by what it is about."""

from typing import NamedTuple

from measures.catalogue import GROUPS, measures_of_group
from measures.estimates import Estimate
from reports.details import Details
from reports.scope import Scope
from reports.showing import said

TITLES = {
    "chance": "Agreement beyond chance",
    "grades": "Exact grades",
    "cut": "Relevant or not, at the cut",
}
WORDS = {
    "kappa": ("Cohen's κ", "every disagreement alike"),
    "kappa_linear": ("Cohen's κ, linear weights", "by steps of the scale"),
    "kappa_quadratic": ("Cohen's κ, quadratic weights", "by the square of steps"),
    "scott_pi": ("Scott's π", "chance from both sides' grades together"),
    "alpha_nominal": ("Krippendorff's α, nominal", "every disagreement alike"),
    "alpha_ordinal": ("Krippendorff's α, ordinal", "grades as ranks"),
    "alpha_interval": ("Krippendorff's α, interval", "distances of grade values"),
    "ac1": ("Gwet's AC1", "does not fall where one grade prevails"),
    "ac2": ("Gwet's AC2, quadratic weights", "as AC1, near misses forgiven"),
    "ac2_linear": ("Gwet's AC2, linear weights", "as AC1, by distance"),
    "accuracy": ("Accuracy", "share of exact grades; chance is not taken out"),
    "mae": ("Mean absolute error", "in grade values, 0 is perfect"),
    "bias": ("Bias", "judge minus people, in grade values; above 0 is lenient"),
    "macro_f1": ("Macro-F1", "mean over the grades in use"),
    "balanced_accuracy": ("Balanced accuracy", "mean recall over people's grades"),
    "g_mean": ("G-mean", "geometric mean of these recalls"),
    "mcc": ("Matthews' correlation", ""),
    "kappa_binary": ("Cohen's κ", ""),
    "scott_pi_binary": ("Scott's π", ""),
    "alpha_binary": ("Krippendorff's α", ""),
    "ac1_binary": ("Gwet's AC1", ""),
    "accuracy_binary": ("Accuracy", ""),
    "bias_binary": ("Bias", "share called relevant, judge minus people"),
    "precision_binary": ("Precision", "of what the judge calls relevant, the share that people do"),
    "negative_precision_binary": (
        "Precision of “not relevant”",
        "of what the judge calls not relevant, the share that people do",
    ),
    "recall_binary": ("Recall", "of what people call relevant, the share that the judge does"),
    "f1_binary": ("F1", ""),
    "balanced_accuracy_binary": ("Balanced accuracy", ""),
    "g_mean_binary": ("G-mean", ""),
    "mcc_binary": ("Matthews' correlation", ""),
}


SIGNS = {
    "kappa_linear": "κ linear",
    "kappa_quadratic": "κ quadratic",
    "scott_pi": "π",
    "alpha_nominal": "α nominal",
    "alpha_ordinal": "α ordinal",
    "alpha_interval": "α interval",
    "ac1": "AC1",
    "ac2": "AC2",
    "ac2_linear": "AC2 linear",
    "mae": "MAE",
    "balanced_accuracy": "Balanced",
    "mcc": "MCC",
    "kappa_binary": "κ",
    "scott_pi_binary": "π",
    "alpha_binary": "α",
    "ac1_binary": "AC1",
    "negative_precision_binary": "Precision, not",
    "balanced_accuracy_binary": "Balanced",
    "mcc_binary": "MCC",
}
"""What heads a column, where the name is long."""


def detail_rows(of: Details, *, scope: Scope) -> list[tuple[str, list[tuple[str, str, Estimate, Estimate]]]]:
    """By group: (title, rows of (name, meaning, without ungraded ones, with them as wrong))."""
    return [
        (TITLES[group], [(*words_of(key), of.without[key], of.as_wrong[key]) for key in named])
        for group, named in (
            (group, measures_of_group(group, values=scope.values, cut=scope.cut)) for group in GROUPS
        )
    ]


class ScoreTable(NamedTuple):
    """A table about scores: what its rows are, its columns, and rows of a name with values in words."""

    caption: str
    columns: list[str]
    rows: list[list[str]]


def score_tables(of: Details) -> list[ScoreTable]:
    """Calibration before and after, and what decision rules give; those that hold anything."""
    if of.scored is None:
        return []
    both = ("Raw score", of.scored.raw), ("Calibrated on other queries", of.scored.calibrated)
    calibrations = [
        [name, said(each.ece), said(each.brier), said(each.log_loss)] for name, each in both if each
    ]
    decisions = [[name, *map(said, each)] for name, each in sorted(of.scored.decisions.items())]
    tables = [
        ScoreTable(
            "Scores as chances of “relevant”: smaller is better.",
            ["Scores", "Calibration error", "Brier", "Log loss"],
            calibrations,
        ),
        ScoreTable(
            "Rules that turn the score into a grade. Calibrated ones are measured on queries that they were"
            " not fitted on.",
            ["Rule", "κ", "κ quadratic", "MAE", "Accuracy at the cut"],
            decisions,
        ),
    ]
    return [table for table in tables if table.rows]


def words_of(key: str) -> tuple[str, str]:
    """A measure's name and meaning; those of one grade name themselves ("Recall of 2")."""
    return WORDS.get(key) or (key[0].upper() + key[1:], "")
