"""Each format from rows written by hand: what every line says."""

import hashlib
import json
from collections import Counter
from math import exp

import pytest

from exchange.datasets.soft import margin, probability
from exchange.datasets.table import Group, Marks, Pair, Row
from exchange.datasets.writers.base import CannotWrite, Choices
from exchange.datasets.writers.formats import FORMATS

LOG_ODDS = {"p1": 2.0, "p2": 1.5, "n1": 0.5, "n2": -1.0, "n3": -3.0}


def row(name: str, state: str, grade: int | None, *, split: str = "train", **more) -> Row:
    log_odds = LOG_ODDS.get(name)
    known = {
        "query_id": "q1", "query": "why is the sky blue", "need": "physics", "candidate_id": name,
        "title": "", "candidate": f"text {name}", "split": split, "state": state, "grade": grade,
        "log_odds": log_odds,
        "score": None if log_odds is None else 1 / (1 + exp(-log_odds)), "judge": "j",
    }  # fmt: skip
    return Row(**known | more)


def rows(**more) -> list[Row]:
    return [
        row("p1", "positive", 3, title="Sky", **more),
        row("p2", "relabelled_positive", 2, **more),
        row("n1", "hard_negative", 1, **more),
        row("n2", "random_negative", 0, **more),
        row("n3", "hard_negative", 0, **more),
        row("a1", "ambiguous", 1, **more),
        row("u1", "unjudged", None, **more),
    ]


def write(name: str, table=None, **choices) -> tuple[dict[str, list[str]], Counter]:
    """The lines of one query in a format, by file; and what was left out."""
    missed: Counter = Counter()
    form = FORMATS[name]
    lines = form.start(Choices(**choices), missed)
    files: dict[str, list[str]] = {}
    for path, data in lines(Group(table or rows()) if form.reads == "rows" else table):
        files.setdefault(path, []).extend(data.decode().splitlines())
    return files, missed


def objects(name: str, table=None, **choices) -> list[dict]:
    files, _ = write(name, table, **choices)
    assert list(files) == [f"{name}/train.jsonl"]
    return [json.loads(line) for line in files[f"{name}/train.jsonl"]]


def test_negatives_are_the_hard_ones_in_order_and_then_the_random_ones():
    group = Group(rows())
    assert [each.candidate_id for each in group.positives] == ["p1", "p2"]
    assert [each.candidate_id for each in group.negatives] == ["n1", "n3", "n2"]


def test_a_candidate_without_any_text_teaches_nothing():
    group = Group([row("p1", "positive", 3, candidate=""), row("n1", "hard_negative", 0)])
    assert group.positives == []


def test_triplets_pair_every_positive_with_each_negative():
    found = objects("triplet", negatives=2)
    assert [(each["positive"], each["negative"]) for each in found] == [
        ("Sky text p1", "text n1"),
        ("Sky text p1", "text n3"),
        ("text p2", "text n1"),
        ("text p2", "text n3"),
    ]
    assert {each["anchor"] for each in found} == {"why is the sky blue"}


@pytest.mark.parametrize("state", ["ambiguous", "unjudged"])
def test_what_is_not_decided_is_neither_positive_nor_negative(state):
    table = [row("p1", "positive", 3), row("x", state, 0)]
    files, missed = write("triplet", table)
    assert files == {}
    assert missed == {"queries without a negative": 1}


def test_n_tuples_have_one_column_a_negative_and_need_all_of_them():
    assert objects("n-tuple", negatives=3)[0] == {
        "anchor": "why is the sky blue",
        "positive": "Sky text p1",
        "negative_1": "text n1",
        "negative_2": "text n3",
        "negative_3": "text n2",
    }
    files, missed = write("n-tuple", negatives=4)
    assert files == {}
    assert missed["queries with too few negatives"] == 1


def test_n_tuples_with_scores_hold_log_odds_the_positive_first():
    assert [each["scores"] for each in objects("n-tuple-scores", negatives=2)] == [
        [2.0, 0.5, -3.0],
        [1.5, 0.5, -3.0],
    ]


def test_a_judge_without_log_odds_gives_its_score_as_margin():
    one = row("p1", "positive", 3, log_odds=None, score=-1.25)
    assert (margin(one, "score"), margin(one, "log_odds")) == (-1.25, None)


