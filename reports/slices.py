"""Parts of a project that a judge may be better or worse on: by length, metadata, people's doubt, likeness.

A dimension sorts the items with a reference into buckets. A slice is one bucket, named in an address as
"dimension:bucket".
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotate.references import ON_THE_SCALE
from corpus.variants import no_variant
from reports.reading import References, read_references
from reports.scope import Scope

QUARTERS = ("q1", "q2", "q3", "q4")
MOST_VALUES = 12  # of a metadata key; numbers with more are cut into quarters
MOST_KEYS = 20  # metadata keys that are dimensions
MOST_LIKENED = 5_000  # queries whose likeness to each other is worked out

LENGTHS = """
    SELECT string_agg(int8send(item.id), ''::bytea), string_agg(int8send(length(query.text)), ''::bytea),
           string_agg(int8send(length(candidate.title) + length(candidate.text)), ''::bytea)
    FROM corpus_reference reference JOIN corpus_item item ON item.id = reference.item_id
    JOIN corpus_query query ON query.id = item.query_id
    JOIN corpus_candidate candidate ON candidate.id = item.candidate_id
    WHERE query.project_id = %(project)s
"""
PARTED = f"""
    SELECT 'query' AS of, each.key, each.value, item.id AS item_id
    FROM corpus_reference reference JOIN corpus_item item ON item.id = reference.item_id
    JOIN corpus_query query ON query.id = item.query_id
    CROSS JOIN LATERAL jsonb_each_text(query.metadata) each
    WHERE query.project_id = %(project)s AND jsonb_typeof(query.metadata) = 'object'
      AND {no_variant("item.id")}
    UNION ALL
    SELECT 'candidate', each.key, each.value, item.id
    FROM corpus_reference reference JOIN corpus_item item ON item.id = reference.item_id
    JOIN corpus_query query ON query.id = item.query_id
    JOIN corpus_candidate candidate ON candidate.id = item.candidate_id
    CROSS JOIN LATERAL jsonb_each_text(candidate.metadata) each
    WHERE query.project_id = %(project)s AND jsonb_typeof(candidate.metadata) = 'object'
      AND {no_variant("item.id")}
"""
IS_NUMBER = r"^-?[0-9]{1,15}([.][0-9]{1,15})?$"
KEYS = f"""
    SELECT of, key, count(DISTINCT value), bool_and(value ~ %(number)s) FROM ({PARTED}) part
    WHERE value <> '' GROUP BY 1, 2 ORDER BY 1 DESC, 2
"""
VALUES = f"""
    SELECT value, string_agg(int8send(item_id), ''::bytea) FROM ({PARTED}) part
    WHERE of = %(of)s AND key = %(key)s AND value <> '' GROUP BY 1 ORDER BY 1
"""
DOUBT = f"""
    SELECT label.item_id, max(label.grade) - min(label.grade)
    FROM annotate_label label JOIN annotate_rater rater ON rater.id = label.rater_id
    WHERE rater.project_id = %(project)s AND label.superseded_at IS NULL AND label.gold_grade IS NULL
      AND label.grade IS NOT NULL AND {ON_THE_SCALE}
    GROUP BY 1 HAVING count(DISTINCT label.rater_id) > 1
