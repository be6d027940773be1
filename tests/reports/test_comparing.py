import io
import json
import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from reports import panel as panel_module
from reports.comparing import compare, kappa_weights, together
from reports.panel import ABSTAINED, FAILED, NO_VERDICT, SCORED, read_panel
from reports.runs import complete_runs
from reports.scope import scope_of
from tests.reports.conftest import ANSWERS, GRADES


def printed(*arguments) -> str:
    out = io.StringIO()
    call_command("compare", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def rivals(compared):
    """Beside gpt: two prompts of another judge, one of them people's own grades."""
    compared.run(GRADES, judge=compared.judge("same", prompt="good"))
    compared.run([3 - grade for grade in GRADES], judge=compared.judge("same", prompt="bad"))
    return compared


def test_a_panel_holds_what_every_judge_said_of_every_item(collection):
    collection.label([0, 1, 2, 3, "-", 1])
    collection.run([3, "abstained", "error", 0.5, 2, "-"])
    judges = complete_runs(collection.project)
    panel = read_panel(collection.project.pk, judges, scope=scope_of(collection.project))
    assert panel.items.tolist() == [item.pk for item in (*collection.items[:4], collection.items[5])]
    assert panel.references.tolist() == [0, 1, 2, 3, 1]
    assert panel.queries.tolist() == [0, 0, 0, 1, 1]
    assert panel.judged[:, 0].tolist() == [3, ABSTAINED, FAILED, SCORED, NO_VERDICT]
    assert panel.n_left_out == 0


def test_of_several_runs_the_newest_verdict_stands_in_the_panel(compared):
    compared.run([0, "-", 1])
    judges = complete_runs(compared.project)
    panel = read_panel(compared.project.pk, judges, scope=scope_of(compared.project))
    assert panel.judged[:3, 0].tolist() == [0, ANSWERS[1], 1]


def test_a_panel_that_would_be_too_large_takes_whole_queries_and_says_so(compared, monkeypatch):
    monkeypatch.setattr(panel_module, "MOST_CELLS", 7)
    judges = complete_runs(compared.project)
    panel = read_panel(compared.project.pk, judges, scope=scope_of(compared.project))
    assert (len(panel.items), panel.n_left_out) == (6, 6)
    assert np.bincount(panel.queries).tolist() == [3, 3]
    again = read_panel(compared.project.pk, judges, scope=scope_of(compared.project))
    assert panel.items.tolist() == again.items.tolist()


def test_every_two_judges_are_compared_and_those_alike_stand_together(rivals):
    scope = scope_of(rivals.project)
    found, differences = together(rivals.project, scope=scope), compare(rivals.project, scope=scope)
    assert [(each.name, each.prompt) for each in found.judges] == [
        ("gpt", None), ("same", "bad"), ("same", "good"),
    ]  # fmt: skip
    assert [(each.first, each.second) for each in differences] == [(0, 1), (0, 2), (1, 2)]
    worst = differences[2]
    assert worst.kappa_second == 1
    assert worst.difference.value == pytest.approx(worst.kappa_first - 1)
    assert (worst.only_first_right, worst.only_second_right) == (0, 12)
    assert abs(found.order.index(0) - found.order.index(2)) == 1
    assert found.multiplicity.good == [2]
    assert found.best == 2
    assert found.place(str(found.judges[1].judge_id)) == 1
    assert found.place(f"{found.judges[1].judge_id}.7") is None


def test_fleiss_kappa_is_that_of_statsmodels(rivals):
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    said = np.stack([ANSWERS, [3 - grade for grade in GRADES], GRADES], axis=1)
    found = together(rivals.project, scope=scope_of(rivals.project)).fleiss
    assert found.value == pytest.approx(fleiss_kappa(aggregate_raters(said)[0]))
    assert found.low < found.value < found.high


def test_one_judge_beside_all_others_is_a_family_of_its_own(rivals):
    scope = scope_of(rivals.project)
    every, beside = compare(rivals.project, scope=scope), compare(rivals.project, scope=scope, against=2)
    assert [(each.first, each.second) for each in beside] == [(2, 0), (2, 1)]
    assert beside[1].difference.value == pytest.approx(-every[2].difference.value)
    assert all(each.p <= each.p_holm <= 2 * each.p for each in beside)


def test_the_cache_gives_back_what_was_made(rivals, django_assert_max_num_queries):
    scope = scope_of(rivals.project)
    made = together(rivals.project, scope=scope), compare(rivals.project, scope=scope)
    with django_assert_max_num_queries(5):
        np.testing.assert_equal(together(rivals.project, scope=scope), made[0])
        np.testing.assert_equal(compare(rivals.project, scope=scope), made[1])
    quadratic = compare(rivals.project, scope=scope, weights="quadratic")
    assert quadratic[2].kappa_first == pytest.approx(-1, abs=0.2)


def test_weights_are_by_steps():
    assert kappa_weights(3, "plain").tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert kappa_weights(3, "quadratic").tolist() == [[0, 1, 4], [1, 0, 1], [4, 1, 0]]


def test_the_command_prints_all_pairs_or_those_of_prompts(rivals):
    pairs = json.loads(printed("soil", "--json"))["pairs"]
    assert len(pairs) == 3
    (of_prompts,) = json.loads(printed("soil", "--json", "--prompts"))["pairs"]
    assert (of_prompts["first"]["prompt"], of_prompts["second"]["prompt"]) == ("bad", "good")
    assert of_prompts["difference_ci"][0] <= of_prompts["difference"]
    assert of_prompts["p_holm"] == of_prompts["p"]  # a family of one
    assert of_prompts["p_holm_within_judge"] == of_prompts["p"]
    assert re.search(
        r"same alone: (good above bad \(p 0\.\d{4}\)|no prompt differs)", printed("soil", "--prompts")
    )
    assert all(each["p_holm"] >= each["p"] for each in pairs)
    assert "same, bad" in printed("soil")


def test_what_cannot_be_compared_is_said_in_words(compared):
    assert "no two judges" in printed("soil")
    with pytest.raises(CommandError, match="There is no project"):
        printed("sand")
