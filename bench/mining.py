"""Mining: a pool of 50 for 2,000 queries over 200,000 candidates, against sentence-transformers with FAISS.

Both sides get the same clustered vectors from a stand-in model and run in a process each; memory is that of
the process and, for Concord, of PostgreSQL beside it. Then the index against an exact search, and a rule with
its sampling and counts over half a million scored pairs.
"""

import json
import sys

from bench.house import ROOT, House
from bench.memory import run_watched
from bench.mining_data import N_QUERIES, Collection, make
from config.embedded.cluster import data_folder
from config.embedded.paths import Folders

PROJECT = "mining"
PER_QUERY = 250  # of the scored pool

SET_UP = """
import django
django.setup()
from corpus.services import create_project
create_project("Mining", slug="mining")
"""
TEXTS = {
    "candidates": (
        "INSERT INTO corpus_candidate (project_id, external_id, title, text, content_hash)"
        " SELECT %s, split_part(line, ' ', 1), '', line, md5(line)::uuid FROM lines"
        " ORDER BY split_part(line, ' ', 1)::int"
    ),
    "queries": (
        "INSERT INTO corpus_query (project_id, external_id, text, need)"
        " SELECT %s, split_part(line, ' ', 1), line, '' FROM lines ORDER BY split_part(line, ' ', 1)::int"
    ),
}
POSITIVES = """
    INSERT INTO corpus_item (query_id, candidate_id)
    SELECT query.id, candidate.id FROM corpus_query query JOIN corpus_candidate candidate
    USING (project_id, external_id) WHERE project_id = %s"""
REFERENCES = """
    INSERT INTO corpus_reference (item_id, query_id, grade)
    SELECT item.id, item.query_id, 3 FROM corpus_item item JOIN corpus_query query ON query.id = item.query_id
    WHERE query.project_id = %s"""
SCORED = """
import django
django.setup()
from django.utils import timezone
from corpus.models import ItemSet, Job, Project
from judges.models import Judge, Run
from mining.models import Pool
from mining.pool_settings import PoolSettings
project = Project.objects.get(slug="mining")
items = ItemSet.objects.create(project=project, name="Scored")
judge = Judge.objects.create(project=project, name="scorer", rubric=project.rubric)
job = Job.objects.create(project=project, kind="mine", state="done")
Pool.objects.create(
    project=project, name="scored", job=job, item_set=items, settings=PoolSettings().as_json(),
    miners=[{"kind": "bm25", "name": "BM25"}], frozen_at=timezone.now(),
)
job = Job.objects.create(project=project, kind="judge", state="done", finished_at=timezone.now())
Run.objects.create(judge=judge, item_set=items, job=job)
"""
ITEMS = """
    INSERT INTO corpus_item (query_id, candidate_id)
    SELECT query.id, candidate.id FROM corpus_query query
    CROSS JOIN generate_series(0, %(per_query)s - 1) AS place
    JOIN corpus_candidate candidate ON candidate.project_id = query.project_id
         AND candidate.external_id = ((query.external_id::int + 2000 * (place %% 100) + place / 100)
                                      %% 200000)::text
    WHERE query.project_id = %(project)s ON CONFLICT DO NOTHING"""
ENTRIES = """
    INSERT INTO mining_poolentry (pool_id, query_id, candidate_id, item_id, kind, miner, rank)
    SELECT pool.id, item.query_id, item.candidate_id, item.id,
           CASE WHEN reference.item_id IS NULL THEN 'pooled' ELSE 'positive' END, 0, 1
    FROM mining_pool pool JOIN corpus_query query ON query.project_id = pool.project_id
    JOIN corpus_item item ON item.query_id = query.id
    LEFT JOIN corpus_reference reference ON reference.item_id = item.id WHERE pool.name = 'scored'"""
VERDICTS = """
    INSERT INTO judges_verdict (run_id, item_id, outcome, score, label_mass)
    SELECT run.id, entry.item_id, 'scored', (hashint8(entry.item_id) & 65535) / 65536.0, 1
    FROM mining_poolentry entry JOIN mining_pool pool ON pool.id = entry.pool_id
    JOIN judges_run run ON run.item_set_id = pool.item_set_id WHERE pool.name = 'scored'"""