"""
QUERIES = "SELECT id, text FROM corpus_query WHERE id = ANY(%(queries)s) AND text <> '' ORDER BY id"


class SliceRefused(ValueError):
    """There is no such slice; one sentence says so."""


class Dimension(NamedTuple):
    """A way to part the items."""

    key: str
    title: str  # with its unit
    marks: list[str]  # of its buckets, as they stand in an address
    names: list[str]  # of its buckets
    buckets: NDArray[np.int64]  # (N,) of each item, −1 where it has none
    amounts: NDArray[np.float64] | None = None  # (N,) what was cut into quarters

    def slice_key(self, bucket: int) -> str:
        """How an address names this bucket."""
        return f"{self.key}:{self.marks[bucket]}"


Parting = Callable[[int, References], list[Dimension]]


def dimensions(project_id: int, references: References) -> list[Dimension]:
    """Every dimension that parts these items into two buckets or more."""
    built_in = [each for part in dict.fromkeys(BUILT_IN.values()) for each in part(project_id, references)]
    named = [
        each for key in _metadata_keys(project_id) for each in _by_metadata(project_id, references, *key)
    ]
    return built_in + named


def dimension(project_id: int, references: References, key: str) -> Dimension | None:
    """The one dimension of this key; None where it does not part the items."""
    if key in BUILT_IN:
        found = BUILT_IN[key](project_id, references)
    else:
        named = [each for each in _metadata_keys(project_id) if key == f"{each[0]}.{each[1]}"]
        found = [made for each in named for made in _by_metadata(project_id, references, *each)]
    return next((each for each in found if each.key == key), None)


def find_slice(project_id: int, references: References, wanted: str) -> tuple[str, NDArray[np.bool_]]:
    """The name of a slice and which of these items are in it (N,). Raises SliceRefused."""
    key, _, mark = wanted.partition(":")
    found = dimension(project_id, references, key)
    if found is None or mark not in found.marks:
        raise SliceRefused(f"“{wanted}” is no slice of this project.")
    bucket = found.marks.index(mark)
    return f"{found.title}: {found.names[bucket]}", found.buckets == bucket


def references_in(project_id: int, scope: Scope) -> References:
    """The references of a scope. Raises SliceRefused."""
    references = read_references(project_id, values=scope.values, split=scope.split)
    if not scope.slice:
        return references
    return references.only(find_slice(project_id, references, scope.slice)[1])


def _by_length(project_id: int, references: References) -> list[Dimension]:
    with connection.cursor() as cursor:
        cursor.execute(LENGTHS, {"project": project_id})
        packed = [np.frombuffer(each or b"", dtype=">i8").astype(np.int64) for each in cursor.fetchone()]
    order = np.argsort(packed[0], kind="stable")
    rows = order[np.searchsorted(packed[0][order], references.items)]
    of_query, of_candidate = (each[rows].astype(np.float64) for each in packed[1:])
    return [
        *_quarters("query_length", "Query length, characters", of_query),
        *_quarters("candidate_length", "Candidate length, characters", of_candidate),
    ]


def _by_doubt(project_id: int, references: References) -> list[Dimension]:
    with connection.cursor() as cursor:
        cursor.execute(DOUBT, {"project": project_id})
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
    buckets = np.full(len(references.items), -1, dtype=np.int64)
    places, known = _places(references, rows[:, 0])
    buckets[places[known]] = np.minimum(rows[known, 1], 2)
    names = ["they agree", "they differ by one", "they differ by more"]
    return _present("doubt", "People's doubt, where several graded", ["same", "one", "more"], names, buckets)


def _by_likeness(project_id: int, references: References) -> list[Dimension]:
    """How like a query is to the one most like it: cosine of tf–idf vectors of words."""
    queries = np.unique(references.queries)
    if not 8 <= len(queries) <= MOST_LIKENED:
        return []
    with connection.cursor() as cursor:
        cursor.execute(QUERIES, {"queries": queries.tolist()})
        rows = cursor.fetchall()
    if len(rows) < 8:
        return []
    nearest = _nearest([text for _, text in rows])
    if nearest is None:
        return []
    ids = np.array([pk for pk, _ in rows], dtype=np.int64)
    place = np.searchsorted(ids, references.queries).clip(max=len(ids) - 1)
    likeness = np.where(ids[place] == references.queries, nearest[place], np.nan)
    return _quarters("likeness", "Query likeness, 0–1, to the nearest other query", likeness, decimals=2)


def _nearest(texts: list[str]) -> NDArray[np.float64] | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    except ValueError:  # no words in any of them
        return None
    found = np.zeros(len(texts))
    for start in range(0, len(texts), 1000):
        alike = (vectors[start : start + 1000] @ vectors.T).toarray()
        rows = np.arange(len(alike))
        alike[rows, rows + start] = -1.0
        found[start : start + 1000] = alike.max(axis=1)
    return found.clip(0.0, 1.0)


def _metadata_keys(project_id: int) -> Iterator[tuple[str, str, int, bool]]:
    """(query or candidate, key, distinct values, whether all are numbers) of keys worth a dimension."""
    with connection.cursor() as cursor:
        cursor.execute(KEYS, {"project": project_id, "number": IS_NUMBER})
        rows = cursor.fetchall()
    fit = [row for row in rows if row[2] > 1 and (row[2] <= MOST_VALUES or row[3])]
    yield from fit[:MOST_KEYS]


def _by_metadata(
    project_id: int, references: References, of: str, key: str, n_values: int, is_number: bool
) -> list[Dimension]:
    with connection.cursor() as cursor:
        cursor.execute(VALUES, {"project": project_id, "of": of, "key": key})
        rows = cursor.fetchall()
    name, title = f"{of}.{key}", f"{key} of the {of}"
    if is_number and n_values > MOST_VALUES:
        amounts = np.full(len(references.items), np.nan)
        for value, packed in rows:
            places, known = _places(references, np.frombuffer(packed, dtype=">i8").astype(np.int64))
            amounts[places[known]] = float(value)
        return _quarters(name, title, amounts, decimals=2)
    buckets = np.full(len(references.items), -1, dtype=np.int64)
    for bucket, (_, packed) in enumerate(rows):
        places, known = _places(references, np.frombuffer(packed, dtype=">i8").astype(np.int64))
        buckets[places[known]] = bucket
    values = [value for value, _ in rows]
    return _present(name, title, values, values, buckets)


def _places(references: References, items: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if not len(references.items):
        return np.zeros(len(items), dtype=np.int64), np.zeros(len(items), dtype=bool)
    places = np.searchsorted(references.items, items).clip(max=len(references.items) - 1)
    return places, references.items[places] == items


def _quarters(key: str, title: str, amounts: NDArray[np.float64], *, decimals: int = 0) -> list[Dimension]:
    """Four buckets of about as many items; fewer where equal amounts would be parted."""
    known = ~np.isnan(amounts)
    if not known.any():
        return []
    edges = np.unique(np.quantile(amounts[known], [0.25, 0.5, 0.75], method="lower"))
    buckets = np.where(known, np.searchsorted(edges, np.where(known, amounts, 0.0), side="left"), -1)
    step = 0 if decimals else 1  # whole numbers: the next bucket starts one above
    low = [f"{edge + step:,.{decimals}f}" for edge in edges]
    high = [f"{edge:,.{decimals}f}" for edge in edges]
    names = [f"up to {high[0]}", *(f"{start}–{end}" for start, end in zip(low, high[1:], strict=False))]
    found = _present(key, title, list(QUARTERS), [*names, f"{low[-1]} and more"], buckets)
    return [each._replace(amounts=amounts) for each in found]


def _present(
    key: str, title: str, marks: list[str], names: list[str], buckets: NDArray[np.int64]
) -> list[Dimension]:
    """The dimension with the buckets that hold anything; nothing with fewer than two."""
    held = np.unique(buckets[buckets >= 0])
    if len(held) < 2:
        return []
    parted = np.where(buckets >= 0, np.searchsorted(held, buckets).clip(max=len(held) - 1), -1)
    held_marks = [marks[each] for each in held.tolist()]
    return [Dimension(key, title, held_marks, [names[each] for each in held.tolist()], parted)]


BUILT_IN: dict[str, Parting] = {
    "query_length": _by_length,
    "candidate_length": _by_length,
    "doubt": _by_doubt,
    "likeness": _by_likeness,
}
