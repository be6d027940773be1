"""Every group of measures on the scoreboard and in the command; who is told apart from the best."""

import io
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, matthews_corrcoef

from reports.agreement import agreement
from reports.details import details
from reports.groups import with_measures, words_of_group
from reports.scope import scope_of
from reports.standing import alike_with_best
from tests.reports.conftest import ANSWERS, GRADES, Collection


def printed(*arguments) -> str:
    out = io.StringIO()
    call_command("agreement", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def failing(collection):
    """A judge that fails twice and abstains once."""
    collection.label(GRADES)
    collection.run([*ANSWERS[:9], "error", "abstained", "unreadable"])
    return collection


def test_a_groups_figures_are_those_of_the_judges_own_page(failing):
    scope = scope_of(failing.project)
    (judge,) = agreement(failing.project, scope=scope)
    for counting, field in (("without", "without"), ("wrong", "as_wrong")):
        of_page = getattr(details(failing.project, judge, scope=scope), field)
        for group in ("chance", "grades", "cut"):
            (found,) = with_measures(failing.project, [judge], scope=scope, group=group, counting=counting)
            for words in words_of_group(group, scope=scope):
                np.testing.assert_equal(found.more[words.key], of_page[words.key])
            np.testing.assert_equal(found.more["kappa"], of_page["kappa"])


def test_the_scoreboard_shows_a_group_and_counts_failures_as_wrong(failing, client_of, vic):
    client, address = client_of(vic), reverse("reports:agreement", args=["soil"])
    plain = client.get(address, {"show": "chance"})
    assert [column.words.sign for column in plain.context["board"].measures][:3] == [
        "κ linear",
        "κ quadratic",
        "π",
    ]
    wrong = client.get(address, {"show": "chance", "ungraded": "wrong"})
    kappas = [each.context["board"].rows[0].kappa.value for each in (plain, wrong)]
    assert kappas[0] > kappas[1]
    odd = client.get(address, {"show": "everything"})
    assert odd.context["board"].measures[0].key == "kappa_quadratic"


def test_people_stand_below_with_the_same_measures(compared, client_of, vic):
    compared.label(ANSWERS, rater="two")
    page = client_of(vic).get(reverse("reports:agreement", args=["soil"]), {"show": "grades"})
    assert set(page.context["people_more"]) >= {column.key for column in page.context["board"].measures}


def test_the_command_prints_every_measure(failing):
    (row,) = json.loads(printed("soil", "--json", "--all"))
    said, people = ANSWERS[:9], GRADES[:9]
    found = {name: each["value"] for name, each in row["measures"].items()}
    assert found["kappa_linear"] == pytest.approx(cohen_kappa_score(people, said, weights="linear"))
    assert found["mcc"] == pytest.approx(matthews_corrcoef(people, said))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(people, said))
    low, high = row["measures"]["mcc"]["ci"]
    assert low <= found["mcc"] <= high
    (wrong,) = json.loads(printed("soil", "--json", "--all", "--ungraded", "wrong"))
    assert wrong["measures"]["accuracy"]["value"] == pytest.approx(found["accuracy"] * 9 / 12)
    with pytest.raises(CommandError, match="are for --json"):
        printed("soil", "--all")


def test_the_command_keeps_to_a_slice_or_says_that_there_is_none(failing):
    with pytest.raises(CommandError, match="is no slice"):
        printed("soil", "--slice", "miner:bm25")


def test_a_copy_of_the_best_is_not_told_apart_and_a_bad_judge_is(project):
    collection = Collection(project)
    collection.add_items(n_queries=30, per_query=5)
    generator = np.random.default_rng(5)
    truth = generator.integers(0, 4, 150)
    good = np.where(generator.random(150) < 0.8, truth, 0)
    near = np.where(generator.random(150) < 0.78, truth, 0)
    collection.label(truth.tolist())
    for name, answers in (("good", good), ("near", near), ("noise", generator.integers(0, 4, 150))):
        collection.run(answers.tolist(), judge=collection.judge(name))
    scope = scope_of(project)
    judges = agreement(project, scope=scope)
    best = max(judges, key=lambda judge: judge.agreement.kappa.value)
    other = next(judge for judge in judges if judge.name in {"good", "near"} - {best.name})
    assert alike_with_best(project, judges, scope=scope) == {other.key}


def test_one_judge_alone_is_like_nobody(compared):
    scope = scope_of(compared.project)
    assert alike_with_best(compared.project, agreement(compared.project, scope=scope), scope=scope) == set()
    assert alike_with_best(compared.project, [], scope=scope) == set()
