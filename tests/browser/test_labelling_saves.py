"""The labelling screen and the server: saves that are slow, lost, refused or late."""

import time

import pytest
from playwright.sync_api import Route, expect

from annotate.models import Hold, Slot
from tests.browser.labelling_screen import expect_candidate, expect_saved, grades, press, round, screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["round", "screen"]


def slowly(route: Route) -> None:
    time.sleep(0.3)
    route.continue_()


def fail(route: Route) -> None:
    route.abort()


def test_the_next_item_is_there_at_once(screen):
    """The swap happens in the key's own event, before anything is asked of the server."""
    screen.route("**/label/save/", lambda route: None)  # the server never answers
    swapped = screen.evaluate(
        """() => {
            const options = {key: "2", code: "Digit2", bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
            return document.querySelector("#label-desk #card-heading").textContent;
        }"""
    )
    assert swapped == "Candidate c1"


def test_the_swap_takes_less_than_a_tenth_of_a_second(screen):
    """Measured in the page, from the key to the next painted frame; printed, not asserted."""
    times = screen.evaluate(
        """async () => {
            const times = [];
            for (let turn = 0; turn < 10; turn += 1) {
                const before = document.querySelector("#label-desk #card-heading").textContent;
                const began = performance.now();
                const options = {key: "2", code: "Digit2", bubbles: true, cancelable: true};
                document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                times.push(performance.now() - began);
                const next = document.querySelector("#label-desk #card-heading").textContent;
                if (next === before) throw new Error("no swap");
                const state = document.getElementById("label-state");
                for (let wait = 0; state.textContent !== "All saved" && wait < 100; wait += 1) {
                    await new Promise((done) => setTimeout(done, 100));
                }
                state.textContent = "";
            }
            return times;
        }"""
    )
    print("swap, key to painted, ms:", [f"{each:.1f}" for each in sorted(times)])


def test_keys_that_come_faster_than_the_saves_are_all_kept_in_order(screen, ann):
    screen.route("**/label/save/", slowly)
    press(screen, "01")
    expect_candidate(screen, 2)
    screen.keyboard.press("2")
    expect_saved(screen, 3)
    assert grades(ann) == [0, 1, 2]


def test_a_lost_connection_loses_no_answer(screen, ann):
    screen.route("**/label/save/", fail)
    press(screen, "21")
    expect_candidate(screen, 2)
    expect(screen.locator("#label-state")).to_contain_text("2 answers not saved yet: no connection")
    expect(screen.locator("#label-recent [data-unsaved]")).to_have_text(["1", "2"])
    screen.unroute("**/label/save/")
    screen.get_by_role("button", name="Try now").click()
    expect_saved(screen, 2)
    assert grades(ann) == [2, 1]


def test_unsaved_answers_survive_a_reload(screen, ann):
    screen.on("dialog", lambda dialog: dialog.accept())
    screen.route("**/label/save/", fail)
    press(screen, "21")
    expect_candidate(screen, 2)
    screen.reload()
    screen.unroute("**/label/save/")
    expect_saved(screen, 2)
    expect(screen.locator("#label-desk #card-heading")).to_have_text("Candidate c2")
    assert grades(ann) == [2, 1]


def test_an_expired_login_keeps_the_answer_until_the_next_one(screen, ann, log_in):
    screen.context.clear_cookies()
    screen.keyboard.press("3")
    expect(screen.locator("#label-state")).to_contain_text("you are logged out")
    log_in(screen.context, ann)
    screen.get_by_role("button", name="Try now").click()
    expect_saved(screen, 1)
    assert grades(ann) == [3]


def test_an_answer_that_is_refused_stays_readable(screen, round, ann):
    screen.keyboard.press("e")
    screen.keyboard.type("a long thought")
    screen.keyboard.press("Escape")
    Slot.objects.filter(round=round, position=1).update(
        places_left=0
    )  # as if others had taken the last place
    screen.keyboard.press("2")
    alert = screen.get_by_role("alert")
    expect(alert).to_contain_text("Other people have graded this item")
    expect(alert).to_contain_text("a long thought")
    expect_candidate(screen, 1)
    assert grades(ann) == []


def test_leaving_the_page_releases_what_it_held(screen):
    assert Hold.objects.live().count() == 3
    screen.goto("about:blank")
    deadline = time.monotonic() + 10
    while Hold.objects.live().exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert Hold.objects.live().count() == 0
    assert Hold.objects.count() == 3
