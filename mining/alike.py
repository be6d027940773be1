"""Which candidates say what a known positive of their query says: by words, and by vectors where given."""

from collections.abc import Mapping, Sequence

from django.db import connection

from mining.likeness import Likeness, Said, could_reach, likest, might_say, runs_of_words
from mining.models import Embedding
from mining.pool_settings import PoolSettings
from mining.texts import as_array, read_candidate_texts

# Each pair's positive of the highest cosine; cosines are worked out where the vectors lie. A vector is looked
# up by its key (LIMIT keeps it so): a planner without statistics would read all of them for every piece.
VECTOR = """
    SELECT vector FROM mining_candidatevector v
    WHERE v.embedding_id = %(embedding)s AND v.candidate_id = {key} LIMIT 1"""
BY_VECTORS = f"""
    WITH positive AS MATERIALIZED (
        SELECT query_id, candidate_id, vector
        FROM unnest(%(of)s::bigint[], %(positives)s::bigint[]) AS known (query_id, candidate_id)
        CROSS JOIN LATERAL ({VECTOR.format(key="known.candidate_id")}) its)
    SELECT DISTINCT ON (place) place - 1, positive.candidate_id, 1 - (positive.vector <=> one.vector)
    FROM unnest(%(queries)s::bigint[], %(candidates)s::bigint[])
         WITH ORDINALITY AS asked (query_id, candidate_id, place)
    JOIN positive USING (query_id)
    CROSS JOIN LATERAL ({VECTOR.format(key="asked.candidate_id")}) one
    WHERE positive.vector <=> one.vector <= 1 - %(floor)s
    ORDER BY place, positive.vector <=> one.vector, positive.candidate_id"""


class Alike:
    """The known positives of some queries, made ready to be compared with."""

    def __init__(
        self,
        positives: Mapping[int, Sequence[int]],
        *,
        settings: PoolSettings,
        embedding: Embedding | None,
    ) -> None:
        self.positives = positives
        self.settings = settings
        self.embedding = embedding
        texts = read_candidate_texts(sorted(set().union(*positives.values())))
        said = {key: Said.of(text) for key, text in texts.items()}
        self.said = {
            query: {key: said[key] for key in keys if key in said} for query, keys in positives.items()
        }

    def among(self, queries: Sequence[int], candidates: Sequence[int]) -> dict[int, Likeness]:
        """Those of the pairs, by place, that are near-duplicates of a positive; words come before vectors."""
        found = {} if self.embedding is None else self._by_vectors(queries, candidates)
        return found | self._by_words(queries, candidates)

    def _by_words(self, queries: Sequence[int], candidates: Sequence[int]) -> dict[int, Likeness]:
        texts = read_candidate_texts(sorted(set(candidates)))
        floor, found = self.settings.near_words, {}
        for place, (query, key) in enumerate(zip(queries, candidates, strict=True)):
            folded = texts.get(key, "").casefold()
            held = {
                each: said.runs
                for each, said in self.said.get(query, {}).items()
                if might_say(folded, said, floor)
            }
            if not held:
                continue
            runs = runs_of_words(texts.get(key, ""))
            if could_reach(len(runs), [len(each) for each in held.values()], floor):
                like = likest(runs, held)
                if like and like.share >= floor:
                    found[place] = like
        return found

    def _by_vectors(self, queries: Sequence[int], candidates: Sequence[int]) -> dict[int, Likeness]:
        assert self.embedding is not None
        pairs = [(query, key) for query, keys in self.positives.items() for key in keys]
        names = {
            "queries": as_array(queries),
            "candidates": as_array(candidates),
            "of": as_array(query for query, _ in pairs),
            "positives": as_array(key for _, key in pairs),
            "embedding": self.embedding.pk,
            "floor": self.settings.near_cosine,
        }
        with connection.cursor() as cursor:
            cursor.execute(BY_VECTORS, names)
            return {place: Likeness(key, cosine) for place, key, cosine in cursor.fetchall()}
