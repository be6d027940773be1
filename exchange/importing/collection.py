"""Queries, candidates and items of a file into the store, chunk by chunk, each id written once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from corpus.models import Job, Project
from corpus.models.collection import content_hash
from exchange.importing.bad_rows import BadRows
from exchange.importing.copying import NULL, copy_lines, escape, reserve_ids

CACHED_QUERIES = 200_000


class Pair(NamedTuple):
    """One row's query and candidate; texts are empty where a file knows them by id alone."""

    line: int
    query_id: str
    query: str
    need: str
    candidate_id: str
    title: str
    candidate: str
    metadata: dict[str, Any] | None


class Placed(NamedTuple):
    """Where a row landed: its item and query, and whether this import has just made the item."""

    item: int
    query: int
    is_new: bool


class StoredQuery(NamedTuple):
    pk: int
    text: str
    need: str


class CollectionWriter:
    """Writes the collection part of an import inside one transaction, under the project's lock.

    Rows that contradict the store or an earlier line of the file become bad rows, with the reason.
    """

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.bad = bad
        self.counts = {"queries": 0, "candidates": 0, "items": 0, "texts": 0}
        self._queries: dict[str, StoredQuery] = {}
        self._places = False

    def place(self, pairs: Sequence[Pair]) -> list[Placed | None]:
        """Make what is missing of each pair; None where the row was bad. One entry per pair, in order."""
        self._places = True
        queries = self.store_queries([(pair.line, pair.query_id, pair.query, pair.need) for pair in pairs])
        if None in queries:
            placed = iter(self.place([pair for pair, query in zip(pairs, queries, strict=True) if query]))
            return [None if query is None else next(placed) for query in queries]
        candidates = self.store_candidates(
            [(pair.line, pair.candidate_id, pair.title, pair.candidate, pair.metadata) for pair in pairs]
        )
        return self._store_items(queries, candidates)

    def drop_what_only_bad_rows_brought(self, *, every_row_is_graded: bool) -> None:
        """Delete what this import made for rows that turned out bad: what no item of a good row uses.

        Where every good row leaves a label or a verdict, items without one go too.
        """
        if not self._places:
            return
        keys = {"project": self.project.pk, "job": self.job.pk}
        if every_row_is_graded:
            self.cursor.execute(
                "DELETE FROM corpus_item i WHERE i.job_id = %(job)s"
                " AND NOT EXISTS (SELECT FROM annotate_label l WHERE l.item_id = i.id)"
                " AND NOT EXISTS (SELECT FROM judges_verdict v JOIN judges_run r ON r.id = v.run_id"
                " WHERE r.job_id = %(job)s AND v.item_id = i.id)",
                keys,
            )
            self.counts["items"] -= self.cursor.rowcount
        for table, column, rivals in (("candidate", "candidate_id", True), ("query", "query_id", False)):
            self.cursor.execute(
                f"DELETE FROM corpus_{table} t WHERE t.project_id = %(project)s AND t.job_id = %(job)s"
                f" AND NOT EXISTS (SELECT FROM corpus_item i WHERE i.{column} = t.id)"
                + (" AND NOT EXISTS (SELECT FROM corpus_item i WHERE i.rival_id = t.id)" if rivals else ""),
                keys,
            )
            self.counts["queries" if table == "query" else "candidates"] -= self.cursor.rowcount

    # Queries: few and shared by many rows, so they are kept in memory

    def store_queries(self, rows: Sequence[tuple[int, str, str, str]]) -> list[int | None]:
        """Keys of (line, id, text, need) rows; texts and needs that were missing are filled in."""
        known = self._queries
        if len(known) > CACHED_QUERIES:
            known.clear()
        unknown = {row[1] for row in rows} - known.keys()
        if unknown:
            self._load_queries(unknown)
            self._insert_queries([row for row in rows if row[1] in unknown])
        placed: list[int | None] = []
        fills: dict[str, StoredQuery] = {}
        for line, external_id, text, need in rows:
            stored = known[external_id]
            if (text and text != stored.text) or (need and need != stored.need):
                if (text and stored.text and text != stored.text) or (
                    need and stored.need and need != stored.need
                ):
                    column = "query" if text and stored.text and text != stored.text else "need"
                    theirs = stored.text if column == "query" else stored.need
                    self.bad.add(
                        line,
                        column,
                        f"Query “{external_id}” is already known with another {column}:"
                        f" “{_short(theirs)}”. Give the changed text an id of its own.",
                    )
                    placed.append(None)
                    continue
                stored = StoredQuery(stored.pk, stored.text or text, stored.need or need)
                known[external_id] = stored
                fills[external_id] = stored
            placed.append(stored.pk)
        if fills:
            self.counts["texts"] += len(fills)
            self.cursor.execute(
                "UPDATE corpus_query q SET text = f.text, need = f.need,"
                " text_job_id = CASE WHEN q.text = f.text THEN q.text_job_id ELSE %s END,"
                " need_job_id = CASE WHEN q.need = f.need THEN q.need_job_id ELSE %s END"
                " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS f (id, text, need) WHERE q.id = f.id",
                [
                    self.job.pk,
                    self.job.pk,
                    [stored.pk for stored in fills.values()],
                    [stored.text for stored in fills.values()],
                    [stored.need for stored in fills.values()],
                ],
            )
        return placed

    def _load_queries(self, external_ids: set[str]) -> None:
        self.cursor.execute(
            "SELECT external_id, id, text, need FROM corpus_query"
            " WHERE project_id = %s AND external_id = ANY(%s)",
            [self.project.pk, list(external_ids)],
        )
        for external_id, pk, text, need in self.cursor.fetchall():
            self._queries[external_id] = StoredQuery(pk, text, need)

    def _insert_queries(self, rows: Sequence[tuple[int, str, str, str]]) -> None:
        new: dict[str, tuple[str, str]] = {}
        for _, external_id, text, need in rows:
            if external_id not in self._queries:
                new.setdefault(external_id, (text, need))
        if not new:
            return
        pks = reserve_ids(self.cursor, "corpus_query", len(new))
        prefix = f"{self.project.pk}\t{self.job.pk}\t"
        copy_lines(
            self.cursor,
            "corpus_query",
            ["project_id", "job_id", "id", "external_id", "text", "need"],
            (
                f"{prefix}{pk}\t{escape(external_id)}\t{escape(text)}\t{escape(need)}"
                for pk, (external_id, (text, need)) in zip(pks, new.items(), strict=True)
            ),
        )
        for pk, (external_id, (text, need)) in zip(pks, new.items(), strict=True):
            self._queries[external_id] = StoredQuery(pk, text, need)
        self.counts["queries"] += len(new)

    # Candidates: many, each looked up once a chunk

    def store_candidates(
        self, rows: Sequence[tuple[int, str, str, str, dict[str, Any] | None]]
    ) -> list[tuple[int, bool] | None]:
        """(key, is new) of (line, id, title, text, metadata) rows; None where a title or text contradicts.

        Title, text and metadata come together, once: a candidate known by its id alone has none of them.
        """
        first: dict[str, int] = {}  # the first row of an id that has its title or text
        doubtful: set[str] = set()
        for index, (_, external_id, title, text, _) in enumerate(rows):
            before = first.setdefault(external_id, index)
            if before == index or not (text or title):
                continue
            if not (rows[before][3] or rows[before][2]):
                first[external_id] = index
            elif rows[before][3] != text or rows[before][2] != title:
                doubtful.add(external_id)
        self.cursor.execute(
            "SELECT external_id, id, content_hash FROM corpus_candidate"
            " WHERE project_id = %s AND external_id = ANY(%s)",
            [self.project.pk, list(first)],
        )
        keys: dict[str, tuple[int, bool]] = {}
        fills: list[tuple[int, int]] = []
        hashes: dict[str, str] = {}
        for external_id, pk, stored_hash in self.cursor.fetchall():
            _, _, title, text, _ = rows[first[external_id]]
            keys[external_id] = (pk, False)
            if not (text or title):
                continue
            if stored_hash is None:
                fills.append((pk, first[external_id]))
                continue
            hashes[external_id] = stored_hash.hex
            if stored_hash.hex != content_hash(title, text):
                doubtful.add(external_id)
        new = [index for external_id, index in first.items() if external_id not in keys]
        if new:
            for pk, index in zip(self._insert_candidates(rows, new), new, strict=True):
                keys[rows[index][1]] = (pk, True)
        if fills:
            self._fill_candidates(rows, fills)
        spoiled = self._contradictions(rows, doubtful, first, hashes) if doubtful else ()
        return [None if index in spoiled else keys[row[1]] for index, row in enumerate(rows)]

    def _contradictions(
        self, rows: Sequence[tuple], doubtful: set[str], first: dict[str, int], hashes: dict[str, str]
    ) -> set[int]:
        """The rows whose title or text is not the one that their candidate has: bad rows all of them."""
        spoiled = set()
        for index, (line, external_id, title, text, _) in enumerate(rows):
            if external_id not in doubtful or not (text or title):
                continue
            known = rows[first[external_id]]
            right = hashes.get(external_id) or content_hash(known[2], known[3])
            if content_hash(title, text) != right:
                spoiled.add(index)
                where = "in the project" if external_id in hashes else f"in line {known[0]} of this file"
                self.bad.add(
                    line,
                    "candidate",
                    f"Candidate “{external_id}” has another title or text {where}."
                    " Give the changed text an id of its own.",
                )
        return spoiled

    def _insert_candidates(self, rows: Sequence[tuple], new: list[int]) -> list[int]:
        pks = reserve_ids(self.cursor, "corpus_candidate", len(new))
        prefix = f"{self.project.pk}\t{self.job.pk}\t"

        def lines():
            for pk, index in zip(pks, new, strict=True):
                _, external_id, title, text, metadata = rows[index]
                if not (text or title):
                    yield f"{prefix}{pk}\t{escape(external_id)}\t\t\t\\N\t\\N"
                    continue
                yield (
                    f"{prefix}{pk}\t{escape(external_id)}\t{escape(title)}\t{escape(text)}"
                    f"\t{content_hash(title, text)}"
                    f"\t{escape(orjson.dumps(metadata).decode()) if metadata else NULL}"
                )

        copy_lines(
            self.cursor,
            "corpus_candidate",
            ["project_id", "job_id", "id", "external_id", "title", "text", "content_hash", "metadata"],
            lines(),
        )
        self.counts["candidates"] += len(new)
        return pks

    def _fill_candidates(self, rows: Sequence[tuple], fills: list[tuple[int, int]]) -> None:
        self.counts["texts"] += len(fills)
        self.cursor.execute(
            "UPDATE corpus_candidate c SET title = f.title, text = f.text, content_hash = f.hash,"
            " metadata = f.metadata, text_job_id = %s"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::uuid[], %s::jsonb[])"
            " AS f (id, title, text, hash, metadata) WHERE c.id = f.id",
            [
                self.job.pk,
                [pk for pk, _ in fills],
                [rows[index][2] for _, index in fills],
                [rows[index][3] for _, index in fills],
                [content_hash(rows[index][2], rows[index][3]) for _, index in fills],
                [orjson.dumps(rows[index][4]).decode() if rows[index][4] else None for _, index in fills],
            ],
        )

    # Items

    def _store_items(
        self, queries: Sequence[int | None], candidates: Sequence[tuple[int, bool] | None]
    ) -> list[Placed | None]:
        made: dict[tuple[int, int], Placed | None] = {}
        doubtful: list[tuple[int, int]] = []
        for query, candidate in zip(queries, candidates, strict=True):
            if query is None or candidate is None:
                continue
            pair = (query, candidate[0])
            if pair not in made:
                made[pair] = None
                if not candidate[1]:
                    doubtful.append(pair)
        if doubtful:
            self.cursor.execute(
                "SELECT i.query_id, i.candidate_id, i.id FROM corpus_item i"
                " JOIN unnest(%s::bigint[], %s::bigint[]) AS p (query_id, candidate_id)"
                " USING (query_id, candidate_id) WHERE i.rival_id IS NULL",
                [[pair[0] for pair in doubtful], [pair[1] for pair in doubtful]],
            )
            for query, candidate, item in self.cursor.fetchall():
                made[query, candidate] = Placed(item, query, False)
        new = [pair for pair, placed in made.items() if placed is None]
        if new:
            pks = reserve_ids(self.cursor, "corpus_item", len(new))
            suffix = f"\t{self.job.pk}"
            copy_lines(
                self.cursor,
                "corpus_item",
                ["id", "query_id", "candidate_id", "job_id"],
                (
                    f"{pk}\t{query}\t{candidate}{suffix}"
                    for pk, (query, candidate) in zip(pks, new, strict=True)
                ),
            )
            for pk, pair in zip(pks, new, strict=True):
                made[pair] = Placed(pk, pair[0], True)
            self.counts["items"] += len(new)
        return [
            None if query is None or candidate is None else made[query, candidate[0]]
            for query, candidate in zip(queries, candidates, strict=True)
        ]


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
