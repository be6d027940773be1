"""Two releases compared: what was chosen otherwise, which files differ, what changed by query."""

import pytest

from annotate.models import Label
from annotate.references import refresh_references
from corpus.models import Query
from exchange.releases.comparing import compare
from tests.exchange.releasing import (
    collect,
    judge_all,
    judge_items,
    make_judge,
    release,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def graded(project):
    collect(project, {f"q{n}": [3, 2, 1, 0, 0, None] for n in range(12)})
    project.judge = make_judge(project)
    judge_all(project.judge)
    return project


class TestComparing:
    def test_finds_nothing_where_nothing_changed(self, graded):
        changes = compare(release(graded, "qrels"), release(graded, "qrels"))
        assert changes.in_words == "nothing changed in 60 rows of the table"
        assert (changes.choices, changes.files.n) == ((), 0)
        assert changes.files.n_same == 1 + 3  # the table, and qrels of three splits

    def test_names_other_choices_and_the_files_that_differ(self, graded):
        before = release(graded, "n-tuple", "triplet", negatives=2)
        after = release(graded, "n-tuple", "qrels", negatives=1, judge=graded.judge.pk, licence="CC0")
        changes = compare(before, after)
        (run,) = graded.judge.runs.values_list("pk", flat=True)
        assert [choice.in_words for choice in changes.choices] == [
            "formats: triplet, n-tuple → n-tuple, qrels",
            "judge of verdicts and scores: none → yes_no judge (version 1), yes_no prompt",
            f"runs for verdicts and scores: none → {run}",
            "negatives of a query: 2 → 1",
            "edition of qrels: none → 1",
            "licence: none → CC0",
            "edition of triplet: 1 → none",
        ]
        assert changes.files.differ == ("table.parquet", "n-tuple/dev.jsonl", "n-tuple/train.jsonl")
        assert changes.files.gone == ("triplet/dev.jsonl", "triplet/train.jsonl")
        assert changes.files.new == ("qrels/dev.txt", "qrels/test.txt", "qrels/train.txt")

    def test_names_negatives_that_leave_the_table_as_it_was(self, graded):
        changes = compare(release(graded, "triplet", negatives=2), release(graded, "triplet", negatives=1))
        assert changes.in_words == "nothing changed in 60 rows of the table"
        assert [choice.in_words for choice in changes.choices] == ["negatives of a query: 2 → 1"]
        assert set(changes.files.differ) == {"triplet/dev.jsonl", "triplet/train.jsonl"}

    def test_tells_what_changed_by_query(self, project):
        items = collect(project, {"q1": [3, 0, 1], "q2": [2, 0], "q3": [3]})
        judge = make_judge(project)
        judge_items(judge, {items["q2-1"]: {"grade": 0, "score": 0.25}})
        before = release(project, "qrels", judge=judge.pk)
        judge_items(judge, {items["q2-1"]: {"grade": 0, "score": 0.5}})
        Label.objects.filter(item=items["q1-0"]).update(grade=1)
        Label.objects.filter(item=items["q1-1"]).delete()
        refresh_references(project)
        collect(project, {"q4": [2]})
        Query.objects.filter(external_id="q3").delete()
        changes = compare(before, release(project, "qrels", judge=judge.pk))
        assert (changes.added, changes.removed, changes.relabelled, changes.rescored) == (1, 2, 1, 1)
        assert changes.same == 2  # q1-2 and q2-0
        by_query = {query.query_id: query for query in changes.queries}
        assert by_query["q1"].in_words == "1 removed, 1 labelled otherwise"
        assert by_query["q1"].examples[0] == ("q1-0", "positive", "hard_negative", 3, 1)
        assert by_query["q2"].in_words == "1 with another score"
        assert by_query["q3"].in_words == "1 removed"
        assert by_query["q4"].in_words == "1 added"

    def test_tells_queries_that_moved_to_another_split(self, graded):
        changes = compare(release(graded, "qrels"), release(graded, "qrels", seed=1))
        moved = [query for query in changes.queries if query.moved]
        assert changes.moved == len(moved) > 0
        assert changes.same == 60
        assert {side for query in moved for side in query.moved.split(" → ")} <= {"train", "dev", "test"}
