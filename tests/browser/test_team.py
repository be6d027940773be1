"""Inviting and joining in the real Chromium, and the team's pages under axe."""

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotate.models import Participation, Rater
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items
from annotate.services.rounds import create_round
from corpus.archiving import archive_project
from corpus.invitations import invite
from corpus.models import Candidate, Item, Membership, Query
from corpus.services import freeze_all_items
from corpus.team import pause_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def expect_no_violation(page: Page, name: str) -> None:
    found = Axe().run(page).response["violations"]
    assert not found, json.dumps([(each["id"], [node["html"] for node in each["nodes"]]) for each in found])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
    folder = os.environ.get("CONCORD_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_stranger_comes_in_by_a_link(page_of, chromium, live_server, alice, context_errors):
    page = page_of(alice)
    page.goto("/p/soil/team/")
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("For whom").fill("Dora")
    page.get_by_role("button", name="Make link").click()
    link = page.locator("pre").inner_text()
    stranger = chromium.new_context(base_url=live_server.url)
    door = stranger.new_page()
    door.goto(link)
    door.get_by_label("Username").fill("dora")
    door.get_by_label("Password", exact=True).fill("correct horse battery")
    door.get_by_label("Password again").fill("correct horse battery")
    door.get_by_role("button", name="Make account and join").click()
    expect(door.get_by_text("You are now annotator here.")).to_be_visible()
    door.goto(link)
    expect(door.get_by_role("heading", name="This link lets nobody in")).to_be_visible()
    stranger.close()
    page.goto("/p/soil/team/")
    expect(page.get_by_role("row", name="dora")).to_be_visible()
    assert not context_errors


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_the_teams_pages(
    page_of, chromium, live_server, project, alice, bob, ann, vic, scheme, width
):
    query = Query.objects.create(project=project, external_id="q", text="What is soil?")
    for number in range(4):
        candidate = Candidate.objects.create(project=project, external_id=f"c{number}", text="Earth.")
        Item.objects.create(query=query, candidate=candidate)
    round = open_round(create_round(project, name="First", item_set=freeze_all_items(project)), by=alice)
    next_items(join_round(round, user=ann))
    pause_member(Membership.objects.get(user=vic))
    Participation.objects.filter(rater__in=Rater.objects.filter(user=ann)).update(n_labels=1234)
    _, token = invite(project, role="viewer", by=alice, note="The student from Wageningen")
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    page = page_of(alice, **options)
    member = Membership.objects.get(user=ann).pk
    pages = {
        "team": "/p/soil/team/",
        "invite": "/p/soil/team/invitations/new/",
        "relieve": f"/p/soil/team/members/{member}/relieve/",
        "log": "/p/soil/team/log/",
        "archive": "/p/soil/settings/archive/",
        "delete": "/p/soil/settings/delete/",
        "join": f"/join/{token}/",
    }
    for name, url in pages.items():
        page.goto(url)
        expect_no_violation(page, f"{name}-{width}-{scheme}")
    page.goto(pages["invite"])
    page.get_by_role("button", name="Make link").click()
    expect_no_violation(page, f"invited-{width}-{scheme}")
    stranger = chromium.new_context(base_url=live_server.url, **options)
    door = stranger.new_page()
    for name, url in (("stranger", f"/join/{token}/"), ("dead-link", "/join/none/")):
        door.goto(url)
        expect_no_violation(door, f"{name}-{width}-{scheme}")
    stranger.close()
    archive_project(project)
    page.goto("/p/soil/")
    expect_no_violation(page, f"archived-{width}-{scheme}")
