"""Datasets in the browser: the form with its first rows, the release, its files, what changed."""

import hashlib
import io
import shutil
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from annotate.models import Label
from annotate.references import refresh_references
from corpus.models import AuditEntry, Candidate, Job
from corpus.services import create_project
from exchange.datasets.plan import Plan
from exchange.datasets.writers.formats import FORMATS
from exchange.models import Release
from exchange.releases import preview as previewing
from exchange.releases.checking import checks_of, run_check, start_check
from exchange.releases.making import prepare_release, run_release
from tasks.work import work_on_job
from tests.exchange.releasing import collect, judge_all, make_judge, release

HTMX = {"HX-Request": "true"}
SENT = {
    "name": "first", "source": "references", "formats": ["triplet", "qrels"], "negatives": 2, "train": 60,
    "dev": 20, "seed": 0, "min_labels": 1,
}  # fmt: skip

pytestmark = pytest.mark.django_db(transaction=True)


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def graded(project):
    collect(project, {f"q{n}": [3, 2, 0, 0] for n in range(8)})
    project.judge = make_judge(project)
    judge_all(project.judge)
    return project


class TestForm:
    def test_offers_every_format_with_what_it_is_for(self, manager, page, project):
        shown = text_of(manager.get(page("release-create")))
        for name, form in FORMATS.items():
            assert f'value="{name}"' in shown
            assert form.title in shown
            assert form.use in shown
        assert "A selection of mining" not in shown

    def test_makes_a_release_that_a_worker_finishes(self, graded, manager, page):
        response = manager.post(page("release-create"), SENT | {"licence": "CC0"})
        made = Release.objects.get()
        assert response.url == page("release-detail", made.pk)
        assert (made.made_by.username, made.licence, made.plan["formats"]) == (
            "bob",
            "CC0",
            ["triplet", "qrels"],
        )
        run_release(made.job_id)
        shown = text_of(manager.get(response.url))
        assert "triplet/train.jsonl" in shown
        assert "CC0" in shown
        assert AuditEntry.objects.filter(verb="release.started", actor__username="bob").exists()

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"formats": []}, "This field is required"),
            ({"source": "judge"}, "Name the judge whose verdicts"),
            ({"formats": ["margin-mse"]}, "holds a judge’s scores"),
            ({"train": 90, "dev": 20}, "do not fit"),
            ({"name": "a@2"}, "without @"),
            ({"negatives": 0}, "greater than or equal to 1"),
        ],
    )
    def test_says_what_does_not_fit(self, changed, words, graded, manager, page):
        assert words in text_of(manager.post(page("release-create"), SENT | changed))
        assert not Release.objects.exists()

    def test_takes_no_judge_of_another_project(self, graded, manager, page):
        other = create_project("Other")
        collect(other, {"q": [3]})
        judge = make_judge(other)
        judge_all(judge)
        shown = text_of(manager.post(page("release-create"), SENT | {"judge": judge.pk}))
        assert "Select a valid choice" in shown


