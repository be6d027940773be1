"""Verdicts beside references, counted by query."""

import numpy as np

from corpus.models import Job, Query
from measures.counts import Ungraded
from reports.counts import count_verdicts, place_queries
from reports.runs import complete_runs, names

VALUES = (0, 1, 2, 3)


def count(collection, *, split=None):
    return count_verdicts(complete_runs(collection.project), values=VALUES, split=split)


def test_counts_are_by_query_reference_and_judged_grade(compared):
    (found,) = count(compared)
    assert found.counts.shape == (4, 4, 7)
    # The second query has the references 3, 3, 2 and the answers 2, 3, 3.
    expected = np.zeros((4, 7), dtype=int)
    expected[3, 2] = expected[3, 3] = expected[2, 3] = 1
    assert (found.counts[1] == expected).all()
    assert found.outcomes == {"graded": 12}
    assert found.scores is None


def test_items_without_a_reference_are_not_counted(collection):
    collection.label([0, 1, "-", 3])
    collection.run([0, 1, 2, 3, 3])
    (found,) = count(collection)
    assert found.counts.sum() == 3


def test_verdicts_without_a_grade_have_columns_of_their_own(collection):
    collection.label([2] * 8)
    outcomes = ["abstained", "unreadable", "out_of_range", "empty", "refused", "error", 0.5, 2]
    collection.run(outcomes)
    (found,) = count(collection)
    confusion = found.counts.sum(axis=0)[2]
    assert confusion[Ungraded.ABSTAINED.column(n_grades=4)] == 1
    assert confusion[Ungraded.FAILED.column(n_grades=4)] == 5
    assert confusion[Ungraded.SCORED.column(n_grades=4)] == 1
    assert confusion[2] == 1
    assert found.outcomes == dict.fromkeys([*outcomes[:6], "scored", "graded"], 1)


def test_a_grade_that_the_rubric_lacks_is_out_of_range(collection):
    collection.label([2, 2])
    collection.run([7, 2])
    (found,) = count(collection)
    assert found.outcomes == {"out_of_range": 1, "graded": 1}
    assert found.counts.sum(axis=0)[2].tolist() == [0, 0, 1, 0, 0, 1, 0]


def test_of_several_complete_runs_the_newest_verdict_of_an_item_counts(collection):
    collection.label([0, 1, 2])
    collection.run([3, 3, 3])
    collection.run([0, 1, "-"])
    (found,) = count(collection)
    confusion = found.counts.sum(axis=0)
    assert (confusion[0, 0], confusion[1, 1], confusion[2, 3]) == (1, 1, 1)
    assert confusion.sum() == 3


def test_runs_that_are_not_done_do_not_count(collection):
    collection.label([0, 1, 2])
    collection.run([0, 1, 2])
    collection.run([3, 3, 3], state=Job.State.RUNNING)
    collection.run([3, 3, 3], state=Job.State.FAILED)
    (found,) = count(collection)
    assert np.trace(found.counts.sum(axis=0)[:, :4]) == 3


def test_single_and_repeated_runs_are_counted_side_by_side_in_one_statement(
    collection, django_assert_num_queries
):
    collection.label([0, 1, 2])
    collection.run([0, 0, 0], judge=collection.judge("once"))
    collection.run([1, 1, 1], judge=collection.judge("twice"))
    collection.run([2, 2, 2], judge=collection.judge("twice"))
    judges = complete_runs(collection.project)
    with django_assert_num_queries(6):  # references, the order of queries, and within a savepoint two
        once, twice = count_verdicts(judges, values=VALUES)
    assert once.counts.sum(axis=(0, 1)).tolist() == [3, 0, 0, 0, 0, 0, 0]
    assert twice.counts.sum(axis=(0, 1)).tolist() == [0, 0, 3, 0, 0, 0, 0]


def test_conditions_are_counted_apart(collection):
    collection.label([0, 1, 2])
    collection.run([0, 1, 2])
    collection.run([3, 3, 3], condition="flattered")
    plain, flattered = count(collection)
    assert plain.judged.condition is None
    assert flattered.judged.condition.name == "flattered"
    assert flattered.counts[:, :, 3].sum() == 3


def test_scores_come_with_their_query_and_reference(collection):
    collection.label([0, 1, 2, 3])
    collection.run([0.25, (1, -1.5), "error", 1e300])
    (found,) = count(collection)
    rows = sorted(zip(*(column.tolist() for column in found.scores), strict=True))
    assert rows == [(0, 0, 0.25), (0, 1, -1.5), (1, 3, 1e300)]


def test_a_split_keeps_to_its_queries(compared):
    tuned = compared.items[0].query
    tuned.split = "tune"
    tuned.save()
    assert count(compared, split="tune")[0].counts.sum() == 3
    assert count(compared, split="test")[0].counts.sum() == 9


def test_another_projects_verdicts_stay_out(compared, make_user):
    from corpus.services import create_project
    from tests.reports.conftest import Collection

    other = Collection(create_project("Other"))
    other.add_items(n_queries=1, per_query=2)
    other.label([0, 1])
    other.run([0, 1])
    assert count(compared)[0].counts.sum() == 12
    assert count(other)[0].counts.sum() == 2


def test_judges_without_a_verdict_on_such_an_item_are_left_out(collection):
    collection.run([1, 2])
    assert count(collection) == []


def test_the_newest_version_has_the_plain_name(collection):
    collection.label([0, 1])
    for version in (1, 2):
        collection.run([0, 1], judge=collection.judge("gpt", prompt="basic", version=version))
    collection.run([0, 1], judge=collection.judge("gpt", prompt="other"))
    judged = complete_runs(collection.project)
    assert [(each.judge.version, name) for each, name in zip(judged, names(judged), strict=True)] == [
        (2, "gpt"),
        (1, "gpt (version 1)"),
        (1, "gpt"),
    ]


def test_all_judges_share_the_same_queries(collection):
    collection.label([1] * 12)
    collection.run([1] * 3, judge=collection.judge("a"))
    collection.run(["-"] * 9 + [1] * 3, judge=collection.judge("b"))
    first, last = count(collection)
    assert first.counts.shape == last.counts.shape == (4, 4, 7)
    assert first.counts[1:].sum() == last.counts[:3].sum() == 0


def test_queries_stand_in_the_order_of_their_ids_whatever_order_they_came_in(project):
    names = ["b", "a", "C"]
    ids = [Query.objects.create(project=project, external_id=name).pk for name in names]
    positions, queries = place_queries(np.array([*ids, ids[0]]))
    assert (positions.tolist(), queries.tolist()) == ([2, 1, 0, 2], [ids[2], ids[1], ids[0]])
