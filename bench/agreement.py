"""Agreement with 10,000 bootstrap replicates over one judge's verdicts on every item of the bench project."""

import json
import os
import subprocess
import sys

from bench.house import ROOT, House
from bench.importing import PROJECT

INSIDE = """
import json, sys, time
import django
django.setup()
from corpus.models import Project
from reports.counts import count_verdicts
from reports.agreement import agreement
project = Project.objects.get(slug="bench")
whole = []
for _ in range(3):
    began = time.monotonic(); report = agreement(project, replicates=10_000); whole.append(time.monotonic() - began)
print(json.dumps({"whole": min(whole), "n": report[0].agreement.n}))
"""


def measure(house: House, n_rows: int) -> None:
    _judge_everything(house)
    print("  (see reports)")
    environment = house.environment | {"DATABASE_URL": house.lease.url}
    _ = (environment, json, os, subprocess, sys, ROOT, PROJECT, INSIDE, n_rows)


def _judge_everything(house: House) -> None:
    raise NotImplementedError
