"""Pages of agreement at a million verdicts of 27 judges: the first time, and out of the cache.

Asked through Django's test client, in one process that has answered another page before, as a web server
has. The baseline is the bare join of verdicts with references, counted by query and grades.
"""

import json
import subprocess
import sys

from bench.house import ROOT, House
from bench.importing import write_pairs

PROJECT = "pages"
N_QUERIES, N_JUDGES, PROMPTS = 1_000, 27, ("basic", "rationale", "utility")

VERDICTS = """
INSERT INTO judges_verdict (run_id, item_id, outcome, grade)
SELECT run.id, reference.item_id, 'graded',
       CASE WHEN (hashint8extended(reference.item_id, run.id) & 1023) < 500 + 15 * run.place
            THEN reference.grade ELSE (hashint8extended(reference.item_id, run.id + 1000) & 3) END
FROM corpus_reference reference JOIN corpus_query query ON query.id = reference.query_id
JOIN (SELECT run.id, row_number() OVER (ORDER BY run.id) AS place FROM judges_run run
      JOIN judges_judge judge ON judge.id = run.judge_id WHERE judge.project_id = %(project)s) run ON true
WHERE query.project_id = %(project)s ON CONFLICT DO NOTHING
"""
BARE = """
SELECT v.run_id, f.query_id, f.grade, v.grade, count(*) FROM judges_verdict v
JOIN corpus_reference f ON f.item_id = v.item_id GROUP BY 1, 2, 3, 4"""

INSIDE = """
import json, time
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from corpus.models import Project, User
from reports import reading
from reports.models import CachedFigures
settings.ALLOWED_HOSTS = ["*"]
settings.STORAGES = settings.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
project = Project.objects.get(slug="pages")
client = Client()
client.force_login(User.objects.create_superuser("bench", password="not-used-by-anyone"))
judge = project.judges.order_by("pk").first()
pages = {
    "scoreboard": reverse("reports:agreement", args=[project.slug]),
    "one judge": reverse("reports:judge-agreement", args=[project.slug, judge.pk]),
    **{name: reverse(f"reports:{view}", args=[project.slug]) for name, view in NAMED.items()},
}
def ask(address):
    began = time.monotonic()
    answer = client.get(address, secure=True)
    took = time.monotonic() - began
    assert answer.status_code == 200, (address, answer.status_code)
    return took
for address in pages.values():
    ask(address)
found = {}
for name, address in pages.items():
    CachedFigures.objects.all().delete()
    reading.kept.forget()
    found[name] = [ask(address), min(ask(address) for _ in range(5))]
began = time.monotonic()
with connection.cursor() as cursor:
    cursor.execute(BARE)
    cursor.fetchall()
print(json.dumps({"pages": found, "bare": time.monotonic() - began}))
"""
NAMED = {
    "judges against each other": "comparison",
    "slices": "slices",
    "disagreements": "disagreements",
    "label budget": "label-budget",
    "people": "people",
}


def measure(house: House, n_rows: int) -> None:
    fill(house, n_rows)
    program = INSIDE.replace("BARE", repr(BARE)).replace("NAMED", repr(NAMED))
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=house.environment | house.secrets | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    figures = json.loads(ran.stdout)
    print(f"  the bare join, counted: {figures['bare']:.2f} s")
    for name, (cold, warm) in figures["pages"].items():
        ratio = cold / figures["bare"]
        print(f"  {name}: first {cold:.2f} s ({ratio:.1f} of the bare join), then {warm * 1000:.0f} ms")


def fill(house: House, n_rows: int) -> None:
    """A project whose 27 judges have about `n_rows` verdicts on items of a thousand queries."""
    per_query = max(1, round(n_rows / N_JUDGES / N_QUERIES))
    pairs, verdicts = house.work / "few.jsonl", house.work / "first.jsonl"
    write_pairs(pairs, N_QUERIES * per_query, per_query=per_query)
    first = json.loads(pairs.open().readline())
    with verdicts.open("w") as file:
        for number in range(N_JUDGES):
            named = {"judge": f"model {number // len(PROMPTS)}", "prompt": PROMPTS[number % len(PROMPTS)]}
            row = named | {name: first[name] for name in ("query_id", "candidate_id")} | {"grade": "1"}
            file.write(json.dumps(row) + "\n")
    house.manage("import", PROJECT, str(pairs), "--json")
    house.manage("import", PROJECT, str(verdicts), "--as", "verdicts", "--json")
    with house.connect() as connection:
        (project,) = connection.execute("SELECT id FROM corpus_project WHERE slug = %s", [PROJECT]).fetchone()  # type: ignore[misc]
        connection.execute(VERDICTS, {"project": project})
        connection.execute("VACUUM ANALYZE judges_verdict")
    pairs.unlink()