def measure(house: House, n_rows: int) -> None:
    collection = make(house.work / "mining")
    fill(house, collection)
    theirs, their_mb = _side(house, collection, "theirs")
    first, first_mb = _side(house, collection, "ours", "first")
    again, again_mb = _side(house, collection, "ours", "again")
    found, _ = _side(house, collection, "recall")
    indexed, indexed_mb = _side(house, collection, "ours", "indexed")
    base = N_QUERIES / theirs["seconds"]
    print(f"  mine_hard_negatives with FAISS: {base:,.0f} queries/s, {their_mb:,.0f} MB at most")
    for name, figures, mb in (
        ("nothing made before", first, first_mb),
        ("vectors kept", again, again_mb),
        ("vectors and index kept", indexed, indexed_mb),
    ):
        speed = N_QUERIES / figures["seconds"]
        phases = ", ".join(f"{each.lower()} {took:.1f} s" for each, took in figures["phases"].items() if each)
        print(f"  a pool, {name}: {speed:,.0f} queries/s, {mb:,.0f} MB at most with PostgreSQL")
        print(f"    ratio {speed / base:.2f} (goal >= 1), memory {mb / their_mb:.2f}; {phases}")
        assert figures["n"] == theirs["n"], (figures, theirs)
    print(
        f"  the index finds {found['recall']:.4f} of the exact nearest 50 (goal >= 0.97),"
        f" {N_QUERIES / found['seconds']:,.0f} queries/s; built in {found['building']:.0f} s"
    )
    score(house)
    found, _ = _side(house, collection, "rules")
    print(
        f"  a rule over {found['n']:,} scored pairs: {found['best']:.2f} to {found['slowest']:.2f} s"
        f" (goal < 1); reading them, once: {found['reading']:.2f} s"
    )


def fill(house: House, collection: Collection) -> None:
    """The project with its texts, and one positive of each query."""
    _program(house, SET_UP)
    with house.connect() as connection:
        (project,) = connection.execute("SELECT id FROM corpus_project WHERE slug = %s", [PROJECT]).fetchone()  # type: ignore[misc]
        for kind, statement in TEXTS.items():
            connection.execute("CREATE TEMPORARY TABLE lines (line text)")
            with connection.cursor().copy("COPY lines FROM STDIN") as copy:
                for text in collection.texts(kind):
                    copy.write_row((text,))
            connection.execute(statement, [project])
            connection.execute("DROP TABLE lines")
        connection.execute(POSITIVES, [project])
        connection.execute(REFERENCES, [project])
        connection.execute("VACUUM ANALYZE")


def score(house: House) -> None:
    """Half a million pairs with a verdict each, as a pool of their own."""
    _program(house, SCORED)
    with house.connect() as connection:
        (project,) = connection.execute("SELECT id FROM corpus_project WHERE slug = %s", [PROJECT]).fetchone()  # type: ignore[misc]
        connection.execute(ITEMS, {"project": project, "per_query": PER_QUERY})
        connection.execute(ENTRIES)
        connection.execute(VERDICTS)
        connection.execute("VACUUM ANALYZE")


def _side(house: House, collection: Collection, *arguments: str) -> tuple[dict, float]:
    """One side in a process of its own: its figures, and its peak in MB, PostgreSQL's with it for ours."""
    data = data_folder(Folders(house.var))
    postgres = [] if arguments[0] == "theirs" else [int((data / "postmaster.pid").read_text().split()[0])]
    printed, peak = run_watched(
        [sys.executable, "-m", "bench.mining_sides", str(collection.folder), *arguments],
        beside=postgres, env=house.environment | house.secrets, cwd=ROOT,
    )  # fmt: skip
    return json.loads(printed.splitlines()[-1]), peak


def _program(house: House, program: str) -> None:
    run_watched(
        [sys.executable, "-c", program],
        env=house.environment | house.secrets | {"DJANGO_SETTINGS_MODULE": "config.settings"}, cwd=ROOT,
    )  # fmt: skip
