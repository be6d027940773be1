from datetime import timedelta
from math import nan

import pytest
from django.utils import timezone

from corpus.models import Rubric
from corpus.templatetags.show import ago, duration, figure, grade_chip, interval, state_badge


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (0.5234, "0.52"),
        (-0.5234, "−0.52"),
        (0.01234, "0.012"),
        (0.0, "0.00"),
        (12.345, "12.3"),
        (123.45, "123"),
        (12345.6, "12,346"),
    ],
)
def test_figures_have_about_three_digits_and_separated_thousands(value, shown):
    assert figure(value) == shown


@pytest.mark.parametrize("value", [None, nan])
def test_what_is_undefined_is_a_dash_with_a_reason(value):
    assert "–" in figure(value)
    assert "title=" in figure(value)
    assert "–" in interval((0.1, value))


def test_an_interval_stands_in_square_brackets():
    assert interval((0.481, 0.559)) == "[0.48, 0.56]"
    assert interval([-0.1, 0.2]) == "[−0.10, 0.20]"


def test_a_grade_shows_its_numeral_on_the_ramp_of_its_scale():
    rubric = Rubric()
    assert 'class="grade ramp-0"' in grade_chip(0, rubric)
    assert 'class="grade ramp-10" title="3 Perfectly relevant">3<' in grade_chip(3, rubric)
    assert "–" in grade_chip(None, rubric)
    assert "Not in the rubric" in grade_chip(7, rubric)


def test_a_grades_name_is_text():
    rubric = Rubric(
        grades=[{"value": 0, "name": '"><b>', "meaning": ""}, {"value": 1, "name": "", "meaning": ""}]
    )
    assert "<b>" not in grade_chip(0, rubric)


def test_a_state_has_a_sign_and_a_word():
    assert "✕</span> Failed" in state_badge("failed")
    assert "is-running" in state_badge("running")


def test_durations_have_two_units_at_most():
    assert [duration(each) for each in (4, 200, 120, 7500, 7200, None)] == [
        "4 s",
        "3 min 20 s",
        "2 min",
        "2 h 5 min",
        "2 h",
        "–",
    ]


def test_times_are_relative_with_the_date_and_zone_on_hover():
    shown = ago(timezone.now() - timedelta(hours=2))
    assert "2 hours ago" in shown
    assert "UTC" in shown
