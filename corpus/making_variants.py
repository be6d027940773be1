"""Items made from other items by a change of their texts, so that a judge can be seen to bend or not."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from django.db import connection, transaction

from corpus.models import Project, Variant
from corpus.models.collection import content_hash
from corpus.models.variant import Right

LONGEST_STEM = 400  # characters of the original's id that a variant's id begins with
BATCH = 2_000


class Changed(NamedTuple):
    """One variant to be made: its texts, what was done, and what a judge has to do with it.

    Without an `original` it stands by itself in `query_id` (random words have no item they come from).
    """

    query_id: int
    original_id: int | None
    stem: str  # what its candidate's id begins with: the original's id, or the carrier's name
    carrier: str
    attack: str
    words: int
    title: str
    candidate: str
    query: str | None = None  # another text of the query; None leaves it as it is
    right: str = Right.GRADE
    grade: int | None = None  # the right grade, where it is another one than the original's


@transaction.atomic
def store_variants(project: Project, changed: Sequence[Changed]) -> list[int]:
    """Items of these variants, in order; one that is there already, text for text, is used again."""
    made: list[int] = []
    for start in range(0, len(changed), BATCH):
        made += _store(project, changed[start : start + BATCH])
    return made


def _store(project: Project, changed: Sequence[Changed]) -> list[int]:
    with connection.cursor() as cursor:
        queries = _queries(cursor, project, changed)
        candidates = _candidates(cursor, project, changed)
        cursor.execute(
            "INSERT INTO corpus_item (query_id, candidate_id)"
            " SELECT DISTINCT query, candidate"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS made (query, candidate)"
            " ON CONFLICT DO NOTHING",
            [queries, candidates],
        )
        cursor.execute(
            "SELECT item.id FROM unnest(%s::bigint[], %s::bigint[]) WITH ORDINALITY"
            " AS made (query, candidate, place) JOIN corpus_item item ON item.query_id = made.query"
            " AND item.candidate_id = made.candidate AND item.rival_id IS NULL ORDER BY made.place",
            [queries, candidates],
        )
        items = [item for (item,) in cursor.fetchall()]
    Variant.objects.bulk_create(
        [
            Variant(
                item_id=item,
                original_id=each.original_id,
                carrier=each.carrier,
                attack=each.attack,
                words=each.words,
                right=each.right,
                grade=each.grade,
            )
            for item, each in zip(items, changed, strict=True)
        ],
        ignore_conflicts=True,
    )
    return items


def _queries(cursor, project: Project, changed: Sequence[Changed]) -> list[int]:
    """The query of each variant: its original's, or one with the changed text, in the same split."""
    own = [(place, each) for place, each in enumerate(changed) if each.query is not None]
    found = [each.query_id for each in changed]
    if not own:
        return found
    marks = [f"~{each.attack}~{_mark(each.query or '')}" for _, each in own]
    cursor.execute(
        "WITH made AS ("
        "  SELECT left(query.external_id, %(stem)s) || given.mark AS external_id, given.text, query.split,"
        "         given.place"
        "  FROM unnest(%(queries)s::bigint[], %(marks)s::text[], %(texts)s::text[]) WITH ORDINALITY"
        "       AS given (query, mark, text, place)"
        "  JOIN corpus_query query ON query.id = given.query AND query.project_id = %(project)s"
        "), inserted AS ("
        "  INSERT INTO corpus_query (project_id, external_id, text, need, split)"
        "  SELECT DISTINCT ON (external_id) %(project)s, external_id, text, '', split FROM made"
        "  ON CONFLICT (project_id, external_id) DO NOTHING RETURNING id, external_id"
        ")"
        " SELECT coalesce(inserted.id, query.id) FROM made"
        " LEFT JOIN inserted USING (external_id)"
        " LEFT JOIN corpus_query query ON query.project_id = %(project)s"
        "      AND query.external_id = made.external_id ORDER BY made.place",
        {
            "stem": LONGEST_STEM,
            "queries": [each.query_id for _, each in own],
            "marks": marks,
            "texts": [each.query for _, each in own],
            "project": project.pk,
        },
    )
    for (place, _), (query,) in zip(own, cursor.fetchall(), strict=True):
        found[place] = query
    return found


def _candidates(cursor, project: Project, changed: Sequence[Changed]) -> list[int]:
    ids = [variant_id(each) for each in changed]
    cursor.execute(
        "INSERT INTO corpus_candidate (project_id, external_id, title, text, content_hash)"
        " SELECT DISTINCT ON (id) %s, id, title, text, hash::uuid"
        " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS made (id, title, text, hash)"
        " ON CONFLICT (project_id, external_id) DO NOTHING",
        [
            project.pk,
            ids,
            [each.title for each in changed],
            [each.candidate for each in changed],
            [content_hash(each.title, each.candidate) for each in changed],
        ],
    )
    cursor.execute(
        "SELECT candidate.id FROM unnest(%s::text[]) WITH ORDINALITY AS made (external_id, place)"
        " JOIN corpus_candidate candidate ON candidate.project_id = %s"
        " AND candidate.external_id = made.external_id ORDER BY made.place",
        [ids, project.pk],
    )
    return [candidate for (candidate,) in cursor.fetchall()]


def variant_id(changed: Changed) -> str:
    """The candidate's id of a variant: what it was made from, what was done, and a mark of its texts."""
    dose = f"-{changed.words}" if changed.words else ""
    mark = _mark(f"{changed.title}\0{changed.candidate}")
    return f"{changed.stem[:LONGEST_STEM]}~{changed.carrier}~{changed.attack}{dose}~{mark}"


def _mark(text: str) -> str:
    return blake2b(text.encode(), digest_size=4).hexdigest()