class TestPreview:
    def test_shows_the_first_rows_of_every_chosen_format(self, graded, manager, page):
        shown = text_of(manager.post(page("release-preview"), SENT | {"name": ""}, headers=HTMX))
        assert shown.lstrip().startswith('<section id="release-preview"')
        assert '<code class="soft">triplet/train.jsonl</code>' in shown
        assert "&quot;anchor&quot;:&quot;what about q" in shown
        assert "q0 0 q0-0 3" in shown or " 0 q" in shown
        assert "what about q0" in shown
        assert "32 rows." in shown
        assert "Positive, by people" in shown
        assert not Job.objects.filter(kind="release").exists()

    def test_is_what_the_release_then_begins_with(self, graded, manager, page):
        formats = ("triplet", "beir", "ltr", "flagembedding")
        found = previewing.preview(graded, Plan(formats=formats, train=60, dev=20, negatives=2))
        made = release(graded, *formats, train=60, dev=20, negatives=2)
        for sample in found.samples:
            lines = (made.folder / sample.path).read_text().splitlines()
            assert sample.lines == lines[:2], sample.path
        assert [row.candidate_id for row in found.rows][:2] == ["q0-0", "q0-1"]

    def test_says_what_is_wrong_instead(self, graded, manager, page):
        shown = text_of(manager.post(page("release-preview"), SENT | {"source": "judge"}, headers=HTMX))
        assert "Name the judge whose verdicts" in shown
        shown = text_of(manager.post(page("release-preview"), SENT | {"formats": []}, headers=HTMX))
        assert "Choose a format" in shown

    def test_says_where_a_format_cannot_hold_the_rows(self, graded, manager, page):
        Candidate.objects.filter(external_id="q0-0").update(external_id="q0 0")
        shown = text_of(manager.post(page("release-preview"), SENT, headers=HTMX))
        assert "has a blank in it" in shown
        assert "&quot;anchor&quot;" in shown  # the other format is shown all the same

    def test_of_a_large_project_looks_at_its_first_queries(self, graded, manager, page, monkeypatch):
        monkeypatch.setattr(previewing, "FIRST_QUERIES", 3)
        found = previewing.preview(graded, Plan(formats=("qrels",), train=100, dev=0))
        assert (found.counts.n_counted, found.counts.n_queries) == (3, 8)
        # Each query has two positives and two negatives: 6 of each in three queries, about 16 in eight.
        assert [(line.state, line.splits) for line in found.counts.lines] == [
            ("hard_negative", [16, 0, 0]),
            ("positive", [16, 0, 0]),
        ]
        shown = text_of(manager.post(page("release-preview"), SENT, headers=HTMX))
        assert "About 32 rows." in shown
        assert "Estimated from the first 3 of 8 queries." in shown


class TestPage:
    def test_of_a_release_shows_its_files_and_its_card(self, graded, manager, page):
        made = release(graded, "triplet", "beir", judge=graded.judge.pk, licence="CC BY 4.0")
        shown = text_of(manager.get(page("release-detail", made.pk)))
        for file in made.files:
            assert file["sha256"] in shown
            assert page("release-file", made.pk, file["path"]) in shown
        assert "the judge and people" in shown
        assert '<div class="table-box"><table class="table">' in shown
        assert "manage.py release soil first@1 --rebuild" in shown

    def test_of_one_at_work_shows_its_progress_and_then_itself(self, graded, manager, page):
        made = prepare_release(graded, name="first", plan=Plan(formats=("qrels",)))
        now = timezone.now()
        Job.objects.filter(pk=made.job_id).update(
            state="running", n_done=40_000, n_total=100_000, heartbeat_at=now,
            started_at=now - timedelta(seconds=20),
        )  # fmt: skip
        shown = text_of(manager.get(page("release-detail", made.pk), headers=HTMX))
        assert 'max="100000" value="40000"' in shown
        assert "2,000 a second, 30 s left" in shown
        Job.objects.filter(pk=made.job_id).update(state="done")
        response = manager.get(page("release-detail", made.pk), headers=HTMX)
        assert response.headers["HX-Refresh"] == "true"

    def test_cancels_and_tries_again(self, graded, manager, page):
        made = prepare_release(graded, name="first", plan=Plan(formats=("qrels",)))
        assert manager.post(page("release-cancel", made.pk)).status_code == 302
        made.job.refresh_from_db()
        assert made.job.state == Job.State.CANCELLED
        assert "Try again" in text_of(manager.get(page("release-detail", made.pk)))
        manager.post(page("release-retry", made.pk))
        made.job.refresh_from_db()
        assert made.job.state == Job.State.QUEUED
        run_release(made.job_id)
        assert (
            "only a failed or cancelled"
            in text_of(manager.post(page("release-retry", made.pk), follow=True)).lower()
        )

    def test_lists_releases_newest_first(self, graded, manager, page):
        assert "No releases yet" in text_of(manager.get(page("release-list")))
        release(graded, "triplet")
        release(graded, "qrels")
        shown = text_of(manager.get(page("release-list")))
        assert shown.index("first (version 2)") < shown.index(">first<")
        assert "hx-trigger" not in shown.split('id="releases"')[1]


