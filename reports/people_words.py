"""Agreement among people in sentences made by rule, and what its measures mean."""

from collections.abc import Mapping
from math import isfinite

from reports.people_figures import CHANCE, LEAST_ITEMS, People, RaterAgreement
from reports.showing import said

MEASURES = (
    (
        "Krippendorff’s α",
        "1 minus observed over expected disagreement, for any number of people, also where some labels are"
        " missing: 1 is perfect, 0 is chance. Nominal counts every disagreement alike, ordinal by ranks,"
        " interval by the distance of grade values. Krippendorff calls 0.8 reliable and below 0.667 too"
        " little for conclusions (2004).",
    ),
    (
        "Fleiss’ κ",
        "Agreement on the exact grade beyond chance, for any number of people on each item; every item"
        " counts once (Fleiss 1971; Gwet 2014). For one grade it tells that grade from all others.",
    ),
    ("Also given by another", "Where one person gave this grade, how often another person gave it too."),
    (
        "κ with the others",
        "Cohen’s κ of one person’s grades with everybody else’s on the same items, all comparisons in one"
        " table. Weighted: a disagreement counts by the square of its distance, so that somebody who is"
        " lenient but reads carefully still agrees.",
    ),
    ("Bias", "Their grade minus the others’, on average: above 0 is lenient, below 0 strict."),
    (
        "Labels an hour",
        "From the times between labels in a round; gaps of more than five minutes are pauses and left out.",
    ),
    (
        "Intervals",
        "Square brackets hold 95 % intervals from 2,000 resamples of the queries (cluster bootstrap,"
        " percentiles), because the items of one query go together.",
    ),
)
RULE = (
    f"Somebody is pointed out when all of this holds: they share at least {LEAST_ITEMS} items with others;"
    " when their own grades are dealt out to their items at random (permutation test), such grades agree"
    f" as well with the others’ in more than {CHANCE:.0%} of the deals; the interval of their weighted κ"
    " includes 0; and the others agree among themselves better than that, by intervals that do not overlap."
    " With two people nobody can say which of them it is."
).replace("5%", "5 %")
STANDARD_OF_GOLD = "Against the gold items’ known grades."
STANDARD_OF_OTHERS = (
    "There are no gold items here: against the adjudicated grade, and where there is none against what most"
    " of the others said (two others or more, ties left out). That is agreement, not truth."
)


def say_people(people: People, *, names: Mapping[int, str]) -> list[str]:
    """How far people agree, and whose grades look random, as one to three sentences."""
    if not people.raters:
        return ["Nobody has labelled anything yet."]
    if not people.n_items:
        return ["No item has the grades of two people yet, so nothing can be said about their agreement."]
    n_items = f"{people.n_items:,} item" + ("s" if people.n_items != 1 else "")
    n_people = sum(each.n_items > 0 for each in people.raters)
    alpha = people.alpha_ordinal
    if not isfinite(alpha.value):
        return [f"{n_people} people share {n_items} and gave one and the same grade: α is not defined."]
    sentences = [f"{n_people} people share {n_items} and agree at α {said(alpha)} (ordinal)."]
    if not isfinite(alpha.low):
        sentences.append("From so few queries no interval can be given: take the figure as a hint.")
    elif alpha.low <= 0:
        sentences.append("That is not shown to be better than chance.")
    return [*sentences, *(say_random(each, names[each.rater]) for each in people.raters if each.looks_random)]


def say_random(rater: RaterAgreement, name: str) -> str:
    """Why this rater is pointed out."""
    return (
        f"{name}’s grades look random: weighted κ {said(rater.weighted)} with the others, who agree among"
        f" themselves at {said(rater.others)}."
    )
