import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.reports.conftest import ANSWERS, GRADES

MEASURES = [
    "auc", "spearman", "kappa", "kappa_quadratic", "kappa_binary", "alpha_ordinal", "mae", "accuracy_binary",
]  # fmt: skip


def printed(*arguments):
    out = io.StringIO()
    call_command("agreement", *arguments, stdout=out)
    return out.getvalue()


def test_json_has_exactly_the_promised_keys_and_null_for_undefined(compared):
    compared.run([0.5, 0.1, 0.2, 0.9], judge=compared.judge("likely", prompt="p"), condition="flattered")
    gpt, likely = json.loads(printed("soil", "--json"))
    keys = ["judge", "prompt", "condition", "n", "n_graded", "n_scored"]
    assert set(gpt) == set(keys) | {name for measure in MEASURES for name in (measure, f"{measure}_ci")}
    assert [gpt[key] for key in keys] == ["gpt", None, None, 12, 12, 0]
    assert (gpt["auc"], gpt["auc_ci"]) == (None, [None, None])
    low, high = gpt["kappa_ci"]
    assert low < gpt["kappa"] < high
    assert [likely[key] for key in keys] == ["likely", "p", "flattered", 4, 0, 4]
    assert (likely["kappa"], likely["kappa_ci"]) == (None, [None, None])


def test_json_of_a_project_without_verdicts_is_an_empty_list(project):
    assert json.loads(printed("soil", "--json")) == []


def test_the_table_has_the_best_kappa_first_and_people_last(compared):
    compared.run(GRADES, judge=compared.judge("perfect"))
    compared.run(ANSWERS[::-1], judge=compared.judge("random"))
    compared.label([*GRADES[:10], 0, 0], rater="two")
    lines = [line for line in printed("soil").splitlines() if line.startswith("│")]
    assert [line.split("│")[1].strip() for line in lines] == [
        "perfect",
        "gpt",
        "random",
        "two people, on 12 items",
    ]
    assert "[" in lines[1]


def test_the_table_says_that_a_ceiling_is_unknown(compared):
    assert "No item has grades of two people" in printed("soil")


def test_nothing_to_compare_is_said_in_words(project):
    assert printed("soil") == "No judge has a verdict on an item with a human grade yet.\n"


def test_the_cut_and_the_split_are_taken(compared):
    query = compared.items[0].query
    query.split = "tune"
    query.save()
    (row,) = json.loads(printed("soil", "--json", "--cut", "1", "--split", "tune"))
    assert row["n"] == 3
    assert json.loads(printed("soil", "--json"))[0]["n"] == 9
    assert json.loads(printed("soil", "--json", "--split", "all"))[0]["n"] == 12


def test_a_wrong_cut_or_project_is_a_clear_error(project):
    with pytest.raises(CommandError, match="7 is no cut of the rubric “Relevance”; choose one of 1, 2, 3"):
        printed("soil", "--cut", "7")
    with pytest.raises(CommandError, match="There is no project “sand”"):
        printed("sand")
