"""A release of the whole project, against COPY of the same join with nothing sorted, split, packed or hashed.

The table holds people's references with the scores of a judge beside them. The goal is held by the release
that has the table as Parquet and qrels, with its agreement, card and checksums. What formats cost that write
every text again is told beside it: triplets are more than the rows, four for each positive.
"""

import json
import time

from bench.house import Ended, House
from bench.importing import PROJECT

JUDGE = "scorer"
FORMATS = ("qrels",)
MORE = (("jsonl",), ("qrels", "triplet"))
FIRST = {"query_id": "q000000", "candidate_id": "doc-000000000", "grade": 0}
VERDICTS = """
INSERT INTO judges_verdict (run_id, item_id, outcome, grade, score, raw)
SELECT run.id, i.id, 'graded', abs(hashint8(i.id)) % 4, (abs(hashint8(i.id)) % 1000) / 1000.0, ''
FROM judges_run run JOIN judges_judge j ON j.id = run.judge_id, corpus_item i
JOIN corpus_query q ON q.id = i.query_id JOIN corpus_project p ON p.id = q.project_id
WHERE j.name = 'scorer' AND p.slug = 'bench' ON CONFLICT DO NOTHING"""
JOIN = """
COPY (SELECT q.external_id, q.text, q.need, c.external_id, c.title, c.text, 'train',
 CASE WHEN f.grade >= 2 THEN 'positive' ELSE 'hard_negative' END, f.grade, v.score, NULL, '', NULL,
 'scorer', '', 'rule', 'people', ''
FROM corpus_query q JOIN corpus_project p ON p.id = q.project_id JOIN corpus_item i ON i.query_id = q.id
JOIN corpus_candidate c ON c.id = i.candidate_id JOIN corpus_reference f ON f.item_id = i.id
LEFT JOIN judges_verdict v ON v.item_id = i.id
 AND v.run_id = (SELECT run.id FROM judges_run run JOIN judges_judge j ON j.id = run.judge_id
 WHERE j.name = 'scorer')
WHERE p.slug = 'bench') TO STDOUT"""


def measure(house: House, n_rows: int) -> None:
    judge_all(house)
    baseline = min(_bare(house) for _ in range(2))
    print(f"  COPY (the same join) TO STDOUT: {n_rows / baseline:,.0f} rows/s ({baseline:.1f} s)", flush=True)
    for formats in (FORMATS, *MORE):
        runs = [_release(house, formats) for _ in range(2)]
        told = [json.loads(run.stdout) for run in runs]
        assert told[0]["n_rows"] == n_rows, told[0]
        best, job = min(run.seconds for run in runs), min(each["seconds"] for each in told)
        goal = " (goal >= 0.5)" if formats is FORMATS else ""
        print(
            f"  release as Parquet, {', '.join(formats)}: {n_rows / best:,.0f} rows/s ({best:.1f} s for"
            f" {told[0]['n_bytes'] / 1e6:,.0f} MB, whole command)"
        )
        print(
            f"  ratio: {baseline / best:.2f}{goal}, of the job without the command's start"
            f" {baseline / job:.2f} ({job:.1f} s); peak memory {runs[0].peak_mb:.0f} MB",
            flush=True,
        )
    rebuilt = house.manage("release", PROJECT, "bench", "--rebuild", "--json")
    assert json.loads(rebuilt.stdout)["same"]
    print(f"  made again byte for byte: {rebuilt.seconds:.1f} s")


def judge_all(house: House) -> None:
    """A judge of the project with a verdict on every item."""
    first = house.work / "verdicts.jsonl"
    first.write_text(json.dumps(FIRST) + "\n")
    house.manage("import", PROJECT, str(first), "--as", "verdicts", "--judge", JUDGE, "--json")
    first.unlink()
    with house.connect() as connection:
        connection.execute(VERDICTS)
        connection.execute("VACUUM ANALYZE judges_verdict")


def _release(house: House, formats: tuple[str, ...]) -> Ended:
    return house.manage(
        "release", PROJECT, "--name", "bench", "--judge", JUDGE, "--format", *formats, "--json"
    )


def _bare(house: House) -> float:
    target = house.work / "bare.copy"
    began = time.monotonic()
    with house.connect() as connection, target.open("wb") as file, connection.cursor().copy(JOIN) as copy:
        for block in copy:
            file.write(block)
    seconds = time.monotonic() - began
    target.unlink()
    return seconds
