import numpy as np
import pytest

from measures.kappa import kappa
from reports.agreement import agreement
from reports.detail_words import detail_rows, score_tables
from reports.details import details
from reports.scope import scope_of
from tests.reports.conftest import ANSWERS, GRADES


def of(project, name="gpt"):
    scope = scope_of(project)
    found = next(each for each in agreement(project, scope=scope) if each.name == name)
    return found, details(project, found, scope=scope)


def test_the_measures_are_those_of_the_confusion_matrix(compared):
    found, more = of(compared.project)
    table = np.array(found.confusion)[:, :4]
    assert more.without["kappa"].value == pytest.approx(float(kappa(table, range(4))))
    assert more.without["kappa"] == found.agreement.kappa
    assert more.n_ungraded == 0
    assert more.as_wrong == more.without
    assert sum(each.n for each in more.queries) == 12
    assert {each.n for each in more.queries} == {3}


def test_abstentions_and_failures_count_as_wrong_in_the_second_column(compared):
    answers = ["abstained", "error", *GRADES[2:]]
    compared.run(answers, judge=compared.judge("shy"))
    found, more = of(compared.project, "shy")
    assert (found.agreement.n, found.agreement.n_graded, more.n_ungraded) == (12, 10, 2)
    assert more.without["accuracy"].value == 1
    assert more.as_wrong["accuracy"].value == pytest.approx(10 / 12)
    assert more.as_wrong["accuracy_binary"].value == pytest.approx(10 / 12)


def test_bias_is_told_by_peoples_grade(compared):
    compared.run([min(grade + 1, 3) for grade in GRADES], judge=compared.judge("kind"))
    _, more = of(compared.project, "kind")
    assert [each.value for each in more.bias_by_grade] == [1, 1, 1, 0]


def test_what_is_cached_is_what_was_made(compared, django_assert_max_num_queries):
    compared.run([(grade, grade / 3) for grade in ANSWERS], judge=compared.judge("likely"))
    found, more = of(compared.project, "likely")
    with django_assert_max_num_queries(5):
        again = details(compared.project, found, scope=scope_of(compared.project))
    np.testing.assert_equal(again, more)
    assert more.scored.n == 12
    assert more.scored.raw is not None


def test_every_measure_has_words(compared):
    _, more = of(compared.project)
    groups = detail_rows(more, scope=scope_of(compared.project))
    assert groups[0][0] == "Agreement beyond chance"
    names = [name for _, rows in groups for name, *_ in rows]
    assert len(names) == len(more.without)
    assert not any("_" in name for name in names)


def test_measures_and_rules_stand_in_their_order_also_out_of_the_cache(compared):
    compared.run([(grade, grade / 3) for grade in ANSWERS], judge=compared.judge("likely"))
    scope = scope_of(compared.project)
    (_, fresh), (_, cached) = of(compared.project, "likely"), of(compared.project, "likely")
    assert detail_rows(fresh, scope=scope) == detail_rows(cached, scope=scope)
    assert [name for name, *_ in detail_rows(cached, scope=scope)[0][1]][:2] == [
        "Cohen's κ", "Cohen's κ, linear weights",
    ]  # fmt: skip
    assert score_tables(fresh) == score_tables(cached)
    assert [table.columns[0] for table in score_tables(cached)] == ["Scores", "Rule"]
