"""Import of pairs with a grade each, against COPY of the very rows it stored.

The baseline starts with ready rows in memory-mapped files (no parsing, no checks, no ids to find) and
copies them into the same tables with the same keys and indexes, in one transaction: once as PostgreSQL does
it, checking every foreign key again, and once without those checks, as the importer writes.
"""

import json
import random
import time
from pathlib import Path

import psycopg

from bench.house import House

TABLES = ["corpus_query", "corpus_candidate", "corpus_item", "annotate_label", "corpus_reference"]
PROJECT = "bench"


def write_pairs(path: Path, n_rows: int, *, per_query: int = 1000) -> None:
    """JSON lines: so many candidates per query, texts of 300–600 characters, a grade each; seeded."""
    chance = random.Random(7)
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 11))) for _ in range(5000)
    ]
    passages = [" ".join(chance.choices(words, k=200)) for _ in range(500)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(n_rows):
            query = number // per_query
            passage = chance.choice(passages)
            start = chance.randint(0, 400)
            text = f"{number} {passage[start : start + chance.randint(290, 590)]}"
            row = {
                "query_id": f"q{query:06d}",
                "query": f"what is known about subject number {query} and its neighbours",
                "candidate_id": f"doc-{number * 7919 % n_rows:09d}",
                "candidate": text,
                "human_grade": chance.choice((0, 0, 0, 1, 1, 2, 3)),
            }
            file.write(json.dumps(row) + "\n")


def measure(house: House, n_rows: int) -> None:
    pairs = house.work / "pairs.jsonl"
    write_pairs(pairs, n_rows)
    size = pairs.stat().st_size / 1e6
    ended = house.manage("import", PROJECT, str(pairs), "--json")
    stored = json.loads(ended.stdout)
    assert stored["counts"]["labels"] == n_rows, stored
    checked, unchecked = _baseline(house)
    seconds = ended.seconds
    print(f"  import: {n_rows / seconds:,.0f} rows/s ({seconds:.1f} s for {size:,.0f} MB, whole command)")
    print(f"  peak memory of the command: {ended.peak_mb:.0f} MB (goal < 400)")
    print(f"  COPY of the ready rows: {checked:.1f} s with foreign-key checks, {unchecked:.1f} s without")
    print(f"  ratio to COPY: {checked / seconds:.2f} (goal >= 0.4)")
    print(f"  ratio to COPY without foreign-key checks: {unchecked / seconds:.2f}")
    pairs.unlink()


def _baseline(house: House) -> tuple[float, float]:
    files = {}
    with house.connect() as connection:
        for table in TABLES:
            files[table] = house.work / f"{table}.copy"
            with files[table].open("wb") as file, connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
                for block in copy:
                    file.write(block)
    seconds = []
    for role in ("origin", "replica"):
        name = f"baseline_{role}"
        with house.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = house.lease.url.replace("/concord?", f"/{name}?") if "/concord?" in house.lease.url else ""
        url = url or house.lease.url.rsplit("/", 1)[0] + f"/{name}"
        house.manage("migrate", "-v0", database_url=url)
        seconds.append(_copy_in(house, url, files, role))
        with house.connect() as connection:
            connection.execute(f"DROP DATABASE {name}")
    for file in files.values():
        file.unlink()
    return seconds[0], seconds[1]


def _copy_in(house: House, url: str, files: dict[str, Path], role: str) -> float:
    parents = ["corpus_user", "corpus_project", "corpus_job", "corpus_rubric", "annotate_rater"]
    with house.connect() as source, psycopg.connect(url) as target:
        for table in parents:
            with (
                source.cursor().copy(f"COPY {table} TO STDOUT") as out,
                target.cursor().copy(f"COPY {table} FROM STDIN") as into,
            ):
                for block in out:
                    into.write(block)
        target.commit()
        began = time.monotonic()
        target.execute(f"SET LOCAL session_replication_role = {role}")
        for table in TABLES:
            with files[table].open("rb") as file, target.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                while block := file.read(1024 * 1024):
                    copy.write(block)
        target.commit()
        return time.monotonic() - began