class TestFiles:
    def test_come_one_by_one_always_as_downloads(self, graded, manager, page):
        made = release(graded, "triplet")
        for file in made.files:
            response = manager.get(page("release-file", made.pk, file["path"]))
            data = b"".join(response.streaming_content)
            assert hashlib.sha256(data).hexdigest() == file["sha256"]
            assert response.headers["Content-Disposition"].startswith("attachment;")

    @pytest.mark.parametrize("path", ["../../exports/1.csv", "nothing.txt", "triplet", "table.parquet/"])
    def test_are_only_those_the_release_knows(self, path, graded, manager, page):
        made = release(graded, "triplet")
        address = page("release-file", made.pk, "x").removesuffix("x") + path
        assert manager.get(address).status_code in (302, 404)

    def test_come_all_as_one_zip(self, graded, manager, page):
        made = release(graded, "triplet", "beir", name="Für alle / 1")
        response = manager.get(page("release-download", made.pk))
        assert response.headers["Content-Disposition"] == 'attachment; filename="soil-F-r-alle---1-v1.zip"'
        with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
            assert archive.testzip() is None
            names = {f"soil-F-r-alle---1-v1/{file['path']}": file for file in made.files}
            assert set(archive.namelist()) == set(names)
            for name, file in names.items():
                assert hashlib.sha256(archive.read(name)).hexdigest() == file["sha256"]

    def test_that_are_gone_are_missed_in_words(self, graded, manager, page):
        made = release(graded, "triplet")
        shutil.rmtree(made.folder)
        shown = text_of(manager.get(page("release-detail", made.pk)))
        assert "not on the server any more" in shown
        assert page("release-download", made.pk) not in shown
        for address in (page("release-download", made.pk), page("release-file", made.pk, "README.md")):
            assert "are not on the server (any more)" in text_of(manager.get(address, follow=True))

    def test_of_an_unfinished_release_are_not_there(self, graded, manager, page):
        made = prepare_release(graded, name="first", plan=Plan(formats=("qrels",)))
        assert manager.get(page("release-download", made.pk)).status_code == 404
        assert manager.get(page("release-file", made.pk, "README.md")).status_code == 404


class TestProof:
    def test_makes_the_files_again_and_says_that_they_are_the_same(self, graded, manager, page):
        collect(graded, {"without-a-positive": [0, 0]})  # left out of three formats, which the card lists
        made = release(graded, "triplet", "flagembedding", "n-tuple", name="two words", train=90, dev=10)
        assert len(made.facts["missed"]) == 3
        assert "--rebuild" in text_of(manager.get(page("release-detail", made.pk)))
        response = manager.post(page("release-check", made.pk))
        assert response.url == page("release-detail", made.pk) + "#release-check"
        manager.post(page("release-check", made.pk))  # a second click is the same check
        (job,) = checks_of(made)
        waiting = text_of(manager.get(page("release-detail", made.pk), headers=HTMX))
        assert waiting.lstrip().startswith('<section id="release-check"')
        assert "Waiting for a worker" in waiting
        work_on_job(job.pk)
        shown = text_of(manager.get(page("release-detail", made.pk)))
        assert f"All {len(made.files)} files came out byte for byte the same" in shown
        assert "&#x27;two words@1&#x27; --rebuild" in shown
        assert [each.name for each in made.folder.parent.iterdir()] == [str(made.pk)]

    def test_names_the_files_that_are_not_what_they_were(self, graded, manager, page):
        made = release(graded, "qrels")
        made.files[1]["sha256"] = "0" * 64
        made.save()
        work_on_job(start_check(made).pk)
        shown = text_of(manager.get(page("release-detail", made.pk)))
        assert "files did not come out as they were" in shown
        assert f'<code class="breaks">{made.files[1]["path"]}</code>' in shown

    def test_says_when_the_table_is_gone(self, graded, manager, page):
        made = release(graded, "qrels")
        job = start_check(made)
        shutil.rmtree(made.folder)
        work_on_job(job.pk)
        assert "table.parquet of this release is not on the server any more" in text_of(
            manager.get(page("release-detail", made.pk))
        )

    def test_goes_with_the_release(self, graded, manager, page):
        made = release(graded, "qrels")
        job = start_check(made)
        manager.post(page("release-delete", made.pk), {"name": "first"})
        assert not Job.objects.filter(pk=job.pk).exists()
        assert run_check(job.pk) is None


