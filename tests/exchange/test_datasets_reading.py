"""The long table out of the store: which rows, in which state, in which order and split."""

from math import log

import pytest

from annotate.models import Label, Rater
from annotate.references import refresh_references
from annotate.services.adjudicating import adjudicate
from corpus.models import Candidate, Item, Query, Variant
from corpus.rubrics import add_rubric
from corpus.services import create_project, freeze_items
from exchange.datasets import reading
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.reading import in_order, nearest, read_criteria, read_pairs, read_rows
from exchange.datasets.sources import find_sources
from exchange.datasets.splits import place_queries, share
from exchange.datasets.table import Pair, Row
from judges.models import Condition, Experiment
from tests.exchange.releasing import collect, compare_some, grade_criteria, judge_items, make_judge

pytestmark = pytest.mark.django_db


def table(project, read=read_rows, **plan) -> list:
    """All rows that this plan gives, without the borders of queries."""
    sources = find_sources(project, Plan(**plan))
    placed = place_queries(project, sources.plan)
    return [row for rows in read(sources, placed) for row in rows]


def states(rows: list[Row]) -> list[tuple]:
    return [(row.candidate_id, row.state, row.grade, row.graded_by) for row in rows]


class TestReferences:
    def test_divide_at_the_cut_and_leave_out_what_nobody_graded(self, project):
        collect(project, {"q1": [1, 3, None, 2]})
        assert states(table(project)) == [
            ("q1-1", "positive", 3, "people"),
            ("q1-3", "positive", 2, "people"),
            ("q1-0", "hard_negative", 1, "people"),
        ]

    def test_carry_texts_and_the_rule(self, project):
        collect(project, {"q1": [3]}, need="a need")
        (row,) = table(project)
        assert row[:6] == ("q1", "what about q1", "a need", "q1-0", "Title 0", "text of q1-0")
        assert (row.rule, row.judge, row.score, row.log_odds) == ("majority, cut 2", "", None, None)

    def test_keep_what_is_unjudged_apart_when_asked(self, project):
        collect(project, {"q1": [3, None]})
        assert states(table(project, with_unjudged=True))[1] == ("q1-1", "unjudged", None, "")

    def test_may_have_to_rest_on_several_labels_or_a_decision(self, project, bob):
        items = collect(project, {"q1": [3, 2, 1]})
        second = Rater.objects.create(project=project, name="second")
        Label.objects.create(item=items["q1-0"], rater=second, grade=3)
        refresh_references(project)
        adjudicate(items["q1-2"], project=project, by=bob, grade=1)
        assert [row.candidate_id for row in table(project, min_labels=2)] == ["q1-0", "q1-2"]

    def test_stand_beside_a_judges_scores_which_change_no_state(self, project):
        items = collect(project, {"q1": [3, 0, 1]})
        judge = make_judge(project)
        judge_items(
            judge,
            {
                items["q1-0"]: {"grade": 0, "score": 0.1, "log_odds": -2.2},
                items["q1-1"]: {"grade": 2, "score": 0.9, "log_odds": 2.2},
            },
        )
        rows = table(project, judge=judge.pk)
        assert [(row.candidate_id, row.state, row.score, row.log_odds, row.judge) for row in rows] == [
            ("q1-0", "positive", 0.1, -2.2, "yes_no judge"),
            ("q1-1", "hard_negative", 0.9, 2.2, "yes_no judge"),
            ("q1-2", "hard_negative", None, None, ""),
        ]
        assert rows[0].prompt_hash == "5eed" * 16

    def test_bring_reasons_when_asked(self, project, bob):
        items = collect(project, {"q1": [3, 2, 1]})
        Label.objects.filter(item=items["q1-0"]).update(rationale="It says why.")
        adjudicate(items["q1-1"], project=project, by=bob, grade=2, note="The need decides.")
        assert {row.reason for row in table(project)} == {""}
        assert [row.reason for row in table(project, with_reasons=True)] == [
            "It says why.",
            "The need decides.",
            "",
        ]


