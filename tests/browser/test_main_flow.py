"""The main job in one go, in the real Chromium: import, label, judge, compare, export.

Real PostgreSQL, real Valkey, a real Celery worker; only the language model is a small server that knows its
grades, so that every figure can be checked.
"""

import csv
import io
import json
import re
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from judges.models import Verdict

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.django_db(transaction=True)]

SAMPLE = django_settings.ROOT / "corpus" / "sample"
N_QUERIES, N_CANDIDATES, N_LABELS = 3, 8, 12
N_ITEMS = N_QUERIES * N_CANDIDATES
CUT = 2
LONG = 60_000  # milliseconds for what a worker does
FAMILIAR_SIGNS = str.maketrans("−", "-")


class Pair(dict):
    """One row of the file, with the grade Alice will give and the one the judge will give."""

    human: int
    judged: int


@pytest.fixture
def pairs() -> dict[str, Pair]:
    """The sample's first queries by candidate id. The judge errs on every third candidate."""
    authors = {
        label["candidate_id"]: label["grade"]
        for label in read_lines("labels.jsonl")
        if label["rater"] == "author-1" and label["grade"] is not None
    }
    known = [row for row in read_lines("pairs.jsonl") if row["candidate_id"] in authors]
    found = {}
    for place, row in enumerate(known[:N_ITEMS]):
        pair = Pair(row)
        pair.human = authors[row["candidate_id"]]
        pair.judged = (pair.human + 1) % 4 if place % 3 == 0 else pair.human
        pair["candidate"] += (
            f" (item {row['candidate_id']} grade {pair.judged})"  # what the small server reads
        )
        found[row["candidate_id"]] = pair
    assert len({row["query_id"] for row in found.values()}) == N_QUERIES
    return found


def read_lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (SAMPLE / name).read_text().splitlines()]


@pytest.fixture
def file_of_pairs(pairs, tmp_path):
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["query_id", "query", "need", "candidate_id", "title", "candidate"])
        writer.writeheader()
        writer.writerows(pairs.values())
    return path


@pytest.fixture
def worker(make_worker, settings, tmp_path):
    """A worker that is up once it answers, on the same files as the pages."""
    settings.FILES = tmp_path / "files"
    worker = make_worker(CONCORD_VAR=str(tmp_path))
    worker.start(n_processes=2)
    return worker


def test_from_a_file_of_pairs_to_an_agreement_report_and_a_dataset(
    new_page, alice, root, project, worker, stub, pairs, file_of_pairs, assert_accessible, context_errors
):
    register_engine(new_page(), stub.url, assert_accessible)
    page = new_page()
    log_in(page, "alice")
    import_pairs(page, file_of_pairs, assert_accessible)
    given = label(page, pairs, assert_accessible)
    judge(page, worker, assert_accessible)
    compare(page, pairs, given, assert_accessible)
    export(page, pairs, given, assert_accessible)
    assert context_errors == []


def log_in(page: Page, username: str) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill("a long test password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")


