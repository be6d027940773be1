"""Agreement of a project's judges, from its rows to its figures, and the cache between."""

import csv
import io
import json
from math import isnan

import pytest
from django.core.management import call_command
from django.utils import timezone

from corpus.models import Project
from measures.counts import count_array
from measures.summary import Agreement, summarise
from reports.agreement import agreement
from reports.figures import figures_as_json, figures_from_json
from reports.models import CachedFigures
from reports.scope import scope_of
from tests.reports.conftest import ANSWERS, GRADES

EXPECTED_COLUMNS = {  # theirs: ours
    "n": "n",
    "n_graded": "n_graded",
    "kappa4": "kappa",
    "kappa4_quadratic": "kappa_quadratic",
    "kappa_binary": "kappa_binary",
    "alpha_ordinal": "alpha_ordinal",
    "mae": "mae",
    "accuracy_binary": "accuracy_binary",
}


def quick(project, **choices):
    """The scope with few replicates."""
    return scope_of(project, **choices)._replace(replicates=200)


def test_the_figures_are_those_of_the_counts(compared):
    scope = quick(compared.project)
    (found,) = agreement(compared.project, scope=scope)
    cells = [
        (i // 3, grade, answer, 1) for i, (grade, answer) in enumerate(zip(GRADES, ANSWERS, strict=True))
    ]
    counts = count_array(cells, n_queries=4, n_grades=4)
    expected = summarise(counts, None, values=range(4), cut=2, replicates=200, seed=scope.seed)
    assert (
        figures_as_json(found.figures)["agreement"]
        == figures_as_json(found.figures._replace(agreement=expected))["agreement"]
    )
    assert found.confusion == counts.sum(axis=0).tolist()
    # Eight of twelve alike; by chance (3·3 + 3·4 + 3·2 + 3·3) / 144 = 0.25.
    assert found.agreement.kappa.value == pytest.approx((8 / 12 - 0.25) / 0.75)


def test_the_cut_changes_what_is_relevant(compared):
    at_two, at_one = (
        agreement(compared.project, scope=quick(compared.project, cut=cut))[0].agreement for cut in (2, 1)
    )
    assert at_two.kappa == at_one.kappa
    # Below 2 against not: all alike. Below 1 against not: two of twelve differ.
    assert at_two.accuracy_binary.value == 1
    assert at_one.accuracy_binary.value == pytest.approx(10 / 12)


def test_scores_give_auc_rho_and_a_distribution(collection):
    collection.label([0, 1, 2, 3])
    collection.run([-2.0, 0.5, 0.5, 4.0])
    (found,) = agreement(collection.project, scope=quick(collection.project))
    assert (found.agreement.n, found.agreement.n_graded, found.agreement.n_scored) == (4, 0, 4)
    assert found.agreement.auc.value == pytest.approx(
        (1 + 0.5 + 1 + 1) / 4
    )  # pairs: 0–2, 1–2 (a tie), 0–3, 1–3
    assert isnan(found.agreement.kappa.value)
    assert found.distribution.edges[0] == -2
    assert found.distribution.edges[-1] == 4
    assert [sum(row) for row in found.distribution.counts] == [1, 1, 1, 1]


def test_infinite_scores_are_told_apart_from_the_histogram(collection):
    collection.label([0, 1, 2])
    collection.run([float("-inf"), 1.0, 2.0])
    (found,) = agreement(collection.project, scope=quick(collection.project))
    assert found.distribution.n_infinite == 1
    assert sum(map(sum, found.distribution.counts)) == 2


def test_figures_survive_the_cache_unchanged(compared):
    scope = quick(compared.project)
    (made,) = agreement(compared.project, scope=scope)
    (cached,) = agreement(compared.project, scope=scope)
    assert figures_as_json(cached.figures) == figures_as_json(made.figures)
    stored = json.loads(json.dumps(figures_as_json(made.figures), allow_nan=False))
    assert figures_as_json(figures_from_json(stored)) == stored
    assert type(figures_from_json(stored).agreement) is Agreement


def test_what_is_cached_is_not_counted_again(compared, django_assert_num_queries):
    scope = quick(compared.project)
    agreement(compared.project, scope=scope)
    with django_assert_num_queries(2):  # the runs, the cache
        agreement(compared.project, scope=scope)


def test_queries_do_not_grow_with_judges(compared, django_assert_max_num_queries):
    for name in ("a", "b", "c", "d"):
        compared.run(ANSWERS, judge=compared.judge(name), condition=name)
    with django_assert_max_num_queries(11):
        assert len(agreement(compared.project, scope=quick(compared.project))) == 5


def test_a_new_reference_or_run_makes_new_figures(compared):
    project = compared.project
    first = agreement(project, scope=quick(project))[0].agreement.n
    compared.label([3], rater="two")  # a tie with the first label: the item loses its reference
    second = agreement(project, scope=quick(project))[0].agreement.n
    compared.run([3, 3, 3], judge=compared.judge("other"))
    third = agreement(project, scope=quick(project))
    assert (first, second, len(third)) == (12, 11, 2)
    assert set(CachedFigures.objects.values_list("reference_version", flat=True)) == {
        project.reference_version
    }


def test_retried_failures_make_new_figures(compared):
    project = compared.project
    run = compared.run(["error", 1, 2], judge=compared.judge("shaky"))
    assert agreement(project, scope=quick(project))[1].n_failed == 1
    run.verdicts.filter(item=compared.items[0]).update(outcome="graded", grade=0)
    run.job.finished_at = timezone.now()
    run.job.save()
    assert agreement(project, scope=quick(project))[1].n_failed == 0


def test_queries_moved_to_another_split_make_new_figures(compared):
    project = compared.project
    query = compared.items[0].query
    assert agreement(project, scope=quick(project, split="test"))[0].agreement.n == 12
    query.split = "tune"
    query.save()
    assert agreement(project, scope=quick(project, split="test"))[0].agreement.n == 9


def test_a_judge_with_nothing_to_compare_is_remembered_as_such(collection, django_assert_num_queries):
    collection.label([0])
    collection.run(["-", 1, 2])
    scope = quick(collection.project)
    assert agreement(collection.project, scope=scope) == []
    with django_assert_num_queries(2):
        assert agreement(collection.project, scope=scope) == []


@pytest.mark.django_db(transaction=True)
def test_dl21_comes_out_as_published_from_the_files_to_the_json(dl21):
    call_command("import", "dl21", str(dl21 / "pairs.jsonl"), stdout=io.StringIO())
    call_command("import", "dl21", str(dl21 / "verdicts.csv.gz"), "--as", "verdicts", stdout=io.StringIO())
    printed = io.StringIO()
    call_command("agreement", "dl21", "--json", stdout=printed)
    rows = {(row["judge"], row["prompt"]): row for row in json.loads(printed.getvalue())}
    with (dl21 / "agreement_expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert len(expected) == len(rows) == 27
    for row in expected:
        ours = rows[row["judge"], row["prompt"]]
        assert ours["condition"] is None
        for theirs, name in EXPECTED_COLUMNS.items():
            value = ours[name] if name.startswith("n") else f"{ours[name]:.4f}"
            assert str(value) == row[theirs], (row["judge"], row["prompt"], name)
    assert Project.objects.get(slug="dl21").reference_version > 0