class TestComparing:
    def test_says_what_changed_since_another(self, graded, manager, page):
        before = release(graded, "qrels")
        Label.objects.filter(item__candidate__external_id="q3-0").update(grade=0)
        refresh_references(graded)
        after = release(graded, "qrels")
        asked = text_of(manager.get(page("release-compare", after.pk)))
        assert "From" not in asked
        shown = text_of(manager.get(page("release-compare", after.pk), {"with": before.pk}))
        assert "1 labelled otherwise, 31 rows the same" in shown
        assert "q3-0" in shown
        assert "Nothing: both were asked for alike." in shown

    def test_names_other_choices_and_files(self, graded, manager, page):
        before = release(graded, "qrels", "triplet", negatives=2)
        after = release(graded, "qrels", "triplet", negatives=1)
        shown = text_of(manager.get(page("release-compare", after.pk), {"with": before.pk}))
        assert "nothing changed in 32 rows of the table" in shown
        assert ">negatives of a query</th>" in shown
        assert '>triplet/train.jsonl</th><td class="text">differs</td>' in shown
        assert ">table.parquet<" not in shown

    @pytest.mark.parametrize("wanted", ["x", "0", "²", "9" * 30])
    def test_passes_over_what_is_no_release(self, wanted, graded, manager, page):
        made = release(graded, "qrels")
        shown = text_of(manager.get(page("release-compare", made.pk), {"with": wanted}))
        assert "There is no other release to compare it with." in shown


class TestDeleting:
    def test_asks_for_the_name_and_takes_the_files(self, graded, manager, page):
        made = release(graded, "qrels")
        shown = text_of(manager.get(page("release-delete", made.pk)))
        assert "This cannot be undone." in shown
        assert "That is not its name." in text_of(
            manager.post(page("release-delete", made.pk), {"name": "second"})
        )
        assert made.folder.exists()
        response = manager.post(page("release-delete", made.pk), {"name": "first"})
        assert response.url == page("release-list")
        assert not made.folder.exists()
        assert not Release.objects.exists()
        assert not Job.objects.filter(kind="release").exists()
        assert AuditEntry.objects.filter(verb="release.deleted").exists()

    def test_takes_the_name_with_the_version_too(self, graded, manager, page):
        release(graded, "qrels")
        second = release(graded, "qrels")
        manager.post(page("release-delete", second.pk), {"name": "first (version 2)"})
        assert [str(each) for each in Release.objects.all()] == ["first"]

    def test_stops_one_that_is_being_made(self, graded, manager, page):
        made = prepare_release(graded, name="first", plan=Plan(formats=("qrels",)))
        manager.post(page("release-delete", made.pk), {"name": "first"})
        assert run_release(made.job_id) is None


@pytest.mark.parametrize("who", ["ann", "vic", "charlie"])
def test_who_may_not_export_sees_and_makes_nothing(who, request, graded, client_of, page):
    made = release(graded, "qrels")
    client, refused = client_of(request.getfixturevalue(who)), 404 if who == "charlie" else 403
    for name in ("release-detail", "release-download", "release-compare", "release-delete"):
        assert client.get(page(name, made.pk)).status_code == refused
    assert client.post(page("release-create"), SENT).status_code == refused
    assert Release.objects.count() == 1
