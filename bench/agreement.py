"""Agreement of one judge with people on every item of the bench project, 10,000 replicates over queries.

The baseline is the bare join that no report can do without: verdicts with references, counted.
"""

import json
import subprocess
import sys

from bench.house import ROOT, House
from bench.importing import PROJECT

BARE = """
SELECT f.query_id, f.grade, v.grade, count(*) FROM judges_verdict v
JOIN corpus_reference f ON f.item_id = v.item_id WHERE v.run_id = %s GROUP BY 1, 2, 3"""

INSIDE = """
import json, time
import django
django.setup()
from django.db import connection
from corpus.models import Project
from reports.agreement import make_figures
from reports.counts import count_verdicts
from reports.runs import complete_runs
from reports.scope import scope_of
project = Project.objects.get(slug="bench")
scope = scope_of(project)
judges = complete_runs(project)
whole, counting, bare = [], [], []
for _ in range(3):
    began = time.monotonic()
    figures = make_figures(judges, scope=scope)
    whole.append(time.monotonic() - began)
    began = time.monotonic()
    count_verdicts(judges, values=scope.values)
    counting.append(time.monotonic() - began)
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(BARE, [judges[0].ids[0]])
        cursor.fetchall()
    bare.append(time.monotonic() - began)
(made,) = figures.values()
print(json.dumps({
    "whole": min(whole), "counting": min(counting), "bare": min(bare), "n": made.agreement.n_graded,
    "replicates": scope.replicates,
}))
"""


def measure(house: House, n_rows: int) -> None:
    _judge_everything(house)
    program = INSIDE.replace("BARE", repr(BARE))
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=house.environment | house.secrets | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures = json.loads(ran.stdout)
    assert figures["n"] == n_rows, figures
    statistics = figures["whole"] - figures["counting"]
    print(f"  agreement with {figures['replicates']:,} replicates: {figures['whole']:.2f} s (goal < 2)")
    print(
        f"  of which counting in SQL {figures['counting']:.2f} s, statistics {statistics:.2f} s (goal < 0.7)"
    )
    print(
        f"  the bare join, counted: {figures['bare']:.2f} s; ratio {figures['bare'] / figures['whole']:.2f}"
    )
    command = house.manage("agreement", PROJECT, "--json")
    print(f"  the whole command, cold: {command.seconds:.1f} s")


def _judge_everything(house: House) -> None:
    """An imported judge whose grades are off by one for a quarter of the items, seeded by the item's key."""
    verdicts = house.work / "verdicts.jsonl"
    row = {
        "judge": "simulated",
        "prompt": "bench",
        "query_id": "q000000",
        "candidate_id": "doc-000000000",
        "grade": "0",
    }
    verdicts.write_text(json.dumps(row) + "\n")
    house.manage("import", PROJECT, str(verdicts), "--as", "verdicts", "--json")
    with house.connect() as connection:
        connection.execute(
            "INSERT INTO judges_verdict (run_id, item_id, outcome, grade)"
            " SELECT r.id, f.item_id, 'graded', CASE WHEN hashint8(f.item_id) % 4 = 0"
            " THEN least(3, f.grade + 1) ELSE f.grade END"
            " FROM corpus_reference f, judges_run r ON CONFLICT DO NOTHING"
        )
        connection.execute("VACUUM ANALYZE judges_verdict")