class TestJudge:
    def test_verdicts_decide_alone(self, project):
        items = collect(project, {"q1": [0, 3, 3, 3, None]})
        judge = make_judge(project)
        judge_items(
            judge,
            {
                items["q1-0"]: {"grade": 2, "score": 0.8, "log_odds": 1.4},
                items["q1-1"]: {"grade": 0, "score": 0.3, "log_odds": -0.8},
                items["q1-2"]: {"outcome": "unreadable"},
                items["q1-3"]: {"outcome": "scored", "score": 0.5},
            },
        )
        assert states(table(project, source="judge", judge=judge.pk)) == [
            ("q1-0", "positive", 2, "judge"),
            ("q1-3", "ambiguous", None, ""),
            ("q1-1", "hard_negative", 0, "judge"),
        ]

    def test_the_newest_plain_run_counts(self, project):
        items = collect(project, {"q1": [None, None]})
        first, second = items["q1-0"], items["q1-1"]
        judge = make_judge(project)
        judge_items(judge, {first: {"grade": 3, "score": 0.9}, second: {"grade": 3, "score": 0.8}})
        judge_items(judge, {first: {"grade": 0, "score": 0.1}})
        condition = Condition.objects.create(project=project, name="threat")
        item_set = freeze_items(project, [first.pk], name="one", made_from={})
        experiment = Experiment.objects.create(
            project=project, name="e", kind="compliance", item_set=item_set
        )
        loud = {first: {"grade": 2, "score": 0.7}}
        judge_items(judge, loud, condition=condition)
        judge_items(judge, loud, experiment=experiment)
        judge_items(judge, loud, state="running")
        assert states(table(project, source="judge", judge=judge.pk)) == [
            ("q1-1", "positive", 3, "judge"),
            ("q1-0", "hard_negative", 0, "judge"),
        ]

    def test_log_odds_of_a_grade_are_those_of_reaching_the_cut(self, project):
        items = collect(project, {"q1": [None, None]})
        judge = make_judge(project, scoring="grade")
        # grades 0–3 and “cannot judge”: (0.3 + 0.2) / (0.1 + 0.2 + 0.3 + 0.2) = 0.5 / 0.8, so ln(0.5 / 0.3)
        probs = [0.1, 0.2, 0.3, 0.2, 0.2]
        judge_items(
            judge,
            {
                items["q1-0"]: {"grade": 2, "score": 1.75, "probs": probs},
                items["q1-1"]: {"grade": 3, "score": 3.0, "probs": [0, 0, 0, 1.0, 0]},
            },
        )
        sure, unsure = table(project, source="judge", judge=judge.pk)
        assert unsure.log_odds == pytest.approx(log(0.5 / 0.3))
        assert unsure.score == 1.75
        assert sure.log_odds == pytest.approx(log((1 - 1e-6) / 1e-6))  # certain, and still a number

    def test_is_refused_without_a_run_or_on_another_scale(self, project):
        judge = make_judge(project)
        with pytest.raises(CannotRelease, match="has no complete run"):
            find_sources(project, Plan(source="judge", judge=judge.pk))
        other = make_judge(project, scoring="pairwise", rubric=add_rubric(project, template="preference"))
        with pytest.raises(CannotRelease, match="grades on another scale"):
            find_sources(project, Plan(source="judge", judge=other.pk))
        stranger = make_judge(create_project("Other"))
        with pytest.raises(CannotRelease, match="none of this project"):
            find_sources(project, Plan(source="judge", judge=stranger.pk))

    def test_without_probabilities_is_refused_where_these_are_written(self, project):
        items = collect(project, {"q1": [3]})
        judge = make_judge(project, scoring="likelihood")
        judge_items(judge, {items["q1-0"]: {"outcome": "scored", "score": -1.5}})
        plan = Plan(judge=judge.pk, formats=("labelled-pair-scores",))
        with pytest.raises(CannotRelease, match="gives none"):
            find_sources(project, plan)
        assert find_sources(project, Plan(judge=judge.pk, formats=("margin-mse",))).choices.margin == "score"


def test_both_takes_the_judge_where_people_said_nothing_and_says_so(project):
    items = collect(project, {"q1": [0, 3, None, None, None]})
    judge = make_judge(project)
    said = {"grade": 2, "score": 0.8, "log_odds": 1.4}
    verdicts = {items[f"q1-{n}"]: said for n in (0, 2)}
    judge_items(judge, verdicts | {items["q1-3"]: {"grade": 0, "score": 0.2, "log_odds": -1.4}})
    assert states(table(project, source="both", judge=judge.pk)) == [
        ("q1-2", "relabelled_positive", 2, "judge"),
        ("q1-1", "positive", 3, "people"),
        ("q1-0", "hard_negative", 0, "people"),
        ("q1-3", "hard_negative", 0, "judge"),
    ]


def test_variants_and_pairs_never_enter(project):
    items = collect(project, {"q1": [3, 3, 1]})
    Variant.objects.create(item=items["q1-0"], carrier="random words", attack="Q1")
    compare_some(project)
    assert [row.candidate_id for row in table(project)] == ["q1-1", "q1-2"]


