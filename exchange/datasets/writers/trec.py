"""TREC qrels (query, 0, candidate, grade) and a run file made of the judge's scores."""

from collections.abc import Iterator

from exchange.datasets.table import Group
from exchange.datasets.writers.base import (
    NO_GRADE,
    NO_SCORE,
    CannotWrite,
    Choices,
    Format,
    Line,
    Missed,
    plain,
)


def qrels_lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    path = f"qrels/{group.split}.txt"
    query_id = _whole(group.query_id)
    graded = [(row.candidate_id, grade) for row in group.rows if (grade := row.target_grade) is not None]
    missed[NO_GRADE] += len(group.rows) - len(graded)
    if graded:
        _all_whole([candidate_id for candidate_id, _ in graded])
        said = [f"{query_id} 0 {candidate_id} {grade}\n" for candidate_id, grade in graded]
        yield path, "".join(said).encode()


def run_lines(group: Group, *, choices: Choices, missed: Missed) -> Iterator[Line]:
    """The judge as a system: its scores, best first; ties by id, descending, as trec_eval breaks them."""
    path = f"run/{group.split}.txt"
    scored = [(row.score, row.candidate_id) for row in group.rows if row.score is not None]
    missed[NO_SCORE] += len(group.rows) - len(scored)
    scored.sort(key=lambda hit: (hit[0], hit[1].encode()), reverse=True)
    query_id, tag = _whole(group.query_id), "-".join(choices.tag.split())
    for rank, (score, candidate_id) in enumerate(scored, start=1):
        yield path, f"{query_id} Q0 {_whole(candidate_id)} {rank} {score!r} {tag}\n".encode()


def _all_whole(identities: list[str]) -> None:
    if " ".join(identities).split() != identities:
        for identity in identities:
            _whole(identity)


def _whole(identity: str) -> str:
    if identity.split() != [identity]:
        raise CannotWrite(
            f"The id “{identity}” has a blank in it, and TREC’s files have blanks between their columns."
            " Leave qrels and run files out; the BEIR folder holds the same."
        )
    return identity


QRELS = Format(
    "qrels",
    "TREC qrels",
    "Evaluation",
    "trec_eval, ir-measures, ranx: one grade a query and candidate.",
    plain(qrels_lines),
    evaluates=True,
)
RUN = Format(
    "run",
    "TREC run",
    "Evaluation",
    "The judge’s scores as a run file, to be evaluated as if it were a reranker.",
    plain(run_lines),
    needs="scores",
    evaluates=True,
)
