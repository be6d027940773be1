"""Adjudication with keys only, and the pages about people under axe, in the real Chromium."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotate.models import Adjudication, Label, Rater
from annotate.references import refresh_references
from corpus.models import Candidate, Item, Query, Reference

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def items(project) -> list[Item]:
    """Thirty items of six queries: labels of three people who sometimes differ, and of one dealer."""
    generator = np.random.default_rng(5)
    made = []
    for number in range(30):
        if number % 5 == 0:
            query = Query.objects.create(
                project=project, external_id=f"q{number}", text="what slows soil carbon loss"
            )
        candidate = Candidate.objects.create(
            project=project,
            external_id=f"c{number}",
            title=f"Title {number}",
            text="Cover crops keep roots in the ground through winter. " * 8,
        )
        made.append(Item.objects.create(query=query, candidate=candidate))
    truth = generator.integers(0, 4, 30)
    said = {
        "ann": truth,
        "ben": np.clip(truth + (generator.random(30) < 0.2), 0, 3),
        "cleo": np.clip(truth - (generator.random(30) < 0.2), 0, 3),
        "dealer": generator.integers(0, 4, 30),
    }
    for name, grades in said.items():
        rater = Rater.objects.create(project=project, name=name)
        Label.objects.bulk_create(
            Label(item=item, rater=rater, grade=int(grade), rationale=f"{name} thinks so.")
            for item, grade in zip(made, grades, strict=True)
        )
    refresh_references(project)
    return made


def press(page: Page, key: str) -> None:
    """Press a key once the page's scripts listen: its text stands there before they do."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def test_a_dispute_is_decided_and_taken_back_with_keys_alone(items, bob, page_of, context_errors):
    page = page_of(bob)
    page.goto(reverse("annotate:adjudication-list", args=["soil"]))
    page.get_by_role("link", name="Decide").click()
    first = page.url
    expect(page.get_by_text("dealer thinks so.")).to_be_visible()
    press(page, "e")
    page.keyboard.type("The 2 of us agree")  # the digit is text here
    press(page, "Escape")
    press(page, "2")
    expect(page).to_have_url(re.compile(r"last="))
    assert page.url.split("?")[0] != first
    decided = Adjudication.objects.get()
    assert (decided.grade, decided.note, decided.by) == (2, "The 2 of us agree", bob)
    assert Reference.objects.get(item=decided.item).grade == 2
    press(page, "u")
    expect(page).to_have_url(first)
    assert not Adjudication.objects.current().exists()
    press(page, "s")
    page.wait_for_url(lambda url: url != first)
    press(page, "c")
    expect(page).to_have_url(re.compile(r"last="))
    assert Adjudication.objects.current().get().cannot_judge
    assert context_errors == []


def test_keys_can_be_switched_off(items, bob, page_of):
    page = page_of(bob)
    page.goto(reverse("annotate:adjudication-item", args=["soil", items[0].pk]))
    page.locator("#keys-on").uncheck()
    page.locator("#keys-on").blur()
    press(page, "2")
    page.get_by_role("button", name="3 Perfectly relevant").click()
    expect(page).to_have_url(re.compile(r"last="))
    assert Adjudication.objects.get().grade == 3


def test_the_matrix_of_people_is_drawn(items, vic, page_of, context_errors):
    page = page_of(vic)
    page.goto(reverse("reports:people", args=["soil"]))
    expect(page.locator("#pairwise .chart-box svg")).to_be_visible()
    expect(page.get_by_text("looks random", exact=True)).to_be_visible()
    assert context_errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_pages_about_people(items, bob, page_of, scheme, width):
    page = page_of(bob, viewport={"width": width, "height": 900}, color_scheme=scheme)
    Adjudication.objects.create(item=items[3], grade=1, by=bob, note="Read twice.")
    for url in (
        reverse("reports:people", args=["soil"]),
        reverse("annotate:adjudication-list", args=["soil"]),
        reverse("annotate:adjudication-list", args=["soil"]) + "?show=decided",
        reverse("annotate:adjudication-item", args=["soil", items[0].pk]),
        reverse("annotate:adjudication-item", args=["soil", items[3].pk]),
    ):
        page.goto(url)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{url}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