def test_an_item_set_narrows_the_table(project):
    items = collect(project, {"q1": [3, 1], "q2": [2]})
    chosen = freeze_items(project, [items["q1-1"].pk, items["q2-0"].pk], name="two", made_from={})
    assert [row.candidate_id for row in table(project, item_set=chosen.pk)] == ["q1-1", "q2-0"]


def test_rows_stand_in_the_order_of_bytes_whatever_came_first(project):
    collect(project, {"b": [1, 1], "B": [0], "ä": [0], "a": [0]})
    assert [row.candidate_id for row in table(project)] == ["B-0", "a-0", "b-0", "b-1", "ä-0"]


def test_queries_come_whole_however_small_the_chunks_are(project, monkeypatch):
    collect(project, {f"q{n}": [3, 2, 1, 0] for n in range(9)})
    at_once = table(project)
    monkeypatch.setattr(reading, "ITEMS_A_CHUNK", 6)
    sources = find_sources(project, Plan())
    groups = list(read_rows(sources, place_queries(project, sources.plan)))
    assert [len(rows) for rows in groups] == [4] * 9
    assert [row for rows in groups for row in rows] == at_once


class TestSplits:
    def split_of(self, project, **plan) -> dict[str, str]:
        return {row.query_id: row.split for row in table(project, **plan)}

    def test_go_by_a_hash_that_anybody_can_compute(self, project):
        collect(project, {f"query {n}": [3] for n in range(200)})
        found = self.split_of(project, train=60, dev=30, seed=5)
        for query_id, split in found.items():
            place = share(query_id, seed=5)
            assert split == ("train" if place < 0.6 else "dev" if place < 0.9 else "test"), query_id
        assert set(found.values()) == {"train", "dev", "test"}

    def test_share_is_the_first_four_bytes_of_a_sha256(self):
        # printf '0:q1' | sha256sum → the first 32 bits, as a share of 2³²
        import hashlib

        assert share("q1", seed=0) == int(hashlib.sha256(b"0:q1").hexdigest()[:8], 16) / 4294967296

    def test_another_seed_draws_others(self, project):
        collect(project, {f"q{n}": [3] for n in range(50)})
        assert self.split_of(project) != self.split_of(project, seed=1)

    def test_the_projects_test_queries_stay_test_and_no_other_becomes_one(self, project):
        collect(project, {f"q{n}": [3] for n in range(40)})
        Query.objects.filter(project=project, external_id__in=[f"q{n}" for n in range(30)]).update(
            split="tune"
        )
        found = self.split_of(project, train=50, dev=25)
        assert {query_id for query_id, split in found.items() if split == "test"} == {
            f"q{n}" for n in range(30, 40)
        }
        # 50 and 25 of 100 are two thirds and one third of what is not test
        for query_id, split in found.items():
            if split != "test":
                assert split == ("train" if share(query_id, seed=0) < 2 / 3 else "dev")

    def test_queries_of_the_same_words_stay_together(self, project):
        collect(project, {f"q{n}": [3] for n in range(40)})
        Query.objects.filter(project=project).update(text="How  TALL is it?")
        Query.objects.filter(project=project, external_id="q7").update(text=" how tall is it?")
        assert set(self.split_of(project).values()) == {self.split_of(project)["q0"]}
        Query.objects.filter(project=project).exclude(external_id="q7").update(split="tune")
        assert set(self.split_of(project).values()) == {"test"}  # the words of a test query train nothing


