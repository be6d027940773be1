"""A labelling session in the real Chromium, with keys only."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotate.keys import keys_of, save_keys
from annotate.models import Flag, Label
from corpus.models import Project
from tests.browser.labelling_screen import (
    N_ITEMS,
    expect_candidate,
    expect_saved,
    grades,
    press,
    round,
    screen,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["round", "screen"]


def test_twelve_items_are_labelled_with_keys_alone(screen, round, ann):
    for number, key in enumerate([*"012321032", "Shift+Numpad3", "c5", "Shift+Numpad1"], 1):
        for each in [key] if "+" in key else key:  # cannot judge wants its reason: one more key
            screen.keyboard.press(each)
        expect_candidate(screen, number)
    expect_saved(screen, 12)
    assert grades(ann) == [0, 1, 2, 3, 2, 1, 0, 3, 2, 3, None, 1]
    assert screen.locator("#label-recent .grade").all_inner_texts() == list("1–32301232")
    assert all(seconds >= 0 for seconds in Label.objects.values_list("seconds", flat=True))


def test_undo_goes_back_step_by_step_and_the_next_answer_counts(screen, ann):
    press(screen, "01")
    expect_candidate(screen, 2)
    expect_saved(screen, 2)
    screen.keyboard.press("u")
    expect_candidate(screen, 1)
    screen.keyboard.press("Control+z")
    expect_candidate(screen, 0)
    expect_saved(screen, 0)
    press(screen, "33")
    expect_candidate(screen, 2)
    expect_saved(screen, 2)
    assert grades(ann) == [3, 3]
    assert Label.objects.count() == 4


def test_undo_works_after_a_reload_and_brings_the_rationale_back(screen, ann):
    screen.keyboard.press("e")
    screen.keyboard.type("2 reasons, u see?")
    screen.keyboard.press("Escape")
    screen.keyboard.press("1")
    expect_candidate(screen, 1)
    expect_saved(screen, 1)
    assert Label.objects.get().rationale == "2 reasons, u see?"
    screen.reload()
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c1")
    screen.keyboard.press("u")
    expect_candidate(screen, 0)
    expect(screen.locator("#rationale")).to_have_value("2 reasons, u see?")
    expect(screen.get_by_text("You took back 1.")).to_be_visible()
    screen.keyboard.press("2")
    expect_saved(screen, 1)
    assert grades(ann) == [2]


def test_a_skipped_item_does_not_return_until_it_is_asked_for(screen, ann):
    screen.keyboard.press("s")
    expect_candidate(screen, 1)
    for number in range(1, N_ITEMS):
        expect_candidate(screen, number)
        screen.keyboard.press("1")
    expect(screen.get_by_role("heading", name="Nothing waits for you")).to_be_focused()
    screen.get_by_role("button", name="Bring back the 1 I skipped").click()
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c0")
    screen.keyboard.press("1")
    expect(screen.get_by_role("heading", name="All items are graded")).to_be_focused()
    assert len(grades(ann)) == N_ITEMS


def test_a_reload_keeps_the_place(screen):
    press(screen, "12")
    expect_candidate(screen, 2)
    expect_saved(screen, 2)
    screen.reload()
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c2")
    expect_position = screen.locator("#label-progress")
    expect(expect_position).to_contain_text("2 mine")


def test_keys_sleep_while_somebody_types_or_a_dialog_is_open(screen, ann):
    screen.keyboard.press("e")
    screen.keyboard.type("012scu?g")
    expect(screen.locator("#rationale")).to_have_value("012scu?g")
    screen.keyboard.press("Escape")
    screen.keyboard.press("?")
    expect(screen.get_by_role("dialog")).to_be_visible()
    press(screen, "12s")
    screen.keyboard.press("Escape")
    expect(screen.get_by_role("dialog")).to_be_hidden()
    for chord in ("Control+1", "Alt+2", "Meta+3", "Shift+S"):
        screen.keyboard.press(chord)
    screen.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: '1', code: 'Digit1', isComposing: true, bubbles: true}))"
    )
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c0")
    assert grades(ann) == []


def test_single_keys_can_be_switched_off(screen):
    screen.keyboard.press("?")
    screen.locator("#keys-on").uncheck()
    screen.keyboard.press("Escape")
    screen.keyboard.press("1")
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c0")
    screen.get_by_role("button", name="Related").click()
    expect_candidate(screen, 1)
    expect_saved(screen, 1)  # a request still under way would meet the emptying of the database


def test_an_answer_in_the_strip_opens_and_is_corrected(screen, ann):
    press(screen, "12")
    expect_candidate(screen, 2)
    expect_saved(screen, 2)
    screen.locator("#label-recent a").last.click()
    expect(screen.get_by_text("You answered 1.")).to_be_visible()
    screen.keyboard.press("3")
    expect_candidate(screen, 2)
    expect_saved(screen, 2)
    assert grades(ann) == [3, 2]


def test_later_comes_back_at_the_end_and_a_flag_reaches_the_managers(screen, ann):
    screen.keyboard.press("l")
    expect_candidate(screen, 1)
    screen.keyboard.press("f")
    expect(screen.locator("#flag-note")).to_be_focused()
    screen.keyboard.type("the text is cut, see?")
    screen.keyboard.press("Control+Enter")
    expect(screen.locator("#label-told")).to_contain_text("still yours to grade")
    for number in range(1, N_ITEMS):
        expect_candidate(screen, number)
        screen.keyboard.press("2")
    expect_candidate(screen, 0)
    screen.keyboard.press("1")
    expect_saved(screen, N_ITEMS)
    assert grades(ann) == [1] + [2] * (N_ITEMS - 1)
    assert Flag.objects.get().note == "the text is cut, see?"


def test_cannot_judge_asks_for_the_reason_and_escape_leaves_it(screen, ann):
    screen.keyboard.press("c")
    expect(screen.get_by_text("Why can’t you judge it?")).to_be_visible()
    screen.keyboard.press("Escape")
    expect(screen.get_by_text("Why can’t you judge it?")).to_be_hidden()
    press(screen, "c3")
    expect_candidate(screen, 1)
    expect_saved(screen, 1)
    assert Label.objects.get().reason == "language"


def test_arrows_go_through_ones_own_answers_and_back(screen, ann):
    press(screen, "12")
    expect_candidate(screen, 2)
    expect_saved(screen, 2)
    screen.keyboard.press("ArrowLeft")
    expect(screen.get_by_text("You answered 2.")).to_be_visible()
    screen.keyboard.press("ArrowLeft")
    expect(screen.get_by_text("You answered 1.")).to_be_visible()
    screen.keyboard.press("ArrowRight")
    expect(screen.get_by_text("You answered 2.")).to_be_visible()
    screen.keyboard.press("ArrowRight")
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c2")


def test_own_keys_work_and_the_shipped_ones_do_not_any_more(round, ann, page_of):
    save_keys(ann, keys_of(ann) | {"skip": "x", "grade_3": "a"})
    page = page_of(ann)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    page.keyboard.press("s")
    expect(page.locator("#label-desk #card-heading")).to_have_text("Candidate c0")
    page.keyboard.press("x")
    expect_candidate(page, 1)
    page.keyboard.press("a")
    expect_candidate(page, 2)
    expect_saved(page, 1)
    assert grades(ann) == [3]


def test_where_enter_confirms_a_digit_only_chooses(round, project, ann, page_of):
    Project.objects.filter(pk=project.pk).update(enter_confirms=True)
    page = page_of(ann)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    press(page, "13")
    expect(page.locator('#label-desk [aria-pressed="true"]')).to_contain_text("Perfectly relevant")
    expect(page.locator("#label-desk #card-heading")).to_have_text("Candidate c0")
    page.keyboard.press("Enter")
    expect_candidate(page, 1)
    expect_saved(page, 1)
    assert grades(ann) == [3]
