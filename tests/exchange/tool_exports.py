"""A graded project and its files for labelling tools."""

import csv
import io
import json

import pytest

from corpus.models import Job
from exchange.exporting import beside_path, export_path, prepare_export, run_export
from tests.exchange.bringing import lines
from tests.exchange.tool_files import COVER, DEEP, ROOTS, SALT, SOIL, WOOD

NASTY = "=cmd() <b>&\"'\n\t\\ \u2028 עברית"
PAIRS = [
    {"query_id": "q1", "query": SOIL, "need": "for farms", "candidate_id": "c1", "title": "On soil"}
    | {"candidate": COVER, "human_grade": 3, "rater": "Ann", "url": "https://farm.example"},
    {"query_id": "q1", "query": SOIL, "need": "for farms", "candidate_id": "c2", "candidate": WOOD},
    {"query_id": "q2", "query": ROOTS, "candidate_id": "c3", "candidate": DEEP},
    {"query_id": "q2", "query": ROOTS, "candidate_id": "-c4", "title": NASTY, "candidate": SALT + NASTY},
]
LABELS = [
    {"query_id": "q1", "candidate_id": "c1", "rater": "Ben", "grade": 2, "rationale": NASTY},
    {"query_id": "q1", "candidate_id": "c2", "rater": "Ben", "cannot_judge": True, "rationale": "cut off"},
    {"query_id": "q2", "candidate_id": "c3", "rater": "=Max", "grade": 0},
]
VERDICTS = [
    {"judge": "gpt-4o", "prompt": "umbrela", "query_id": "q1", "candidate_id": "c1", "grade": 2}
    | {"score": 1.75},
    {"judge": "gpt-4o", "prompt": "umbrela", "query_id": "q1", "candidate_id": "c2", "grade": "no idea"},
    {"judge": "tiny", "query_id": "q1", "candidate_id": "c1", "grade": 0, "score": 0.25},
]


@pytest.fixture
def graded(project, stored):
    """Four items: two people on the first, one who could not judge the second, nobody on the last."""
    stored(lines(*PAIRS), name="pairs.jsonl")
    stored(lines(*LABELS), name="labels.jsonl", kind="labels")
    stored(lines(*VERDICTS), name="verdicts.jsonl", kind="verdicts")
    return project


def written(project, tool: str, **choices) -> tuple[str, str]:
    """(the file, the second file) of an export for a tool."""
    job = run_export(prepare_export(project, file_format=tool, **choices).pk)
    assert job.state == Job.State.DONE, job.error
    return export_path(job).read_text(), beside_path(job).read_text()


def from_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.split("\n") if line]


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))
