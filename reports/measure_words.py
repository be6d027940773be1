"""The measures of agreement in words: their names, what they say, which end is good."""

from typing import NamedTuple


class MeasureWords(NamedTuple):
    key: str  # the field of measures.summary.Agreement
    sign: str  # as it heads a column
    name: str
    explanation: str
    of: str = "n_graded"  # the field that says over how many verdicts it is
    lower_is_better: bool = False
    zero_is_best: bool = False


KAPPA = MeasureWords(
    "kappa",
    "κ",
    "Cohen's κ",
    "Agreement on the exact grade beyond what two raters with these habits would reach by chance: 1 is"
    " perfect, 0 is chance. Every disagreement counts alike (Cohen 1960).",
)
MEASURE_WORDS = (
    KAPPA,
    MeasureWords(
        "kappa_quadratic",
        "κ quadratic",
        "Cohen's κ, quadratic weights",
        "As κ, but a disagreement counts by the square of its distance in grades: one step is forgiven, three"
        " steps are not (Cohen 1968).",
    ),
    MeasureWords(
        "kappa_binary",
        "κ binary",
        "Cohen's κ at the cut",
        "As κ, with all grades turned into relevant (at the cut or above) or not.",
    ),
    MeasureWords(
        "alpha_ordinal",
        "α",
        "Krippendorff's α, ordinal",
        "1 minus observed over expected disagreement, with grades as ranks. Unlike κ it also falls when a"
        " judge uses the grades in other proportions than people (Krippendorff 2011).",
    ),
    MeasureWords(
        "mae",
        "MAE",
        "Mean absolute error",
        "By how many grades the judge is off, on average, in either direction. 0 is perfect.",
        lower_is_better=True,
    ),
    MeasureWords(
        "accuracy_binary",
        "Accuracy",
        "Accuracy at the cut",
        "Share of items that judge and people both call relevant, or both not. Chance is not taken out: a"
        " judge that always says the commoner answer looks good here.",
    ),
    MeasureWords(
        "auc",
        "AUC",
        "Area under the ROC curve",
        "How often the judge's score puts a relevant item above one that is not; ties count half. 0.5"
        " is chance.",
        of="n_scored",
    ),
    MeasureWords(
        "spearman",
        "ρ",
        "Spearman's ρ",
        "Correlation of the ranks of the judge's scores with the reference grades; 0 is no relation.",
        of="n_scored",
    ),
)
BY_KEY = {measure.key: measure for measure in MEASURE_WORDS}

INTERVAL_WORDS = (
    "Square brackets hold a 95 % interval, made so that it covers the true value in about 95 of 100 projects"
    " with other queries of the same kind; with few queries it covers it less often. It comes from 10,000"
    " resamples of the queries (cluster bootstrap, percentiles widened as Student's t is with few queries),"
    " because the items of one query go together."
    " Intervals that overlap are no test: the judges may differ all the same. “Not told apart” is one: on the"
    " items that both graded, swapping the judge and the best within queries gives as large a difference of κ"
    " by chance (5 %, all judges together)."
)
CEILING_WORDS = (
    "How far people agree with each other, over the items that two or more of them graded. Each pair of"
    " raters on an item is one comparison; all pairs together make one table, measured as a judge's is."
    " Judges are compared with the reference, which is made from all labels of an item and so is steadier"
    " than one person: a judge can lie above this line without being better than people. Where people's"
    " labels tie, the majority rule gives no reference: such items count here, but not for judges."
)
N_WORDS = (
    "n counts all verdicts on items with a reference; n graded those with a grade. The measures leave out the"
    " verdicts without a grade, so a judge that often fails can still look good: read both."
)