@pytest.mark.parametrize(
    ("log_odds", "expected"),
    [(0.0, 0.5), (2.0, 0.8807970779778823), (-800.0, 0.0), (800.0, 1.0)],
)
def test_a_probability_is_one_over_one_plus_e_to_the_minus_log_odds(log_odds, expected):
    # 1 / (1 + e⁻²) = 1 / 1.1353352832366128 = 0.8807970779778823; e⁸⁰⁰ would overflow
    assert probability(row("x", "positive", 3, log_odds=log_odds)) == pytest.approx(expected, rel=1e-15)


def test_without_log_odds_there_is_no_probability():
    assert probability(row("x", "positive", 3)) is None


def test_rows_without_a_score_are_left_out_of_scored_formats_and_counted():
    table = [*rows()[:3], row("n9", "hard_negative", 0)]
    files, missed = write("n-tuple-scores", table, negatives=1)
    assert len(files["n-tuple-scores/train.jsonl"]) == 2
    assert missed["candidates without a score of the judge"] == 1


def test_labelled_pairs_are_ones_and_zeros():
    found = objects("labelled-pair", negatives=2)
    assert [(each["document"], each["label"]) for each in found] == [
        ("Sky text p1", 1),
        ("text p2", 1),
        ("text n1", 0),
        ("text n3", 0),
    ]


def test_labelled_pairs_with_probabilities_keep_what_is_ambiguous():
    table = [*rows()[:3], row("a1", "ambiguous", 1, log_odds=0.0)]
    found = objects("labelled-pair-scores", table)
    assert [each["score"] for each in found] == [
        pytest.approx(0.8807970779778823),
        pytest.approx(1 / (1 + exp(-1.5))),
        pytest.approx(1 / (1 + exp(-0.5))),
        0.5,
    ]


def test_labelled_lists_hold_grades_or_probabilities():
    (graded,) = objects("labelled-list", negatives=2)
    assert graded["documents"] == ["Sky text p1", "text p2", "text n1", "text n3"]
    assert graded["labels"] == [3, 2, 1, 0]
    (scored,) = objects("labelled-list-scores", negatives=1)
    assert scored["scores"] == [pytest.approx(1 / (1 + exp(-x))) for x in (2.0, 1.5, 0.5)]


def test_flagembedding_has_one_line_a_query():
    (found,) = objects("flagembedding", negatives=2)
    assert found == {
        "query": "why is the sky blue",
        "pos": ["Sky text p1", "text p2"],
        "neg": ["text n1", "text n3"],
    }
    (scored,) = objects("flagembedding-scores", negatives=2)
    assert (scored["pos_scores"], scored["neg_scores"]) == ([2.0, 1.5], [0.5, -3.0])


def test_tevatron_keeps_title_and_text_apart():
    (found,) = objects("tevatron", negatives=1)
    assert found["positive_passages"][0] == {"docid": "p1", "title": "Sky", "text": "text p1"}
    assert [each["docid"] for each in found["negative_passages"]] == ["n1"]
    (scored,) = objects("tevatron-scores", negatives=1)
    assert [each["score"] for each in scored["positive_passages"]] == [2.0, 1.5]


def test_tevatrons_list_has_the_positive_first_and_raw_log_odds():
    found = objects("tevatron-listwise", negatives=2)
    assert [each["scores"] for each in found] == [[2.0, 0.5, -3.0], [1.5, 0.5, -3.0]]
    assert found[1]["passages"][0] == {"title": "", "text": "text p2"}


def test_margin_mse_writes_both_scores_and_three_ids():
    files, _ = write("margin-mse", negatives=1)
    assert files == {"margin-mse/train.tsv": ["2.0\t0.5\tq1\tp1\tn1", "1.5\t0.5\tq1\tp2\tn1"]}


def test_a_tab_in_an_id_is_no_line_of_a_tsv():
    with pytest.raises(CannotWrite, match="has a tab"):
        write("margin-mse", [row("p1", "positive", 3, candidate_id="p\t1"), row("n1", "hard_negative", 0)])


