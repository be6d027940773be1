"""A compliance experiment of 11 judges × 1,000 items × 6 conditions × 3 repeats: its statistics and its page.

The page is asked through Django's test client, in a process that has answered another page before: the first
time (read from the store, 10,000 draws), then out of the cache. The baseline is the bare count of the same
verdicts by run and grade; that of the statistics is statsmodels' GEE of one judge in the same process.
"""

import json
import subprocess
import sys

from bench.house import ROOT, House
from bench.importing import write_pairs

PROJECT = "compliance"
N_JUDGES, N_ITEMS, N_REPEATS = 11, 1_000, 3
CELLS = ("N0", "N1", "B0", "B1", "T0", "T1")

BOUNDARY = """
INSERT INTO corpus_variant (item_id, original_id, carrier, attack, words, "right")
SELECT item.id, item.id, 'boundary', (ARRAY['empty', 'cut', 'garbled'])[1 + item.id %% 3], 0, 'abstain'
FROM corpus_item item JOIN corpus_query query ON query.id = item.query_id
WHERE query.project_id = %(project)s AND item.id %% 5 = 0
"""
VERDICTS = """
INSERT INTO judges_verdict (run_id, item_id, outcome, grade, raw)
SELECT run.id, item.id, CASE WHEN chance.bent AND answer.abstains THEN 'graded'
       WHEN answer.abstains THEN 'abstained' ELSE 'graded' END,
       CASE WHEN answer.abstains AND NOT chance.bent THEN NULL
            WHEN chance.bent THEN (reference.grade + 1) %% 4 ELSE reference.grade END,
       'a reply of some length, as judges give it'
FROM corpus_item item JOIN corpus_query query ON query.id = item.query_id
JOIN corpus_reference reference ON reference.item_id = item.id
LEFT JOIN corpus_variant variant ON variant.item_id = item.id
JOIN (SELECT run.id, condition.cell, run.judge_id %% 3 AS kind FROM judges_run run
      JOIN judges_condition condition ON condition.id = run.condition_id
      JOIN judges_judge judge ON judge.id = run.judge_id WHERE judge.project_id = %(project)s) run ON true
CROSS JOIN LATERAL (SELECT variant.item_id IS NOT NULL AS abstains) answer
CROSS JOIN LATERAL (SELECT (hashint8extended(item.id, run.id) & 1023) < 100
    + CASE WHEN run.kind = 0 AND run.cell LIKE '%%1' THEN 200 ELSE 0 END AS bent) chance
WHERE query.project_id = %(project)s
"""
BARE = """SELECT run_id, outcome, grade, count(*) FROM judges_verdict GROUP BY 1, 2, 3"""

SET_UP = """
import django
django.setup()
from django.utils import timezone
from corpus.models import ItemSet, Job, Project
from judges.models import Condition, Experiment, Judge, Run
project = Project.objects.get(slug="PROJECT")
items = ItemSet.objects.create(project=project, name="Under pressure", n_items=N_ITEMS)
experiment = Experiment.objects.create(
    project=project, name="Under pressure", kind="compliance", item_set=items, started_at=timezone.now()
)
conditions = [Condition.objects.create(project=project, name=cell, cell=cell) for cell in CELLS]
for number in range(N_JUDGES):
    judge = Judge.objects.create(project=project, name=f"model {number}", rubric=project.rubric)
    for condition in conditions:
        for repeat in range(1, N_REPEATS + 1):
            job = Job.objects.create(
                project=project, kind="judge", state="done", finished_at=timezone.now()
            )
            Run.objects.create(
                judge=judge, condition=condition, experiment=experiment, repeat=repeat, job=job,
                item_set=items, n_items=N_ITEMS,
            )
"""
ASK = """
import json, time
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from corpus.models import Project, User
from judges.models import Experiment, Verdict
from reports.compliance.report import measure
from reports.compliance.reading import read_answers
from reports.compliance.runs import experiment_runs
from reports.models import CachedFigures
settings.ALLOWED_HOSTS = ["*"]
settings.STORAGES = settings.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
project = Project.objects.get(slug="PROJECT")
experiment = Experiment.objects.get(project=project)
client = Client()
client.force_login(User.objects.create_superuser("bench", password="not-used-by-anyone"))
addresses = {
    "the list": reverse("reports:compliance", args=[project.slug]),
    "the dashboard": reverse("reports:compliance-experiment", args=[project.slug, experiment.pk]),
    "the items of a cell": reverse("reports:compliance-items", args=[project.slug, experiment.pk]),
}
def ask(address):
    began = time.monotonic()
    answer = client.get(address, secure=True)
    took = time.monotonic() - began
    assert answer.status_code == 200, (address, answer.status_code)
    return took
for address in addresses.values():
    ask(address)
found = {}
for name, address in addresses.items():
    CachedFigures.objects.all().delete()
    found[name] = [ask(address), min(ask(address) for _ in range(5))]
judges = experiment_runs(experiment)
began = time.monotonic()
answers = read_answers(judges, values=project.rubric.values)
reading = time.monotonic() - began
began = time.monotonic()
report = measure(answers, judges, values=project.rubric.values, within=0, unreadable="wrong")
statistics = time.monotonic() - began
began = time.monotonic()
with connection.cursor() as cursor:
    cursor.execute(BARE)
    cursor.fetchall()
bare = time.monotonic() - began
print(json.dumps({
    "pages": found, "bare": bare, "reading": reading, "statistics": statistics,
    "n": Verdict.objects.count(), "collapsed": sum(
        report.conclusion_of(place) == "collapsed" for place in range(len(report.judges))
    ),
}))
"""


def measure(house: House, n_rows: int) -> None:
    fill(house)
    figures = json.loads(_inside(house, ASK.replace("BARE", repr(BARE))))
    assert figures["n"] == N_JUDGES * N_ITEMS * len(CELLS) * N_REPEATS, figures
    print(f"  {figures['n']:,} verdicts; {figures['collapsed']} of {N_JUDGES} judges collapse")
    print(f"  statistics, 10,000 draws: {figures['statistics']:.2f} s (goal < 10, better < 3)")
    print(f"  reading them: {figures['reading']:.2f} s; the bare count: {figures['bare']:.2f} s")
    for name, (cold, warm) in figures["pages"].items():
        ratio = cold / figures["bare"]
        print(f"  {name}: first {cold:.2f} s ({ratio:.1f} of the bare count), then {warm * 1000:.0f} ms")


def fill(house: House) -> None:
    """The project with its items, every fifth of which cannot be judged, and all runs of the experiment."""
    pairs = house.work / "compliance.jsonl"
    write_pairs(pairs, N_ITEMS, per_query=10)
    house.manage("import", PROJECT, str(pairs), "--json")
    pairs.unlink()
    _inside(house, SET_UP.replace("CELLS", repr(CELLS)).replace("N_JUDGES", str(N_JUDGES))
            .replace("N_REPEATS", str(N_REPEATS)).replace("N_ITEMS", str(N_ITEMS)))  # fmt: skip
    with house.connect() as connection:
        (project,) = connection.execute("SELECT id FROM corpus_project WHERE slug = %s", [PROJECT]).fetchone()  # type: ignore[misc]
        connection.execute(BOUNDARY, {"project": project})
        connection.execute(VERDICTS, {"project": project})
        connection.execute("VACUUM ANALYZE judges_verdict")


def _inside(house: House, program: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", program.replace("PROJECT", PROJECT)],
        env=house.environment | house.secrets | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return ran.stdout
