"""The judges' room with real runs against the stand-in for vLLM: axe, nothing cut off, the workshop.

With CONCORD_SCREENSHOTS set to a folder the pictures lie there for somebody to look at.
"""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Item, Job, Query
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from judges import workshop
from judges.models import Prompt, Verdict
from judges.services import create_judge, create_jury, find_prompt, register_engine, start_run
from judges.services.schedules import create_schedule, run_schedule
from tasks.work import work_on_job
from tests.judges.openai_server import serve
from tests.judges.test_runs import work
from tests.judges.vllm_stub import MODEL, VllmStub

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def server():
    stub = VllmStub()
    with serve(stub.application()) as url:
        yield SimpleNamespace(stub=stub, url=url)


@pytest.fixture
def room(project, make_items, server, alice, root):
    """Judges of several kinds with their runs, versions of a prompt, a drift and a schedule."""
    items = make_items(project, 8, 12)
    Query.objects.filter(project=project, external_id__in=["q0", "q1", "q2", "q3"]).update(split="tune")
    ann = Rater.objects.create(project=project, name="ann")
    Label.objects.bulk_create(Label(item=item, rater=ann, grade=n % 12 % 4) for n, item in enumerate(items))
    refresh_references(project)
    engine = register_engine("gpu-box", kind="vllm", url=server.url, model=MODEL, price_in=0.2, price_out=0.6)
    room = SimpleNamespace(project=project, engine=engine, items=items)
    fields = {"name": "strict-grades", "scoring": "grade", "reply": {"abstain": "X"}}
    for version in (
        "Grade the passage.",
        "Grade the passage strictly.",
        "Grade the passage strictly, 0 to 3.",
    ):
        text = version + "\n{{grades}}\n<query>{{query}}</query>\n<passage>{{candidate}}</passage>\nGrade:"
        template = workshop.draft_template(
            fields | {"messages": [{"role": "user", "content": text}]}, rubric=project.rubric
        )
        room.prompt = workshop.save_prompt(project, template)
        room.judge = create_judge(
            project, name="strict", engine=engine, prompt=room.prompt, scoring="grade", by=alice
        )
        room.run = work(start_run(room.judge, by=alice))
    schedule = create_schedule(room.judge, scope="drift", cron="30 6 * * 1-5", by=alice)
    for part in range(3):
        run = work(run_schedule(schedule))
        for verdict in Verdict.objects.filter(run=run, grade__lt=3).order_by("item_id")[: 15 * part]:
            Verdict.objects.filter(run=run, item_id=verdict.item_id).update(
                grade=verdict.grade + 1, score=verdict.score + 0.6
            )
    yes = create_judge(
        project,
        name="plain yes",
        engine=engine,
        prompt=find_prompt(project, "yes-no-relevance"),
        scoring="yes_no",
    )
    work(start_run(yes))
    work(start_run(create_jury(project, name="panel", members=[room.judge, yes], rule="majority")))
    preference = add_rubric(project, template="preference")
    chooser = create_judge(
        project, name="chooser", engine=engine, prompt=find_prompt(project, "preference"), scoring="pairwise",
        rubric=preference,
    )  # fmt: skip
    pairs = draw_pairs(room.run.item_set, per_query=6, seed=1)
    room.pairwise = work(start_run(chooser, item_set=pairs))
    return room


def pages(room) -> dict[str, str]:
    """Name of the picture → address."""
    found: dict[str, str] = {}

    def page(picture: str, name: str, *args, query: str = "") -> None:
        found[picture] = reverse(name, args=[room.project.slug, *args]) + query

    found["engine"] = reverse("judges:engine-detail", args=[room.engine.pk])
    found["engine-new"] = reverse("judges:engine-create")
    page("judges", "judges:judge-list")
    page("judge-new", "judges:judge-create")
    page("jury-new", "judges:jury-create")
    page("judge", "judges:judge-detail", room.judge.pk)
    page("prompts", "judges:prompt-list")
    page("prompt", "judges:prompt-detail", room.prompt.pk)
    page("workshop", "judges:prompt-create", query=f"?from={room.prompt.pk}")
    page("runs", "judges:run-list")
    page("run-new", "judges:run-create")
    page("run", "judges:run-detail", room.run.pk)
    page("run-pairwise", "judges:run-detail", room.pairwise.pk)
    page("schedules", "judges:schedule-list")
    page("schedule-new", "judges:schedule-create")
    page("drift", "reports:judge-drift", room.judge.pk)
    return found


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
)
def test_axe_finds_nothing_and_nothing_is_cut_off(room, root, page_of, assert_accessible, width, scheme):
    page = page_of(root, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(reverse("judges:engine-detail", args=[room.engine.pk]))
    page.get_by_role("button", name="Probe engine").click()
    expect(page.get_by_text("everything is as it should be")).to_be_visible()
    for picture, address in pages(room).items():
        assert page.goto(address).status == 200, address
        if picture == "workshop":
            expect(page.get_by_text("about").last).to_be_visible()
        if picture == "drift":
            expect(page.locator(".chart-box svg")).to_be_visible()
        assert_accessible(page)
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(too_wide) <= 0, address
        if folder := os.environ.get("CONCORD_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"j-{picture}-{width}-{scheme}.png", full_page=True)


def test_a_new_draft_is_shown_before_it_has_a_name_and_saved_only_with_one(room, alice, page_of):
    page = page_of(alice)
    page.goto(reverse("judges:prompt-create", args=["soil"]))
    expect(page.locator("#prompt-preview pre")).to_contain_text("Which grade does the passage get?")
    page.get_by_role("button", name="Save version").click()
    expect(page.get_by_text("A version needs a name to be saved under.").first).to_be_visible()
    page.get_by_label("Name").fill("mine")
    page.get_by_role("button", name="Save version").click()
    expect(page.get_by_text("is saved as version 1")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_draft_is_written_tried_and_saved(room, alice, page_of, context_errors, assert_accessible, width):
    page = page_of(alice, viewport={"width": width, "height": 800})
    page.goto(reverse("judges:prompt-create", args=["soil"]) + f"?from={room.prompt.pk}")
    shown = page.locator("#prompt-preview pre")
    expect(shown).to_contain_text(re.compile(r"item q[0-3]-\d+ grade"))
    first = shown.inner_text()
    page.get_by_role("button", name="Another item").click()
    expect(shown).not_to_have_text(first)
    page.get_by_label("Message", exact=True).fill("Now {{query}} and {{candidate}} and {{nothing}}")
    expect(page.get_by_text("unknown place")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("Grade this.\n{{query}}\n{{candidate}}\n0, 1, 2 or 3:")
    expect(shown).to_contain_text("Grade this.")
    page.get_by_role("button", name="Try on 20 items").click()
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    work_on_job(Job.objects.get(kind=Job.Kind.TRY).pk)
    expect(page.get_by_text("of 20 compared")).to_be_visible()
    assert_accessible(page)
    if folder := os.environ.get("CONCORD_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"j-workshop-tried-{width}-light.png", full_page=True)
    page.get_by_role("button", name="Save version").click()
    expect(page.get_by_text("is saved as version 4")).to_be_visible()
    assert (
        Prompt.objects.get(name="strict-grades", version=4).messages[0]["content"].startswith("Grade this.")
    )
    assert Item.objects.filter(query__project=room.project).exists()
    assert context_errors == []
