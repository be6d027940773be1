"""Labelling several criteria, and preferences, in the real Chromium with keys only."""

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotate.models import Label, Round
from annotate.services.opening import open_round
from annotate.services.rounds import create_round
from corpus.models import Candidate, Item, Query
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from corpus.services import freeze_all_items

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def source(project):
    """Four candidates of one query."""
    query = Query.objects.create(
        project=project, external_id="q", text="what slows soil carbon loss", need="For arable farms."
    )
    for number in range(4):
        candidate = Candidate.objects.create(
            project=project,
            external_id=f"c{number}",
            title=f"Title {number}",
            text=f"Passage {number}: cover crops keep roots in the ground through winter. " * 20,
        )
        Item.objects.create(query=query, candidate=candidate)
    return freeze_all_items(project)


@pytest.fixture
def quality(project, source) -> Round:
    rubric = add_rubric(project, template="criteria")
    return open_round(create_round(project, name="Quality", item_set=source, rubric=rubric))


@pytest.fixture
def preference(project, source) -> Round:
    rubric, pairs = add_rubric(project, template="preference"), draw_pairs(source, per_query=6, seed=1)
    return open_round(create_round(project, name="Better", item_set=pairs, rubric=rubric))


def open_screen(page_of, user, round: Round) -> Page:
    page = page_of(user)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    return page


def picture(page: Page, name: str) -> None:
    """With CONCORD_SCREENSHOTS set to a folder, leave a picture there for somebody to look at."""
    if folder := os.environ.get("CONCORD_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def expect_saved(page: Page, n_labels: int) -> None:
    expect(page.locator("#label-state")).to_have_text("All saved")
    expect(page.locator("#label-progress")).to_contain_text(re.compile(rf"^{n_labels} mine"))


def answers() -> list[tuple]:
    return list(Label.objects.current().order_by("id").values_list("grade", "marks"))


def test_digits_grade_one_criterion_after_the_other_and_the_last_one_goes_on(page_of, ann, quality):
    page = open_screen(page_of, ann, quality)
    marked = page.locator("#label-desk [data-marked] legend")
    expect(marked).to_contain_text("Helpfulness")
    for key, following in zip("4321", ("Correctness", "Coherence", "Complexity", "Verbosity"), strict=True):
        page.keyboard.press(key)
        expect(marked).to_contain_text(following)
    page.keyboard.press("0")
    expect(page.locator("#label-desk #card-heading")).to_contain_text("c1")
    expect(marked).to_contain_text("Helpfulness")
    expect_saved(page, 1)
    assert answers() == [(4, [3, 2, 1, 0])]


def test_a_criterion_is_graded_again_with_the_arrows_and_a_full_answer_waits_for_enter(page_of, ann, quality):
    page = open_screen(page_of, ann, quality)
    for key in ("1", "1", "ArrowUp", "3", "1", "1", "1"):
        page.keyboard.press(key)
    expect_saved(page, 1)
    assert answers() == [(1, [3, 1, 1, 1])]
    page.keyboard.press("ArrowLeft")  # the answer just given
    expect(page.locator("#label-desk .label-earlier")).to_contain_text("You answered 1 · 3 1 1 1")
    page.keyboard.press("0")
    expect(page.locator("#label-desk [name=grade]:checked")).to_have_value("0")
    assert answers() == [(1, [3, 1, 1, 1])]
    page.keyboard.press("Enter")
    expect(page.locator("#label-desk #card-heading")).to_contain_text("c1")
    expect_saved(page, 1)
    assert answers() == [(0, [3, 1, 1, 1])]


def test_saving_too_early_says_so_and_saves_nothing(page_of, ann, quality):
    page = open_screen(page_of, ann, quality)
    page.keyboard.press("2")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#label-desk #card-heading")).to_contain_text("c0")
    assert page.locator("#label-desk [name=mark_1]").first.evaluate("each => each.validity.valueMissing")
    assert answers() == []
    page.keyboard.press("s")  # skipping needs no grade
    expect(page.locator("#label-desk #card-heading")).to_contain_text("c1")
    expect(page.locator("#label-state")).to_have_text("All saved")


def test_one_two_and_nought_say_left_right_and_neither(page_of, ann, preference):
    page = open_screen(page_of, ann, preference)
    expected = []
    for key in "120120":
        expect(page.locator("#label-desk .label-side .mono")).to_have_count(2)
        sides = page.locator("#label-desk .label-side .mono").all_inner_texts()
        expected.append({"1": sides[0], "2": sides[1], "0": "neither"}[key])
        heading = page.locator("#label-desk .label-card").get_attribute("data-slot")
        page.keyboard.press(key)
        expect(page.locator(f"#label-desk .label-card[data-slot='{heading}']")).to_have_count(0)
    expect_saved(page, 6)
    labels = Label.objects.order_by("id").select_related("item__candidate", "item__rival")
    won = {2: "candidate", 0: "rival"}
    found = [
        getattr(label.item, won[label.grade]).external_id if label.grade in won else "neither"
        for label in labels
    ]
    assert found == expected
    assert page.locator("#label-recent .grade").all_inner_texts() == ["=", "R", "L", "=", "R", "L"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
@pytest.mark.parametrize("which", ["quality", "preference"])
def test_both_screens_are_accessible(page_of, ann, which, size, scheme, request, assert_accessible):
    round = request.getfixturevalue(which)
    page = page_of(ann, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    assert_accessible(page)
    picture(page, f"label-{which}-{size[0]}-{scheme}")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
