"""Further scales of a project, made ready to change: rounds may use them beside the project's own."""

from copy import deepcopy
from typing import Any

from django.db import transaction

from corpus.audit import record
from corpus.models import Project, Rubric
from corpus.models.audit import Verb
from corpus.models.rubric import FIRST_BETTER, RIVAL_BETTER, TIE


def grades_of_preference(*, ties: bool) -> list[dict]:
    """The grades of a preference, seen from the first candidate of a pair."""
    names = {RIVAL_BETTER: "B is better", TIE: "Neither is better", FIRST_BETTER: "A is better"}
    return [
        {"value": value, "name": name, "meaning": ""} for value, name in names.items() if ties or value != TIE
    ]


def _steps(*names: str) -> list[dict]:
    return [{"value": value, "name": name, "meaning": ""} for value, name in enumerate(names)]


# Helpfulness and four attributes beside it, each 0–4, are what HelpSteer2 asks for (Wang et al. 2024).
QUALITY = _steps("Not at all", "A little", "Partly", "Mostly", "Fully")
TEMPLATES: dict[str, tuple[str, dict[str, Any]]] = {
    "yes_no": (
        "Yes or no",
        {
            "name": "Answers the query",
            "grades": [
                {"value": 0, "name": "No", "meaning": "The candidate does not answer the query."},
                {"value": 1, "name": "Yes", "meaning": "The candidate answers the query."},
            ],
            "cut": 1,
        },
    ),
    "graded": ("Grades 0–3", {"name": "Further scale"}),
    "criteria": (
        "Several criteria at once: helpfulness, correctness, coherence, complexity, verbosity, each 0–4",
        {
            "kind": Rubric.Kind.CRITERIA,
            "name": "Helpfulness",
            "grades": QUALITY,
            "criteria": [
                {
                    "name": "Correctness",
                    "meaning": "All that is needed is there, and no error.",
                    "grades": QUALITY,
                },
                {
                    "name": "Coherence",
                    "meaning": "It is consistent, clear and well expressed.",
                    "grades": QUALITY,
                },
                {
                    "name": "Complexity",
                    "meaning": "How much knowledge of the subject it took to write.",
                    "grades": _steps("Basic", "Simple", "Average", "Advanced", "Expert"),
                },
                {
                    "name": "Verbosity",
                    "meaning": "How much text there is for what is asked; no judgement of worth.",
                    "grades": _steps("Terse", "Short", "Medium", "Long", "Verbose"),
                },
            ],
            "cut": 2,
        },
    ),
    "preference": (
        "Preference: which of two candidates is better",
        {
            "kind": Rubric.Kind.PREFERENCE,
            "name": "Preference",
            "grades": grades_of_preference(ties=True),
            "cut": FIRST_BETTER,
        },
    ),
}


@transaction.atomic
def add_rubric(project: Project, *, template: str, name: str = "") -> Rubric:
    """A further scale made from one of TEMPLATES, with a name that is free in the project."""
    _, fields = TEMPLATES[template]
    wanted = name or fields["name"]
    taken = set(project.rubrics.values_list("name", flat=True))
    numbered = (f"{wanted} ({number})" for number in range(2, len(taken) + 3))
    free = next(each for each in (wanted, *numbered) if each not in taken)
    rubric = Rubric(project=project, **deepcopy(fields) | {"name": free})
    rubric.full_clean()
    rubric.save()
    record(Verb.RUBRIC_ADDED, rubric, project=project)
    return rubric


@transaction.atomic
def remove_rubric(rubric: Rubric) -> bool:
    """Delete a further scale that nothing uses; returns whether it could be."""
    if rubric.frozen_at or rubric.is_main or rubric.rounds.exists() or rubric.judges.exists():
        return False
    record(Verb.RUBRIC_REMOVED, rubric, project=rubric.project)
    rubric.delete()
    return True
