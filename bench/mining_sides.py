"""The two sides of the mining benchmark, each a process of its own that prints its figures as JSON.

python -m bench.mining_sides FOLDER ours NAME | theirs | recall | rules
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.mining_data import N_CANDIDATES, N_QUERIES, Collection, StandIn

PROJECT, POOLED = "mining", 50
DEPTH = 60  # a few more than are wanted: the positive and near-duplicates go
JOINED = "SELECT id, external_id::bigint FROM {table} WHERE project_id = %s"


def ours(collection: Collection, name: str) -> dict[str, Any]:
    """A pool by meaning, with nothing made before under the first name."""
    from unittest.mock import patch

    from corpus.models import Project
    from judges.models import Engine
    from mining.models import PoolEntry
    from mining.pool_settings import Dense, PoolSettings
    from mining.pooling import run_pool
    from mining.pools import prepare_pool

    project = Project.objects.get(slug=PROJECT)
    engine, _ = Engine.objects.get_or_create(
        name="stand-in", kind="local", model="stand-in", settings={"embeds": True}
    )
    settings = PoolSettings(bm25=0, random=0, budget=POOLED, dense=Dense(engine.pk, DEPTH))
    pool = prepare_pool(project, name=name, settings=settings, here=True)
    phases: dict[str, float] = {}
    last = [time.monotonic(), "Beginning"]

    def note(job) -> None:
        now = time.monotonic()
        phases[last[1]] = phases.get(last[1], 0) + now - last[0]
        last[:] = [now, job.note.partition(":")[0]]

    began = time.monotonic()
    with patch("mining.pooling.connect_embedder", lambda _: StandIn(collection)):
        ended = run_pool(pool.job_id, on_update=note)
    seconds = time.monotonic() - began
    assert ended is not None
    assert ended.state == "done", ended.error
    n = PoolEntry.objects.filter(pool=pool, kind="pooled").count()
    return {
        "cpu": time.process_time(),
        "seconds": seconds,
        "n": n,
        "phases": {each: took for each, took in phases.items() if took > 0.2},
    }


def theirs(collection: Collection) -> dict[str, Any]:
    """The same by mine_hard_negatives with FAISS; texts lie in memory before the clock starts."""
    from datasets import Dataset
    from sentence_transformers.util import mine_hard_negatives

    queries, corpus = collection.texts("queries"), collection.texts("candidates")
    positives = [corpus[query] for query in range(N_QUERIES)]
    began = time.monotonic()
    found = mine_hard_negatives(
        Dataset.from_dict({"query": queries, "positive": positives}),
        StandIn(collection),  # type: ignore[arg-type]
        corpus=corpus,
        num_negatives=POOLED,
        use_faiss=True,
        output_format="n-tuple",
        verbose=False,
    )
    return {"seconds": time.monotonic() - began, "n": len(found) * POOLED}


def recall(collection: Collection) -> dict[str, Any]:
    """The index built, which a pool of this size does without; what it finds of the exact nearest 50."""
    from types import SimpleNamespace

    from django.db import connection

    from mining import vectors
    from mining.models import Embedding

    embedding = Embedding.objects.get(project__slug=PROJECT)
    with connection.cursor() as cursor:
        cursor.execute(JOINED.format(table="corpus_query"), [embedding.project_id])
        queries = np.array(sorted(cursor.fetchall()))
        cursor.execute(JOINED.format(table="corpus_candidate"), [embedding.project_id])
        number_of = dict(cursor.fetchall())
    began = time.monotonic()
    assert vectors.make_index(embedding, progress=SimpleNamespace(update=lambda **_: None))  # type: ignore[arg-type]
    building = time.monotonic() - began
    began = time.monotonic()
    asked, found, _, _ = vectors.search(embedding, queries[:, 0].tolist(), depth=POOLED)
    seconds = time.monotonic() - began
    all_rows = collection.vectors("candidates", np.arange(N_CANDIDATES))
    exact = np.empty((N_QUERIES, POOLED), dtype=np.int64)
    for start in range(0, N_QUERIES, 250):
        rows = queries[start : start + 250, 1]
        near = collection.vectors("queries", rows) @ all_rows.T
        exact[start : start + rows.size] = np.argpartition(-near, POOLED, axis=1)[:, :POOLED]
    hits = sum(
        number_of[key] in wanted
        for query, wanted in enumerate(map(set, exact.tolist()))
        for key in found[asked == queries[query, 0]].tolist()
    )
    return {"recall": hits / exact.size, "seconds": seconds, "building": building}


def rules(collection: Collection) -> dict[str, Any]:
    """A rule with its sampling and all counts over half a million scored pairs, as a slider asks for it."""
    from judges.models import Run
    from mining.choices import choose, count
    from mining.models import Pool
    from mining.reading import read_pairs
    from mining.rules import Rule
    from mining.sampling import Sampling

    pool = Pool.objects.select_related("project").get(name="scored")
    run = Run.objects.select_related("job").get(item_set=pool.item_set)
    began = time.monotonic()
    found = read_pairs(pool, run)
    reading = time.monotonic() - began
    took = []
    for step in range(10):
        began = time.monotonic()
        rule, sampling = Rule(amount=0.01 * step, band=0.01, gate=0.1), Sampling()
        count(found, choose(found, rule, sampling), k=sampling.k)
        took.append(time.monotonic() - began)
    return {"n": int(found.pairs.queries.size), "reading": reading, "slowest": max(took), "best": min(took)}


def main() -> None:
    folder, side, *names = sys.argv[1:]
    if side != "theirs":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
    figures = {"ours": ours, "theirs": theirs, "recall": recall, "rules": rules}[side](
        Collection(Path(folder)), *names
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
