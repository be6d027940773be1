"""A jury puts its members' grades together by its rule, with the arithmetic shown."""

import numpy as np
import pytest
from django.urls import reverse

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Item, Query
from judges.models import Judge, Run, Verdict
from judges.running import load_run, work_on_run
from judges.scoring.jury import NO_GRADE, decide
from judges.services import JudgeRefused, RunRefused, create_judge, create_jury, find_prompt, start_run
from tests.judges.test_runs import work

VALUES = [0, 1, 2, 3]


def decided(*rows: list[int], rule: str, weights=None) -> list[tuple]:
    answers = decide(np.array(rows), values=VALUES, rule=rule, weights=weights)
    return [(answer.outcome, answer.grade, answer.score and round(answer.score, 3)) for answer in answers]


def test_the_majority_wins_and_a_draw_goes_to_the_grade_nearest_to_the_mean():
    # 3, 3, 0: mean 2. 0, 0, 3, 3: both grades lie 1.5 from the mean, so the lower. 0, 3, 3, 0, 2: mean 1.6.
    assert decided([3, 3, 0], rule="majority") == [("graded", 3, 2.0)]
    assert decided([0, 0, 3, 3], rule="majority") == [("graded", 0, 1.5)]
    assert decided([0, 3, 3, 0, 2], rule="majority") == [("graded", 3, 1.6)]


def test_the_mean_is_rounded_to_the_nearest_grade():
    assert decided([0, 3, 3], [1, 2, NO_GRADE], rule="mean") == [("graded", 2, 2.0), ("graded", 1, 1.5)]


def test_weights_decide_and_a_member_without_weight_has_no_say():
    # 0.5 for grade 3 against 0.2 + 0.2 for grade 1: score (1.5 + 0.4) / 0.9.
    assert decided([3, 1, 1], rule="weighted", weights=[0.5, 0.2, 0.2]) == [("graded", 3, 2.111)]
    assert decided([NO_GRADE, 1, 1], rule="weighted", weights=[0.5, 0, 0]) == [("abstained", None, None)]


def test_dawid_and_skene_learn_whom_to_believe():
    generator = np.random.default_rng(1)
    truth = generator.integers(0, 4, 300)
    careful = [np.where(generator.random(300) < 0.9, truth, generator.integers(0, 4, 300)) for _ in range(2)]
    wild = [generator.integers(0, 4, 300) for _ in range(3)]
    said = np.stack([*careful, *wild], axis=1)
    right = {
        rule: np.mean(
            [a.grade == t for a, t in zip(decide(said, values=VALUES, rule=rule), truth, strict=True)]
        )
        for rule in ("majority", "dawid_skene")
    }
    assert right["dawid_skene"] > 0.85 > right["majority"]


def test_an_item_nobody_graded_is_abstained_on_and_missing_members_are_named():
    answers = decide(np.array([[NO_GRADE, NO_GRADE], [2, NO_GRADE]]), values=VALUES, rule="majority")
    assert [answer.outcome for answer in answers] == ["abstained", "graded"]
    assert answers[1].reason == "1 of 2 members have no grade"
    assert answers[1].raw == "2, –"


@pytest.fixture
def members(project, engine, make_items) -> list[Judge]:
    """Two judges that said what the items' texts say, and one that says 3 of everything."""
    make_items(project, 4, 10)
    Query.objects.filter(project=project, external_id__in=["q0", "q1", "q2"]).update(split="tune")
    prompt = find_prompt(project, "grade-basic")
    made = [
        create_judge(
            project, name=name, engine=engine, prompt=prompt, scoring="grade", options={"mass_floor": floor}
        )
        for name, floor in (("one", 0.01), ("two", 0.02), ("high", 0.03))
    ]
    for judge in made:
        work(start_run(judge))
    Verdict.objects.filter(run__judge=made[2]).update(grade=3)
    rater = Rater.objects.create(project=project, name="ann")
    Label.objects.bulk_create(
        Label(item=item, rater=rater, grade=int(item.candidate.external_id.split("-")[1]) % 4)
        for item in Item.objects.for_project(project).select_related("candidate")
    )
    refresh_references(project)
    return made


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rule", ["majority", "weighted", "dawid_skene", "mean"])
def test_a_jury_runs_like_a_judge_and_asks_nothing(project, members, stub, rule):
    stub.asked.clear()
    run = work(start_run(create_jury(project, name="panel", members=members, rule=rule)))
    assert (run.job.state, run.n_graded, stub.asked.total()) == ("done", 40, 0)
    expected = dict(Verdict.objects.filter(run__judge=members[0]).values_list("item_id", "grade"))
    found = dict(Verdict.objects.filter(run=run).values_list("item_id", "grade"))
    if rule == "mean":  # two say g, one 3: mean (2g + 3) / 3
        expected = {item: [1, 2, 2, 3][grade] for item, grade in expected.items()}
    assert found == expected


@pytest.mark.django_db(transaction=True)
def test_a_jury_waits_for_its_members_and_weights_need_references(project, members):
    jury = create_jury(project, name="panel", members=members, rule="weighted")
    Run.objects.filter(judge=members[1]).delete()
    with pytest.raises(RunRefused, match="“two” has no complete run"):
        start_run(jury)
    work(start_run(members[1]))
    Query.objects.filter(project=project).update(split="test")
    run = start_run(jury)
    work_on_run(load_run(job_id=run.job_id))
    run.job.refresh_from_db()
    assert run.job.state == "failed"
    assert "at least 20 references on the tune split" in run.job.error


@pytest.mark.django_db(transaction=True)
def test_the_same_jury_is_the_same_and_a_jury_of_juries_is_refused(project, members):
    jury = create_jury(project, name="panel", members=members, rule="majority")
    assert create_jury(project, name="panel", members=members[::-1], rule="majority") == jury
    assert create_jury(project, name="panel", members=members[:2], rule="majority").version == 2
    with pytest.raises(JudgeRefused, match="jury itself"):
        create_jury(project, name="more", members=[jury, members[0]], rule="majority")
    with pytest.raises(JudgeRefused, match="at least two"):
        create_jury(project, name="more", members=members[:1], rule="majority")


@pytest.mark.django_db(transaction=True)
def test_a_jury_is_made_in_the_browser(project, members, alice, client_of):
    url = reverse("judges:jury-create", args=["soil"])
    assert b"Dawid" in client_of(alice).get(url).content
    form = {"name": "panel", "members": [judge.pk for judge in members], "rule": "mean"}
    response = client_of(alice).post(url, form, follow=True)
    jury = Judge.objects.get(name="panel")
    assert response.redirect_chain[-1][0] == jury.get_absolute_url()
    assert "nearest to the members’ mean" in response.content.decode()
    work(start_run(jury))
    for name in ("judges:judge-list", "judges:run-list", "reports:agreement"):
        assert "panel" in client_of(alice).get(reverse(name, args=["soil"])).content.decode()
