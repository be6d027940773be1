"""Files that look a little like a labelling tool's, and names that its files cannot tell apart."""

import json

import pytest

from corpus.models import Rubric
from exchange.formats.rows import FileProblem
from exchange.formats.sniffing import sniff
from exchange.tools.names import control_names

GRADED = {"query": "q1", "docid": "d1", "relevance": 2}
CHOICE = {"from_name": "grade", "type": ["choices"], "value": {"choices": ["2"]}}


@pytest.fixture
def kind(tmp_path):
    """What kind a file of this content and name is taken for."""

    def taken(content: str, name: str) -> str | None:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return sniff(path).kind

    return taken


def test_one_column_of_grades_makes_no_book_of_quepid(kind):
    assert kind("query,docid,relevance\nq1,d1,2\n", "a.csv") == "qrels"
    assert kind(json.dumps(GRADED) + "\n", "a.jsonl") == "qrels"
    assert kind(json.dumps([GRADED]), "a.json") == "qrels"
    assert kind("query,docid,ann,ben\nsoil carbon,d1,2,1\n", "a.csv") == "quepid"


def test_a_number_without_end_is_a_sentence(kind):
    with pytest.raises(FileProblem, match="begins as a JSON list, but"):
        kind("[" + "1" * 5_000 + "]", "a.json")


def test_half_a_letter_in_a_name_is_left_alone(kind):
    with pytest.raises(FileProblem):
        kind('[{"query": "q", "candidate": "c", "x\\ud800": 1}]', "a.json")


def test_a_result_of_no_known_type_is_left(kind):
    record = {"id": 1, "data": {"query": "q", "candidate": "c"}, "annotations": [{"result": [CHOICE]}]}
    assert kind(json.dumps([record]), "a.json") == "labelstudio"


def test_every_criterion_has_a_name_of_its_own():
    names = ["Clarity", "clarity", "Depth", "Grade", "??"]
    rubric = Rubric(criteria=[{"name": name, "meaning": "", "grades": []} for name in names])
    assert list(control_names(rubric)) == ["clarity", "criterion_2", "depth", "criterion_4", "criterion_5"]
