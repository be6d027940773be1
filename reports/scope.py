"""Over what agreement is taken: the grades, the cut, the queries; and the key of what came out."""

import hashlib
import json
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Sum

from annotate.models import Participation
from corpus.models import Job, Project
from corpus.models.collection import Split
from measures.bootstrap import REPLICATES

SEED = 0
EDITION = 8
"""To be raised whenever the same counts would give other figures; older cached ones are then not found."""


class ScopeRefused(ValueError):
    """The cut or the split asked for does not exist; one sentence says which do."""


class Scope(NamedTuple):
    """Grade values, cut, split and slice, and how the intervals are drawn."""

    values: tuple[int, ...]
    cut: int
    split: str | None = None
    replicates: int = REPLICATES
    seed: int = SEED
    slice: str | None = None  # as reports.slices names it

    def key(self, project: Project, *facts: object) -> str:
        """A name for figures of this project in this scope that depend on nothing else but these facts."""
        scope = [EDITION, *self, project.reference_version, _split_mark(project, self.split), *facts]
        if self.slice:
            scope += label_mark(project)  # what is in a slice depends on texts, metadata and labels
        return key_of(*scope)


def key_of(*facts: object) -> str:
    """A name for figures that depend on nothing but these facts."""
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=32).hexdigest()


def scope_of(project: Project, *, cut: int | None = None, split: str | None = None) -> Scope:
    """The project's scale with its own cut unless another is asked for; all queries unless a split is.

    Raises ScopeRefused for a cut that is no grade above the lowest and for an unknown split.
    """
    rubric = project.rubric
    values = tuple(rubric.values)
    cut = rubric.cut if cut is None else cut
    if cut not in values[1:]:
        raise ScopeRefused(
            f"{cut} is no cut of the rubric “{rubric.name}”; choose one of {', '.join(map(str, values[1:]))}."
        )
    if split is not None and split not in Split.values:
        raise ScopeRefused(f"“{split}” is no split; choose one of {', '.join(Split.values)}.")
    return Scope(values, cut, split)


def reported_split(project: Project, wanted: str | None) -> str | None:
    """The split that a page or a command reports on when `wanted` was asked for: a split, "all" or nothing.

    Prompts are tuned on the tune split, so agreement is reported on the test split unless asked otherwise.
    None, which is all queries, where the project has no queries to tune on.
    """
    if wanted:
        return None if wanted == "all" else wanted
    return Split.TEST if project.queries.filter(split=Split.TUNE).exists() else None


def label_mark(project: Project) -> list[str]:
    """Tells whether labels or imported files have changed: some changes leave every reference as it was."""
    labelled = Participation.objects.filter(round__project=project)
    rounds = labelled.aggregate(Max("last_label_at"), Sum("n_labels"))
    files = project.jobs.filter(kind=Job.Kind.IMPORT).aggregate(Max("finished_at"))
    return [str(fact) for fact in (*rounds.values(), *files.values())]


def _split_mark(project: Project, split: str | None) -> list[int] | None:
    """Tells whether other queries have moved into the split since."""
    if split is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(hashint8(id)), 0)::bigint FROM corpus_query"
            " WHERE project_id = %s AND split = %s",
            [project.pk, split],
        )
        return list(cursor.fetchone())
