"""Runs of one judge over time: κ with the first run, the shift of the score, and alarms past the limits."""

import pytest
from django.urls import reverse

from judges.models import Schedule, Verdict
from judges.services import create_judge, find_prompt, start_run
from judges.services.schedules import create_schedule, run_schedule
from reports.drift import drift_of
from tests.judges.test_runs import work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grader(project, engine):
    prompt = find_prompt(project, "grade-basic")
    return create_judge(project, name="grader", engine=engine, prompt=prompt, scoring="grade")


@pytest.fixture
def three_runs(project, grader, make_items):
    """The same twice; in the third, forty of a hundred items have a grade and half a point of score more."""
    make_items(project, 10, 10)
    runs = [work(start_run(grader)) for _ in range(3)]
    moved = list(
        Verdict.objects.filter(run=runs[2], grade__lt=3).order_by("item_id").values_list("item_id", flat=True)
    )
    for verdict in Verdict.objects.filter(run=runs[2], item_id__in=moved[:40]):
        Verdict.objects.filter(run=runs[2], item_id=verdict.item_id).update(
            grade=verdict.grade + 1, score=verdict.score + 0.5
        )
    return runs


def test_a_run_that_says_the_same_has_kappa_one_and_no_alarm(grader, three_runs):
    drift = drift_of(grader)
    same, moved = drift.rows
    assert drift.first == three_runs[0]
    assert (same.n, same.n_equal, same.kappa.value, same.shift.value, same.alarms) == (100, 100, 1.0, 0.0, [])
    assert (moved.n, moved.n_equal) == (100, 60)
    assert moved.shift.value == pytest.approx(0.2)  # forty halves among a hundred
    assert moved.shift.low < 0.2 < moved.shift.high
    assert moved.kappa.low < moved.kappa.value < moved.kappa.high


def test_limits_of_the_schedule_ring_the_alarm(project, grader, three_runs):
    create_schedule(grader, scope="drift", every_minutes=60)
    Schedule.objects.update(least_kappa=0.99, most_shift=0.05)
    moved = drift_of(grader).rows[-1]
    assert len(moved.alarms) == 2
    assert "under 0.99" in moved.alarms[0]
    assert "more than 0.15" in moved.alarms[1]  # a twentieth of the scale 0–3


def test_the_page_shows_runs_chart_and_table(project, grader, three_runs, alice, client_of):
    client = client_of(alice)
    address = reverse("reports:judge-drift", args=["soil", grader.pk])
    page = client.get(address).content.decode()
    assert str(three_runs[2]) in page
    assert "1.00" in page
    for file_format in ("png", "svg", "csv"):
        chart = client.get(address, {"chart": "drift", "file": file_format})
        assert chart.status_code == 200
    assert client.get(address, {"chart": "drift", "file": "pdf"}).status_code == 404


def test_without_two_runs_the_page_says_what_belongs_there(project, grader, make_items, alice, client_of):
    make_items(project, 2, 10)
    schedule = create_schedule(grader, scope="drift", every_minutes=60)
    work(run_schedule(schedule))
    page = client_of(alice).get(reverse("reports:judge-drift", args=["soil", grader.pk])).content.decode()
    assert "Nothing to compare yet" in page
