"""What a release would hold before it is made: its counts, and the first rows of each format."""

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from django.db import transaction

from corpus.models import Project
from exchange.datasets.counting import Counts, count_rows
from exchange.datasets.outputs import Outputs
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.sources import find_sources
from exchange.datasets.splits import place_queries
from exchange.datasets.table import Row
from exchange.datasets.tables import read_table
from exchange.datasets.writers.base import CannotWrite, Choices, Format
from exchange.datasets.writers.formats import FORMATS

FIRST_QUERIES = 1000
MOST_QUERIES = 40  # that have rows
MOST_ROWS = 6
MOST_LINES = 2
LONGEST_LINE = 500


class Sample(NamedTuple):
    """The beginning of one format's first file; without lines where these queries give none."""

    format: Format
    path: str
    lines: list[str]
    problem: str = ""


class Preview(NamedTuple):
    """Counts of the long table, its first rows, and what the formats make of the first queries."""

    counts: Counts
    rows: list[Row]
    samples: list[Sample]
    n_sampled: int  # queries that the formats were given


def preview(project: Project, plan: Plan) -> Preview:
    """What a release of this plan would hold and begin with. Raises CannotRelease."""
    formats = [FORMATS[name] for name in plan.formats]
    with transaction.atomic(), TemporaryDirectory(prefix="concord-preview-") as folder:
        sources = find_sources(project, plan)
        placed = place_queries(project, plan, first=None if sources.selection else FIRST_QUERIES)
        counts = count_rows(sources, placed)
        tables = {}
        for name in plan.tables:
            reading = read_table(name, sources, placed)
            tables[name] = list(islice(reading, MOST_QUERIES))
            reading.close()
        rows = [row for group in tables["rows"] for row in group][:MOST_ROWS]
        samples = [_sample(each, tables, Path(folder), sources.choices) for each in formats]
    return Preview(counts, rows, samples, len(tables["rows"]))


def _sample(form: Format, tables: dict[str, list[list[Any]]], folder: Path, choices: Choices) -> Sample:
    home = folder / form.name
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
    return Sample(form, path, [_shortened(line) for line in lines])


def _shortened(line: str) -> str:
    return f"{line[:LONGEST_LINE]} …" if len(line) > LONGEST_LINE else line
