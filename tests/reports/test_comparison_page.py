"""Judges against each other, through the client."""

import pytest
from django.urls import reverse

from reports.comparing import together
from reports.comparison_words import say_differences, say_together
from reports.scope import scope_of
from tests.reports.conftest import GRADES


@pytest.fixture
def show(project, client_of, vic):
    client = client_of(vic)
    return lambda **query: client.get(reverse("reports:comparison", args=[project.slug]), query)


@pytest.fixture
def rivals(compared):
    compared.run(GRADES, judge=compared.judge("same"))
    compared.run([3 - grade for grade in GRADES], judge=compared.judge("contrary"))
    return compared


def test_the_best_judge_stands_beside_the_others(rivals, show):
    response = show()
    page = response.content.decode()
    assert response.context["chosen"].name == "same"
    assert [judge.name for judge, _, _ in response.context["rows"]] == ["gpt", "contrary"]
    assert "Of 2 other judges, same is" in page
    assert response.context["figures"][0].rows[0][0] in ("gpt", "same", "contrary")


def test_another_judge_and_weights_are_in_the_address(rivals, show):
    judge = rivals.judge("contrary")
    response = show(judge=judge.pk, weights="quadratic")
    assert response.context["chosen"].name == "contrary"
    assert response.context["weights"] == "quadratic"
    assert b"contrary" in show(chart="together", file="csv").content
    assert show(judge="x.y", weights="none").context["chosen"].name == "same"


def test_one_judge_alone_has_nobody_to_stand_beside(compared, show):
    assert "No two judges yet" in show().content.decode()


def test_sentences_say_how_alike_they_are(rivals):
    found = together(rivals.project, scope=scope_of(rivals.project))
    sentences = say_together(found)
    assert sentences[0].startswith("3 judges agree among themselves at Fleiss' κ")
    assert sentences[1].startswith("Most alike are gpt and same, at κ 0.56")
    assert sentences[2] == "No other judge comes within 0.05 of the best κ, that of same."


def test_differences_are_counted_by_what_the_test_says(rivals):
    from reports.comparing import compare

    (above, below) = compare(rivals.project, scope=scope_of(rivals.project), against=1)
    assert say_differences("gpt", [above._replace(p_holm=0.5)]) == (
        "Of one other judge, gpt is not told apart from 1."
    )
    told = [above._replace(p_holm=0.01), below._replace(p_holm=0.01)]
    assert say_differences("gpt", told) == "Of 2 other judges, gpt is above 1 and below 1."
