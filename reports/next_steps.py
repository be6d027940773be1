"""What to do next: at most three steps, by rule, each with the page where it is done."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple

from corpus.variants import ALL_ARE_VARIANTS

N_STEPS = 3


class NextStep(NamedTuple):
    sentence: str
    link: str  # what its button says
    url_name: str
    args: tuple = ()  # of the URL, past the project's


class Standing(NamedTuple):
    """What the project has, as far as the rules ask."""

    n_items: int
    n_references: int
    has_pairs: bool  # items graded by two people
    open_round: tuple[int, str] | None  # id and name of one that still needs labels
    has_open_rounds: bool
    n_judges_here: int
    is_judging: bool
    best_judge: tuple[int, str] | None  # id and name
    n_variants: int = 0


def next_steps(standing: Standing, *, may: Collection[str]) -> list[NextStep]:
    """The first steps that this project needs and these capabilities allow."""
    return list(islice(_steps(standing, may), N_STEPS))


def _steps(standing: Standing, may: Collection[str]) -> Iterator[NextStep]:
    if "label" in may and standing.open_round:
        pk, name = standing.open_round
        yield NextStep(f"The round “{name}” needs labels.", "Label", "annotate:label-item", (pk,))
    if "manage" in may:
        yield from _steps_of_managers(standing)
    if "report" in may and standing.best_judge:
        pk, name = standing.best_judge
        yield NextStep(
            f"See on which items {name} and people differ: its confusion table leads to them.",
            "Open the judge",
            "reports:judge-agreement",
            (pk,),
        )
    if "manage" in may and standing.n_references and standing.best_judge:
        yield NextStep(
            "Take the grades out, people's and judges' side by side.", "Export", "exchange:export-list"
        )


def _steps_of_managers(standing: Standing) -> Iterator[NextStep]:
    if not standing.n_items and standing.n_variants:
        link, page = ("New judge", "judges:judge-create")
        if standing.n_judges_here:
            link, page = ("Start a run", "judges:run-create")
        yield NextStep(ALL_ARE_VARIANTS, link, page)
        return
    if not standing.n_items:
        yield NextStep("Bring in queries and candidates from a file.", "Import", "exchange:import-upload")
        return
    if not standing.n_references and not standing.has_open_rounds:
        yield NextStep(
            "No item has a human grade: open a round for people to label.",
            "New round",
            "annotate:round-create",
        )
    if not standing.best_judge and not standing.is_judging:
        if standing.n_judges_here:
            yield NextStep("No judge has answered yet: start a run.", "Start a run", "judges:run-create")
        else:
            yield NextStep(
                "No judge has answered yet: make one, or import verdicts.", "New judge", "judges:judge-create"
            )
    if standing.n_references and not standing.has_pairs and not standing.has_open_rounds:
        yield NextStep(
            "Only one person has graded each item. Let a second one grade some of them: how far people agree"
            " with each other says how far a judge can be expected to.",
            "New round",
            "annotate:round-create",
        )