def heading(page: Page, name: str | re.Pattern) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def rail(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Project").get_by_role("link", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    """What the page offers to do; an empty page may offer it twice."""
    page.locator(".page-actions, .empty").get_by_role("link", name=name, exact=True).first.click()


def register_engine(page: Page, url: str, assert_accessible: Callable) -> None:
    """A site admin registers the small server, and its probe says what it can do."""
    page.goto("/login/")
    assert_accessible(page)
    log_in(page, "root")
    page.get_by_role("link", name="Engines").click()
    assert_accessible(page)
    follow(page, "Register engine")
    heading(page, "Register engine")
    page.get_by_label("Name", exact=True).fill("small server")
    page.get_by_label("OpenAI-compatible server").check()
    page.get_by_label("Address").fill(url)
    page.get_by_label("Model").fill("stub-model")
    page.get_by_label("Key").fill("sk-secret")
    assert_accessible(page)
    page.get_by_role("button", name="Register engine").click()
    heading(page, "small server")
    page.get_by_role("button", name="Probe engine").click()
    expect(page.get_by_text("reachable").first).to_be_visible()
    assert "sk-secret" not in page.content()
    assert_accessible(page)


def import_pairs(page: Page, path, assert_accessible: Callable) -> None:
    page.get_by_role("link", name="Soil").click()
    heading(page, "Overview")
    assert_accessible(page)
    rail(page, "Imports")
    follow(page, "Import a file")
    heading(page, "Import a file")
    page.get_by_label("File", exact=True).set_input_files(path)
    assert_accessible(page)
    page.get_by_role("button", name="Upload and preview").click()
    heading(page, "Preview of pairs.csv")
    expect(page.get_by_role("heading", name=re.compile("^The first"))).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Import", exact=True).click()
    heading(page, "Import of pairs.csv")
    expect(page.locator("#import-progress .lead")).to_contain_text(f"from {N_ITEMS} rows", timeout=LONG)
    assert_accessible(page)
    page.get_by_role("link", name="See items").click()
    heading(page, "Items")
    assert_accessible(page)


def label(page: Page, pairs: dict[str, Pair], assert_accessible: Callable) -> dict[str, int]:
    """Open a round and grade the first items with keys; returns the grades by candidate id."""
    rail(page, "Label")
    assert_accessible(page)
    follow(page, "New round")
    heading(page, "New round")
    page.get_by_label("Name", exact=True).fill("First pass")
    page.get_by_label("People per item").fill("1")
    assert_accessible(page)
    page.get_by_role("button", name="Make round").click()
    heading(page, "First pass")
    page.get_by_role("button", name="Open round").click()
    expect(page.get_by_text("0 of 24 labels")).to_be_visible()
    assert_accessible(page)
    follow(page, "Label")
    given: dict[str, int] = {}
    card = page.locator("#label-desk #card-heading")
    page.wait_for_url("**/label/")  # and until its script listens
    while len(given) < N_LABELS:
        candidate = card.inner_text().removeprefix("Candidate ")
        assert candidate not in given
        given[candidate] = pairs[candidate].human
        page.keyboard.press(str(given[candidate]))
        expect(card).not_to_have_text(f"Candidate {candidate}")
        expect(card).to_have_text(re.compile("^Candidate"))  # and no longer “One moment”
        expect(card).to_be_focused()
    expect(page.locator("#label-state")).to_have_text("All saved")
    assert_accessible(page)
    page.get_by_role("heading", level=1).get_by_role("link").click()
    expect(page.get_by_text(f"{N_LABELS} of {N_ITEMS} labels")).to_be_visible()
    return given


def judge(page: Page, worker, assert_accessible: Callable) -> None:
    """Make a judge and run it. While the worker is held up the page waits; it comes to its end by itself."""
    rail(page, "Judges")
    assert_accessible(page)
    follow(page, "Make judge")
    heading(page, "Make judge")
    page.get_by_label("Name", exact=True).fill("grader")
    page.get_by_label("Prompt").select_option(label=re_option(page, "grade-basic"))
    assert_accessible(page)
    page.get_by_role("button", name="Make judge").click()
    heading(page, "grader")
    assert_accessible(page)
    follow(page, "Start run")
    heading(page, "Start run")
    assert_accessible(page)
    worker.freeze()
    page.get_by_role("button", name="Start run").click()
    progress = page.locator("#run-progress")
    expect(progress).to_contain_text("Waiting for a worker.")
    worker.thaw()
    expect(progress).to_contain_text("Done.", timeout=LONG)
    expect(progress).to_contain_text(f"of {N_ITEMS} items")
    assert_accessible(page)
    rail(page, "Runs")
    heading(page, "Runs")
    assert_accessible(page)


def re_option(page: Page, prompt: str) -> str:
    """The whole text of the option that begins with the prompt's name."""
    return page.get_by_label("Prompt").locator("option", has_text=prompt).first.inner_text()


def compare(page: Page, pairs: dict[str, Pair], given: dict[str, int], assert_accessible: Callable) -> None:
    people = list(given.values())
    judged = [pairs[candidate].judged for candidate in given]
    scores = [
        Verdict.objects.get(item__candidate__external_id=candidate, run__judge__name="grader").score
        for candidate in given
    ]
    kappa = cohen_kappa_score(people, judged)
    auc = roc_auc_score([grade >= CUT for grade in people], scores)

    rail(page, "Agreement")
    heading(page, "Agreement")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="grader"))
    said = row.inner_text().translate(FAMILIAR_SIGNS)
    assert f"{N_LABELS} / {N_LABELS}" in said
    assert f"{kappa:.2f}" in said
    assert f"{auc:.2f}" in said
    assert_accessible(page)

    row.get_by_role("link", name="grader").click()
    heading(page, re.compile("^grader"))
    for name, value in (("Cohen's κ", kappa), ("Area under the ROC curve", auc)):
        table = page.get_by_role("region", name="Agreement with people")
        measure = table.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
        said = measure.inner_text().translate(FAMILIAR_SIGNS)
        assert f"{value:.2f}" in said, said
        assert f"\t{N_LABELS}" in said, said
    charts = page.locator("figure.chart")
    assert charts.count() >= 2
    for place in range(charts.count()):
        drawing = charts.nth(place).locator(".chart-box svg").first
        drawing.scroll_into_view_if_needed()
        expect(drawing).to_be_visible()
        assert drawing.locator("path").count() > 0
    assert_accessible(page)


def export(page: Page, pairs: dict[str, Pair], given: dict[str, int], assert_accessible: Callable) -> None:
    rail(page, "Exports")
    heading(page, "Exports")
    page.get_by_role("button", name="Export", exact=True).click()
    download = page.get_by_role("link", name=re.compile("^Download"))
    expect(download).to_be_visible(timeout=LONG)
    assert_accessible(page)
    with page.expect_download() as fetched:
        download.click()
    assert fetched.value.suggested_filename.endswith(".csv")
    text = fetched.value.path().read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    labels = {row["candidate_id"]: row for row in rows if row["rater_kind"] == "person"}
    verdicts = {row["candidate_id"]: row for row in rows if row["rater_kind"] == "judge"}
    assert len(rows) == N_LABELS + N_ITEMS == len(labels) + len(verdicts)
    assert {candidate: int(row["grade"]) for candidate, row in labels.items()} == given
    assert {(row["rater"], row["round"], row["outcome"]) for row in labels.values()} == {
        ("alice", "First pass", "graded")
    }
    assert {candidate: int(row["grade"]) for candidate, row in verdicts.items()} == {
        candidate: pair.judged for candidate, pair in pairs.items()
    }
    assert {(row["rater"], row["prompt"], row["scoring"]) for row in verdicts.values()} == {
        ("grader", "grade-basic", "grade")
    }
    for candidate, row in verdicts.items():
        assert row["candidate"] == pairs[candidate]["candidate"]
        assert row["query"] == pairs[candidate]["query"]