class TestPairs:
    def test_people_and_then_the_judge(self, project):
        collect(project, {"q1": [3, 2, 1]})
        compare_some(project)
        pairs = {(p.first_id, p.second_id): p for p in table(project, read_pairs, formats=("preference",))}
        assert len(pairs) == 3
        assert sorted(p.preferred for p in pairs.values()) == ["first", "first", "tie"]
        assert {p.graded_by for p in pairs.values()} == {"people"}

    def test_a_judge_of_pairs_is_needed_where_people_are_not_asked(self, project):
        items = collect(project, {"q1": [3]})
        judge = make_judge(project)
        judge_items(judge, {items["q1-0"]: {"grade": 2, "score": 0.8}})
        with pytest.raises(CannotRelease, match="name the judge that compares"):
            find_sources(project, Plan(source="judge", judge=judge.pk, formats=("preference",)))

    def test_a_judges_preference_has_its_probability(self, project):
        items = collect(project, {"q1": [3, 1]})
        judge = make_judge(project)
        judge_items(judge, {items["q1-0"]: {"grade": 2, "score": 0.8}})
        query, (one, two) = Query.objects.get(), Candidate.objects.order_by("pk")
        item = Item.objects.create(query=query, candidate=one, rival=two)
        comparer = make_judge(project, scoring="pairwise", rubric=add_rubric(project, template="preference"))
        judge_items(comparer, {item: {"grade": 0, "score": 0.25}})
        (pair,) = table(
            project,
            read_pairs,
            source="judge",
            judge=judge.pk,
            pair_judge=comparer.pk,
            formats=("preference",),
        )
        assert (pair.preferred, pair.score, pair.judge, pair.graded_by) == (
            *("second", 0.25, "pairwise judge", "judge"),
        )

    def test_the_smaller_id_stands_first_whichever_was_stored_first(self):
        pair = Pair("q", "", "", "b", "B", "bb", "a", "A", "aa", "train", "first", 0.75)
        turned = in_order(pair)
        assert turned[3:9] == ("a", "A", "aa", "b", "B", "bb")
        assert (turned.preferred, turned.score) == ("second", 0.25)
        assert in_order(turned) == turned


class TestCriteria:
    def test_are_the_grades_nearest_to_peoples_means(self, project):
        items = collect(project, {"q1": [3, 1]})
        rubric = grade_criteria(project, [items["q1-0"]])
        (marks,) = table(project, read_criteria, formats=("criteria",))
        # means of 4 3 3 2 1 and 3 3 2 2 0 are 3.5 3 2.5 2 0.5: between two grades the upper one
        assert marks.grades == [4, 3, 3, 2, 1]
        assert marks.criteria == [scale.name for scale in rubric.scales]
        assert (marks.n_labels, marks.graded_by) == (2, "people")

    def test_come_from_a_judge_where_no_person_graded(self, project):
        items = collect(project, {"q1": [3, 1]})
        rubric = grade_criteria(project, [items["q1-0"]])
        plain, judge = make_judge(project), make_judge(project, scoring="criteria", rubric=rubric)
        judge_items(plain, {items["q1-0"]: {"grade": 2, "score": 0.8}})
        said = {"grade": 1, "marks": [2, 3, 4, 0]}
        judge_items(judge, {items["q1-0"]: said, items["q1-1"]: said})
        rows = table(
            project, read_criteria,
            source="both", judge=plain.pk, criteria_judge=judge.pk, formats=("criteria",),
        )  # fmt: skip
        assert [(row.candidate_id, row.grades, row.graded_by, row.judge) for row in rows] == [
            ("q1-0", [4, 3, 3, 2, 1], "people", ""),
            ("q1-1", [1, 2, 3, 4, 0], "judge", "criteria judge"),
        ]

    def test_without_such_a_scale_are_refused(self, project):
        with pytest.raises(CannotRelease, match="No scale of this project has several criteria"):
            find_sources(project, Plan(formats=("criteria",)))

    def test_a_mean_between_two_grades_is_the_upper_one(self):
        assert [nearest(mean, [0, 1, 5]) for mean in (0.49, 0.5, 2.9, 3.0, 9)] == [0, 1, 1, 5, 5]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"source": "guess"}, "is no source"),
        ({"formats": ("word",)}, "“word” is no format"),
        ({"source": "judge"}, "Name the judge"),
        ({"source": "selection"}, "Name the selection"),
        ({"source": "selection", "selection": "s", "judge": 1}, "brings its own judge"),
        ({"source": "selection", "selection": "s", "min_labels": 2}, "brings its own judge"),
        ({"train": 90, "dev": 20}, "do not fit"),
        ({"train": 0, "dev": 0}, "do not fit"),
        ({"negatives": 0}, "between 1 and 1,000"),
        ({"seed": -1}, "The seed lies"),
        ({"min_labels": 0}, "at least one label"),
        ({"formats": ("margin-mse",)}, "holds a judge’s scores"),
    ],
)
def test_plans_that_nobody_could_make_are_refused_in_words(plan, words):
    with pytest.raises(CannotRelease, match=words):
        Plan(**plan).check()


def test_a_plan_is_kept_as_json_and_outlives_new_options():
    plan = Plan(source="both", judge=3, formats=("triplet", "beir"), train=70)
    stored = plan.as_json()
    assert Plan.from_json(stored) == plan
    assert Plan.from_json({"formats": ["qrels"], "of another day": 1}) == Plan(formats=("qrels",))
