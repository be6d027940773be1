"""The published figures of nine models under three prompts, from the raw files."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from measures.counts import Ungraded, count_array
from measures.summary import Agreement, Evidence, summarise_judges

COLUMNS = {  # theirs: ours
    "kappa4": "kappa",
    "kappa4_quadratic": "kappa_quadratic",
    "kappa_binary": "kappa_binary",
    "alpha_ordinal": "alpha_ordinal",
    "mae": "mae",
    "accuracy_binary": "accuracy_binary",
}


def _judged_column(text: str) -> int:
    """0–3 for text that is such a number ("3.0" is 3), otherwise the column of failures."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    return int(number) if number in (0, 1, 2, 3) else Ungraded.FAILED.column(n_grades=4)


@pytest.fixture(scope="module")
def agreements(dl21: Path) -> dict[tuple[str, str], Agreement]:
    with (dl21 / "pairs.jsonl").open(encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    reference = {(pair["query_id"], pair["candidate_id"]): int(pair["human_grade"]) for pair in pairs}
    query_position = {
        query: position for position, query in enumerate(sorted({query for query, _ in reference}))
    }
    rows: dict[tuple[str, str], list[tuple[int, int, int, int]]] = {}
    with gzip.open(dl21 / "verdicts.csv.gz", "rt", encoding="utf-8", newline="") as lines:
        for verdict in csv.DictReader(lines):
            grade = reference[verdict["query_id"], verdict["candidate_id"]]
            row = (query_position[verdict["query_id"]], grade, _judged_column(verdict["grade"]), 1)
            rows.setdefault((verdict["judge"], verdict["prompt"]), []).append(row)
    judges = [Evidence(count_array(of, n_queries=len(query_position), n_grades=4)) for of in rows.values()]
    found = summarise_judges(judges, values=range(4), cut=2, replicates=1_000)
    return dict(zip(rows, found, strict=True))


def test_all_27_published_rows_come_out_to_four_decimals(dl21, agreements):
    with (dl21 / "agreement_expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert len(expected) == len(agreements) == 27
    for row in expected:
        agreement = agreements[row["judge"], row["prompt"]]
        assert (agreement.n, agreement.n_graded) == (int(row["n"]), int(row["n_graded"]))
        for theirs, ours in COLUMNS.items():
            assert f"{getattr(agreement, ours).value:.4f}" == row[theirs], (row["judge"], row["prompt"], ours)


def test_every_figure_lies_in_an_interval_of_sensible_width(agreements):
    for agreement in agreements.values():
        for name in COLUMNS.values():
            estimate = getattr(agreement, name)
            assert estimate.low < estimate.value < estimate.high
            assert estimate.high - estimate.low < 0.4
