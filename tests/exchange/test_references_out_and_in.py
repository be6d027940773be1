"""The one human grade of each item goes out in the long form and comes back in as the same reference."""

import csv
import io

import pytest

from annotate.services.adjudicating import adjudicate
from corpus.models import Item, Reference
from corpus.services import create_project
from tests.exchange.bringing import export

pytestmark = pytest.mark.django_db(transaction=True)

GRADED = b"query_id,query,candidate_id,candidate,human_grade,rater\n" + b"".join(
    f"q{n % 2},query,c{n},text {n},{n % 4},one\nq{n % 2},query,c{n},text {n},{(n + n % 2) % 4},two\n".encode()
    for n in range(6)
)


def grades_of(project) -> dict:
    found = Reference.objects.filter(query__project=project)
    return dict(found.values_list("item__candidate__external_id", "grade"))


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_references_come_back_as_the_same_references(project, stored, bob, file_format):
    stored(GRADED, name="g.csv", kind="pairs")
    tied, agreed = (Item.objects.get(candidate__external_id=name) for name in ("c1", "c2"))
    adjudicate(tied, project=project, by=bob, grade=3, note="=the source says so")
    adjudicate(agreed, project=project, by=bob, grade=0)
    assert grades_of(project) == {"c0": 0, "c1": 3, "c2": 0, "c4": 0}
    copy = create_project("Copy")
    stored(
        export(project, file_format=file_format, what="references"),
        name=f"e.{file_format}",
        kind="grades",
        into=copy,
    )
    assert grades_of(copy) == grades_of(project)
    assert set(copy.raters.values_list("name", flat=True)) == {"reference", "adjudicated"}


def test_the_file_tells_decisions_from_the_rule(project, stored, bob):
    stored(GRADED, name="g.csv", kind="pairs")
    item = Item.objects.get(candidate__external_id="c1")
    adjudicate(item, project=project, by=bob, grade=3, note="=the source says so")
    rows = list(csv.DictReader(io.StringIO(export(project, what="references").decode())))
    assert {row["candidate_id"]: row["rater"] for row in rows} == {
        "c0": "reference", "c1": "adjudicated", "c2": "reference", "c4": "reference"
    }  # fmt: skip
    assert next(row["rationale"] for row in rows if row["grade"] == "3") == "'=the source says so"
