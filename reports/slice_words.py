"""What a judge's slices say, in sentences made by rule."""

from reports.showing import has_interval, said
from reports.slicing import SliceReport
from reports.standing import SIGNIFICANT

MOST_NAMED = 3


def say_slices(name: str, report: SliceReport) -> list[str]:
    """Where the judge agrees less and where it is lenient, and whether length moves it."""
    every = [(of.title, each) for of in report.dimensions for each in of.slices]
    tested = [each for _, each in every if each.kappa_holm == each.kappa_holm]
    if not tested:
        return [f"There are too few queries or kinds of items to say where {name} agrees less."]
    apart = sorted(
        ((title, each) for title, each in every if each.kappa_holm < SIGNIFICANT),
        key=lambda pair: pair[1].kappa_contrast.difference.value,
    )
    sentences = [
        f"Agreement of {name} {'falls' if each.kappa_contrast.difference.value < 0 else 'rises'} where"
        f" {_lower(title)} is {each.name}: κ {said(each.kappa)}, {said(each.kappa_contrast.difference)}"
        " beside the rest."
        for title, each in apart[:MOST_NAMED]
    ]
    if not apart:
        sentences.append(
            f"In none of {len(tested)} slices does the agreement of {name} differ from the rest by more than"
            " chance, all taken together."
        )
    elif len(apart) > MOST_NAMED:
        sentences.append(f"{len(apart) - MOST_NAMED} more slices differ.")
    return [*sentences, *_say_length(report)]


def _say_length(report: SliceReport) -> list[str]:
    length = report.length
    if not has_interval(length):
        return []
    if length.low > 0:
        return [f"The longer a candidate, the more lenient the grade beside people's (ρ {said(length)})."]
    if length.high < 0:
        return [f"The longer a candidate, the stricter the grade beside people's (ρ {said(length)})."]
    return [f"No length bias is shown (ρ of length and error {said(length)})."]


def _lower(title: str) -> str:
    return title[0].lower() + title[1:].split(",")[0]
