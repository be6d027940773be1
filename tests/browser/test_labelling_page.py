"""The labelling page itself: without JavaScript, under axe and the CSP, with a long text."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotate.models import Participation
from corpus.models import Candidate
from tests.browser.labelling_screen import expect_saved, grades, press, round, screen

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["round", "screen"]


def test_it_works_without_javascript(round, ann, page_of):
    page = page_of(ann, java_script_enabled=False)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    page.get_by_role("button", name="Highly relevant").click()
    expect(page.locator("#label-desk #card-heading")).to_have_text("Candidate c1")
    page.get_by_role("button", name="Skip").click()
    expect(page.locator("#label-desk #card-heading")).to_have_text("Candidate c2")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#label-desk #card-heading")).to_have_text("Candidate c1")
    assert grades(ann) == [2]
    assert Participation.objects.get().n_labels == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_labelling_pages(round, ann, alice, page_of, scheme, width):
    page = page_of(alice, color_scheme=scheme, viewport={"width": width, "height": 800})
    for name, args in [
        ("label-item", [round.pk]),
        ("round-list", []),
        ("round-detail", [round.pk]),
        ("round-create", []),
        ("key-preferences", None),
    ]:
        page.goto(reverse(f"annotate:{name}", args=None if args is None else ["soil", *args]))
        if name == "label-item":
            press(page, "120")
            expect_saved(page, 3)
            press(page, "gf")
            page.keyboard.press("Escape")
            press(page, "c")
        found = Axe().run(page).response["violations"]
        assert not found, json.dumps(
            [(each["id"], [node["html"] for node in each["nodes"]]) for each in found], indent=1
        )


def test_no_script_or_style_breaks_the_content_security_policy(screen: Page, context_errors):
    press(screen, "1g?")
    screen.keyboard.press("Escape")
    expect_saved(screen, 1)
    assert context_errors == []


def test_a_long_text_is_folded_and_m_unfolds_it(round, ann, page_of):
    Candidate.objects.update(text="A long passage goes on. " * 400)
    page = page_of(ann)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    rest = page.locator("#label-desk .label-more .passage")
    expect(rest).to_be_hidden()
    page.keyboard.press("m")
    expect(rest).to_be_visible()