def test_beir_knows_each_candidate_once_and_quotes_odd_ids():
    missed: Counter = Counter()
    lines = FORMATS["beir"].start(Choices(), missed)
    first = list(lines(Group([row("p1", "positive", 3), row("u1", "unjudged", None)])))
    again = list(lines(Group([row("p1", "positive", None, query_id='q"\t2', split="test")])))
    corpus = [json.loads(data)["_id"] for path, data in first + again if path == "beir/corpus.jsonl"]
    assert corpus == ["p1", "u1"]
    assert ("beir/qrels/train.tsv", b"q1\tp1\t3\n") in first
    assert ("beir/qrels/test.tsv", b'"q""\t2"\tp1\t1\n') in again  # a positive without a grade counts as 1
    assert missed["candidates without a grade"] == 1
    assert FORMATS["beir"].head("beir/qrels/dev.tsv") == b"query-id\tcorpus-id\tscore\n"


def test_qrels_are_grades_and_leave_out_what_has_none():
    files, missed = write("qrels")
    assert files["qrels/train.txt"] == [
        "q1 0 p1 3",
        "q1 0 p2 2",
        "q1 0 n1 1",
        "q1 0 n2 0",
        "q1 0 n3 0",
        "q1 0 a1 1",
    ]
    assert missed["candidates without a grade"] == 1


def test_a_run_is_in_the_order_of_its_scores_ties_by_id_from_the_end():
    table = [
        row(name, "positive", 3, score=score, log_odds=None)
        for name, score in (("a", 0.5), ("c", 0.5), ("b", 0.9))
    ]
    files, _ = write("run", table, tag="my judge")
    assert files["run/train.txt"] == [
        "q1 Q0 b 1 0.9 my-judge",
        "q1 Q0 c 2 0.5 my-judge",
        "q1 Q0 a 3 0.5 my-judge",
    ]


@pytest.mark.parametrize("name", ["qrels", "run"])
def test_a_blank_in_an_id_is_no_line_for_trec(name):
    with pytest.raises(CannotWrite, match="“p 1” has a blank"):
        write(name, [row("p1", "positive", 3, candidate_id="p 1")])


def test_learning_to_rank_has_a_grade_a_query_and_features():
    table = [row("p1", "positive", 3, title="Blue sky", candidate="the sky is blue today", rank=4)]
    files, _ = write("ltr", table)
    # of “why is the sky blue” (5 words) the text has is, the, sky, blue: 4 / 5; the title sky, blue: 2 / 5
    assert files["ltr/train.txt"] == ["3 qid:1 1:0.8807970779778823 2:2.0 3:0.25 4:5 5:0.8 6:0.4 # q1 p1"]


def test_learning_to_rank_leaves_out_features_that_are_not_known():
    files, _ = write("ltr", [row("x", "positive", 3, candidate="one two")])
    assert files["ltr/train.txt"] == ["3 qid:1 4:2 5:0.0 6:0.0 # q1 x"]


def pair(preferred: str, **more) -> Pair:
    known = {
        "query_id": "q1", "query": "why", "need": "", "first_id": "a", "first_title": "A", "first": "one",
        "second_id": "b", "second_title": "", "second": "two", "split": "train", "preferred": preferred,
        "score": None,
    }  # fmt: skip
    return Pair(**known | more)


def test_preferences_say_chosen_and_rejected_and_set_ties_apart():
    files, _ = write("preference", [pair("first"), pair("second"), pair("tie")])
    found = [json.loads(line) for line in files["preference/train.jsonl"]]
    assert [(each["chosen"], each["rejected"], each["chosen_id"]) for each in found] == [
        ("A one", "two", "a"),
        ("two", "A one", "b"),
    ]
    (tie,) = files["preference/ties-train.jsonl"]
    assert json.loads(tie) == {
        "prompt": "why", "first": "A one", "second": "two",
        "query_id": "q1", "first_id": "a", "second_id": "b",
    }  # fmt: skip


def test_preferences_from_grades_go_to_the_nearest_lower_grades():
    found = objects("preference-grades", negatives=2)
    # grades 3 2 1 1 0 0: each with at most two of lower grade, the nearest first; equal grades never meet
    assert [(each["chosen_id"], each["rejected_id"], each["margin"]) for each in found] == [
        ("p1", "p2", 1),
        ("p1", "n1", 2),
        ("p2", "n1", 1),
        ("p2", "a1", 1),
        ("n1", "n2", 1),
        ("n1", "n3", 1),
        ("a1", "n2", 1),
        ("a1", "n3", 1),
    ]


