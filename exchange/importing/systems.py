"""Systems' run files: hits, ranked by score when the whole file is in."""

from collections.abc import Iterator, Sequence

import numpy as np
from django.db import connection

from corpus.models import System
from exchange.formats.rows import HitRow
from exchange.importing.copying import copy_lines, escape
from exchange.importing.stores import Store


class SystemStore(Store):
    """Hits of one or several systems; a system already imported is refused, so that ranks stay one file's.

    The rank column of a file is never believed: hits are ordered by score in single precision, ties by
    candidate id byte by byte, both descending, as trec_eval does it (trec_eval 9, form_res_rels.c).
    """

    def __init__(self, cursor, **collaborators) -> None:
        super().__init__(cursor, **collaborators)
        self.project = collaborators["project"]
        self.job = collaborators["job"]
        self._systems: dict[str, int] = {}
        self._new: list[int] = []
        self._n_hits = 0
        cursor.execute(
            "CREATE TEMPORARY TABLE incoming_hit (line bigint, system_id bigint, query_id bigint,"
            ' candidate_id bigint, external_id text COLLATE "C", score double precision,'
            " single double precision) ON COMMIT DROP"
        )

    def take(self, rows: Sequence[HitRow]) -> None:
        rows = [row for row in rows if self.fits(row.line, system=row.system)]
        systems = [self._system(row) for row in rows]
        queries = self.collection.store_queries([(row.line, row.query_id, "", "") for row in rows])
        candidates = self.collection.store_candidates(
            [(row.line, row.candidate_id, "", "", None) for row in rows]
        )
        copy_lines(
            self.cursor,
            "incoming_hit",
            ["line", "system_id", "query_id", "candidate_id", "external_id", "score", "single"],
            (
                f"{row.line}\t{system}\t{query}\t{candidate[0]}\t{escape(row.candidate_id)}"
                f"\t{row.score!r}\t{single!r}"
                for row, system, query, candidate, single in zip(
                    rows, systems, queries, candidates, _in_single_precision(rows), strict=True
                )
            ),
        )

    def _system(self, row: HitRow) -> int:
        pk = self._systems.get(row.system)
        if pk is None:
            system, made = System.objects.get_or_create(
                project=self.project, name=row.system, defaults={"job": self.job}
            )
            pk = self._systems[row.system] = system.pk
            if made:
                self._new.append(pk)
        return pk

    def finish(self) -> None:
        super().finish()
        self.cursor.execute("ANALYZE incoming_hit")
        for line, external_id in self._read(
            "SELECT line, external_id FROM (SELECT line, external_id,"
            " row_number() OVER (PARTITION BY system_id, query_id, candidate_id ORDER BY line) AS n"
            " FROM incoming_hit) hits WHERE n > 1 ORDER BY line",
            [],
        ):
            self.bad.add(line, "candidate_id", f"“{external_id}” is there twice for this query and system.")
        for line, name in self._read(
            "SELECT i.line, s.name FROM incoming_hit i JOIN corpus_system s ON s.id = i.system_id"
            " LEFT JOIN corpus_hit h USING (system_id, query_id, candidate_id)"
            " WHERE NOT i.system_id = ANY(%s) AND h.score IS DISTINCT FROM i.score ORDER BY line",
            [self._new],
        ):
            self.bad.add(
                line,
                "system",
                f"System “{name}” is already stored with other hits. Give this file's system another tag,"
                " or undo the earlier import.",
            )
        self.cursor.execute(
            "WITH ranked AS (SELECT DISTINCT ON (system_id, query_id, candidate_id) * FROM incoming_hit"
            " WHERE system_id = ANY(%s) ORDER BY system_id, query_id, candidate_id, line)"
            " INSERT INTO corpus_hit (system_id, query_id, candidate_id, score, rank)"
            " SELECT system_id, query_id, candidate_id, score, row_number() OVER"
            " (PARTITION BY system_id, query_id ORDER BY single DESC, external_id DESC) FROM ranked",
            [self._new],
        )
        self._n_hits = self.cursor.rowcount

    def _read(self, statement: str, params: list) -> Iterator[tuple]:
        """The rows of a statement as a stream: there may be as many as hits."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(statement, params)
            yield from cursor

    def counts(self) -> dict[str, int]:
        return super().counts() | {"systems": len(self._new), "hits": self._n_hits}


def _in_single_precision(rows: Sequence[HitRow]) -> list[float]:
    """The scores as trec_eval compares them (C's float), what is too big for it as infinite."""
    with np.errstate(over="ignore", under="ignore"):
        return np.array([row.score for row in rows], dtype=np.float64).astype(np.float32).tolist()
