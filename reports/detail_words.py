"""Every measure of a judge's details in words, by what it is about."""

from measures.catalogue import AT_THE_CUT, BEYOND_CHANCE, GROUPS
from measures.estimates import Estimate
from reports.details import Details

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
    "recall_binary": ("Recall", "of what people call relevant, the share that the judge does"),
    "f1_binary": ("F1", ""),
    "balanced_accuracy_binary": ("Balanced accuracy", ""),
    "g_mean_binary": ("G-mean", ""),
    "mcc_binary": ("Matthews' correlation", ""),
}


def detail_rows(of: Details) -> list[tuple[str, list[tuple[str, str, Estimate, Estimate]]]]:
    """By group: (title, rows of (name, meaning, without ungraded ones, with them as wrong))."""
    groups: dict[str, list[tuple[str, str, Estimate, Estimate]]] = {group: [] for group in GROUPS}
    for key, estimate in of.without.items():
        group = "chance" if key in BEYOND_CHANCE else "cut" if key in AT_THE_CUT else "grades"
        name, meaning = WORDS.get(key, (key.replace("f1", "F1").capitalize(), ""))
        groups[group].append((name, meaning, estimate, of.as_wrong[key]))
    return [(TITLES[group], rows) for group, rows in groups.items()]