def test_binary_signals_are_true_and_false():
    found = objects("binary", negatives=1)
    assert [(each["completion"], each["label"]) for each in found] == [
        ("Sky text p1", True),
        ("text p2", True),
        ("text n1", False),
    ]


def test_criteria_become_columns():
    marks = Marks(
        "q1", "why", "", "a", "", "text", "train", ["Helpfulness", "Ist es wahr?", "prompt"], [4, 3, 0]
    )
    (found,) = objects("criteria", [marks])
    assert found == {"prompt": "why", "response": "text", "helpfulness": 4, "ist_es_wahr": 3, "prompt_3": 0}


def test_a_permutation_names_the_places_at_which_the_best_stand():
    (found,) = objects("listwise")
    ids = [each["docid"] for each in found["passages"]]
    named = [ids[int(number.strip("[] ")) - 1] for number in found["permutation"].split(">")]
    assert named == ["p1", "p2", "n1", "n2", "n3"]  # by grade, then by log-odds −1 before −3
    assert found["messages"][1]["content"] == found["permutation"]
    (other,) = objects("listwise", seed=7)
    assert [each["docid"] for each in other["passages"]] != ids


def test_reasons_stand_before_the_order():
    table = [row("p1", "positive", 3, reason="It says why."), row("n1", "hard_negative", 0)]
    (found,) = objects("listwise", table)
    place = [each["docid"] for each in found["passages"]].index("p1") + 1
    assert found["messages"][1]["content"] == f"[{place}] It says why.\n{found['permutation']}"


def test_the_table_as_json_lines_has_every_column():
    files, _ = write("jsonl")
    found = [json.loads(line) for line in files["table.jsonl"]]
    assert [each["candidate_id"] for each in found] == ["p1", "p2", "n1", "n2", "n3", "a1", "u1"]
    assert list(found[0]) == list(Row._fields)


def test_a_query_without_a_text_is_written_by_ids_alone():
    table = rows(query="")
    for name in (
        "triplet",
        "n-tuple",
        "labelled-pair",
        "labelled-list",
        "flagembedding",
        "tevatron",
        "binary",
    ):
        files, missed = write(name, table, negatives=2)
        assert files == {}, name
        assert missed["queries without a text"] == 1
    assert len(write("qrels", table)[0]["qrels/train.txt"]) == 6


def test_every_format_says_what_it_is_for():
    for name, form in FORMATS.items():
        assert form.name == name
        assert form.title
        assert form.use.endswith(".")


# Of each format the first digits of the SHA-256 of what it makes of the rows above. A release is made again
# byte for byte only by a format whose bytes stay: who changes them raises its edition and sets this anew.
BYTES = {
    "triplet": "7c32e10bdd70",
    "n-tuple": "f689ae92af63",
    "n-tuple-scores": "9e41cc3405ba",
    "labelled-pair": "673d164245e4",
    "labelled-pair-scores": "b8d81d1754f0",
    "labelled-list": "1aa4e76bddd4",
    "labelled-list-scores": "b156b20fb868",
    "flagembedding": "468ea250e056",
    "flagembedding-scores": "a93c7246fa4a",
    "tevatron": "168b6c5f21ac",
    "tevatron-scores": "50b30f705793",
    "tevatron-listwise": "2d57cedec530",
    "margin-mse": "2ad21603bd7b",
    "beir": "d9fde8ff6151",
    "qrels": "50ca938f9a7b",
    "run": "b1ae1d1b26d0",
    "ltr": "03f011321bbd",
    "preference": "1e8c73ca7031",
    "preference-grades": "e1e2a4df024d",
    "binary": "a4fc207a7699",
    "criteria": "895519cf904e",
    "listwise": "30a8da506035",
    "jsonl": "622d5be81ec7",
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_rows_give_the_same_bytes_for_ever(name):
    tables = {
        "rows": rows(),
        "pairs": [pair("first"), pair("second", split="test"), pair("tie")],
        "criteria": [Marks("q1", "why", "", "a", "T", "text", "dev", ["Helpfulness", "Clarity"], [4, 3])],
    }
    form = FORMATS[name]
    files, _ = write(name, tables[form.reads], negatives=3)
    data = json.dumps([form.edition, files, {path: each.decode() for path, each in form.extras.items()}])
    assert hashlib.sha256(data.encode()).hexdigest()[:12] == BYTES[name]
