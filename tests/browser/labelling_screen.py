"""The labelling screen of a round of sixteen items, with keys to press and what to expect of it."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from annotate.models import Label
from annotate.services.opening import open_round
from annotate.services.rounds import create_round
from corpus.models import Candidate, Item, Query
from corpus.services import freeze_all_items

N_ITEMS = 16


@pytest.fixture
def round(project):
    query = Query.objects.create(project=project, external_id="q", text="what slows soil carbon loss")
    for number in range(N_ITEMS):
        candidate = Candidate.objects.create(
            project=project,
            external_id=f"c{number}",
            title=f"Title {number}",
            text="Cover crops keep roots in the ground through winter. " * 30,
        )
        Item.objects.create(query=query, candidate=candidate)
    return open_round(create_round(project, name="First pass", item_set=freeze_all_items(project)))


@pytest.fixture
def screen(round, ann, page_of) -> Page:
    """The labelling screen of Ann, who only labels."""
    page = page_of(ann)
    page.goto(reverse("annotate:label-item", args=["soil", round.pk]))
    return page


def press(page: Page, keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def expect_candidate(page: Page, number: int) -> None:
    heading = page.locator("#label-desk #card-heading")
    expect(heading).to_have_text(f"Candidate c{number}")
    expect(heading).to_be_focused()


def expect_saved(page: Page, n_labels: int) -> None:
    expect(page.locator("#label-state")).to_have_text("All saved")
    expect(page.locator("#label-progress")).to_contain_text(re.compile(rf"^{n_labels} mine"))


def grades(ann) -> list[int | None]:
    labels = Label.objects.current().filter(rater__user=ann).order_by("item_id")
    return list(labels.values_list("grade", flat=True))
