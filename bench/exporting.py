"""Export of the long form as CSV, against COPY of the same join with nothing guarded, counted or hashed."""

import json
import time

from bench.house import House
from bench.importing import PROJECT

JOIN = """
COPY (SELECT q.external_id, q.text, q.need, c.external_id, c.title, c.text, 'person', r.name, NULL, NULL,
 NULL, NULL, NULL, NULL, CASE WHEN l.cannot_judge THEN 'abstained' ELSE 'graded' END, l.grade, NULL, NULL,
 l.rationale, l.created_at
FROM annotate_label l JOIN annotate_rater r ON r.id = l.rater_id
JOIN corpus_item i ON i.id = l.item_id
JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
JOIN corpus_project p ON p.id = r.project_id
WHERE p.slug = 'bench' AND l.superseded_at IS NULL) TO STDOUT (FORMAT csv)"""


def measure(house: House, n_rows: int) -> None:
    out = house.work / "export.csv"
    baseline = min(_bare(house) for _ in range(2))
    runs = [
        house.manage("export", PROJECT, "--as", "csv", "--what", "labels", "--out", str(out), "--json")
        for _ in range(2)
    ]
    result = json.loads(runs[0].stdout)
    assert result["n_rows"] == n_rows, result
    best = min(run.seconds for run in runs)
    small = house.manage("export", PROJECT, "--as", "qrels", "--out", str(out), "--json").peak_mb
    megabytes = result["n_bytes"] / 1e6
    print(f"  export: {n_rows / best:,.0f} rows/s ({best:.1f} s for {megabytes:,.0f} MB, whole command)")
    print(f"  COPY (the same join) TO STDOUT: {baseline:.1f} s")
    print(f"  ratio: {baseline / best:.2f} (goal >= 0.5)")
    print(f"  peak memory: {runs[0].peak_mb:.0f} MB (a qrels export of the same project: {small:.0f} MB)")
    out.unlink()


def _bare(house: House) -> float:
    target = house.work / "bare.csv"
    began = time.monotonic()
    with house.connect() as connection, target.open("wb") as file, connection.cursor().copy(JOIN) as copy:
        for block in copy:
            file.write(block)
    seconds = time.monotonic() - began
    target.unlink()
    return seconds
