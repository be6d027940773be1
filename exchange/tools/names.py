"""Names that Concord's people and judges go by in the files of labelling tools, out and in again."""

from uuid import NAMESPACE_URL, uuid5

from corpus.models import Project, Rubric
from corpus.models.rubric import Scale
from exchange.formats.names import normalised
from judges.models import Judge

CONTROLS = frozenset(("grade", "rationale", "rater", "query", "need", "title", "candidate"))
"""What Concord's own files ask and show besides criteria."""
USERS = uuid5(NAMESPACE_URL, "concord:raters")
RATER = {False: "a.name", True: "'rater-' || a.id"}
"""SQL for what a rater (annotate_rater `a`) is called: by name, or with pseudonyms."""


def pseudonym(rater_id: int) -> str:
    """What a rater is called where names stay here; always the same for the same rater, as in RATER."""
    return f"rater-{rater_id}"


def argilla_user(rater: str) -> str:
    """The user id that stands for a rater in Argilla's records, where users are UUIDs."""
    return str(uuid5(USERS, rater))


def judge_names(project: Project) -> dict[Judge, str]:
    """The name of each judge of the project: with its prompt, its version after the first, and where that is
    not enough to tell two apart, a number."""
    names: dict[Judge, str] = {}
    taken: set[str] = set()
    for judge in project.judges.select_related("prompt").order_by("pk"):
        name = f"{judge.name} · {judge.prompt.name}" if judge.prompt else judge.name
        name = f"{name}, version {judge.version}" if judge.version > 1 else name
        number, given = 1, name
        while given in taken:
            number += 1
            given = f"{name} ({number})"
        taken.add(given)
        names[judge] = given
    return names


def control_names(rubric: Rubric) -> dict[str, Scale]:
    """The further criteria of a rubric by names that tools take for questions, each a name of its own."""
    found: dict[str, Scale] = {}
    for n, scale in enumerate(rubric.scales[1:], 1):
        name = normalised(scale.name)
        found[f"criterion_{n}" if not name or name in found or name in CONTROLS else name] = scale
    return found
