"""The first rows of each format before a release is made, from the project's first queries."""

from itertools import islice
from tempfile import TemporaryDirectory
from typing import NamedTuple

from django.db import transaction

from corpus.models import Project
from exchange.datasets.outputs import Outputs
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.sources import find_sources
from exchange.datasets.splits import place_queries
from exchange.datasets.table import Row
from exchange.datasets.tables import read_table
from exchange.datasets.writers.base import CannotWrite, Format
from exchange.datasets.writers.formats import FORMATS

FIRST_QUERIES = 100
MOST_QUERIES = 40  # that have rows
MOST_ROWS = 6
MOST_LINES = 2
LONGEST_LINE = 700


class Sample(NamedTuple):
    """The beginning of one format's first file; without lines where these queries give none."""

    format: Format
    path: str
    lines: list[str]
    problem: str = ""


class Preview(NamedTuple):
    """Rows of the long table, and what the formats make of the first queries."""

    rows: list[Row]
    samples: list[Sample]
    n_queries: int  # looked at


def preview(project: Project, plan: Plan) -> Preview:
    """What a release of this plan would begin with. Raises CannotRelease."""
    rows: list[Row] = []
    formats = [FORMATS[name] for name in plan.formats]
    with transaction.atomic(), TemporaryDirectory(prefix="concord-preview-") as folder:
        sources = find_sources(project, plan)
        placed = place_queries(project, plan, first=FIRST_QUERIES)
        tables = {}
        for name in plan.tables:
            reading = read_table(name, sources, placed)
            tables[name] = list(islice(reading, MOST_QUERIES))
            reading.close()
        rows = [row for group in tables["rows"] for row in group][:MOST_ROWS]
        samples = [_sample(each, tables, folder, sources.choices) for each in formats]
    return Preview(rows, samples, placed.n_queries)


def _sample(form: Format, tables: dict, folder: str, choices) -> Sample:
    from pathlib import Path

    home = Path(folder) / form.name
    try:
        with Outputs(home, [form], choices) as outputs:
            for rows in tables[form.reads]:
                outputs.add(form.reads, rows)
    except (CannotWrite, CannotRelease) as problem:
        return Sample(form, "", [], str(problem))
    written = [file for file in outputs.written if file.path not in form.extras]
    if not written:
        return Sample(form, "", [])
    path = next((file.path for file in written if "train" in file.path), written[0].path)
    with (home / path).open(encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in islice(file, MOST_LINES)]
    return Sample(
        form, path, [f"{line[:LONGEST_LINE]} …" if len(line) > LONGEST_LINE else line for line in lines]
    )
