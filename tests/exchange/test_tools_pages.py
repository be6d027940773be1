"""Labelling tools' files in the browser: what the preview says and asks, and both files of an export."""

import json

import pytest

from annotate.models import Label
from corpus.models import Job
from corpus.rubrics import add_rubric
from exchange.exporting import beside_path, export_path, run_export
from exchange.importing import run_import
from exchange.tidying import files_of
from exchange.tools.guide import WORDS, guides
from exchange.tools.registry import TOOL_FILES
from judges.models import Verdict
from tests.exchange.bringing import lines
from tests.exchange.import_pages import choices, text_of
from tests.exchange.test_tools_in import PAIRWISE
from tests.exchange.tool_files import COVER, LABEL_STUDIO, SOIL, annotation, rating, task

pytestmark = pytest.mark.django_db(transaction=True)

BOOK = "query,docid,Alice,bot,me\nwhat is soil,c1,3,2,\nwhat is soil,c2,0,,1\n"
PAIR = {"query_id": "q1", "query": SOIL, "candidate_id": "c1", "candidate": COVER, "human_grade": 3}


def told_of(response, title: str) -> list:
    """What stands in a column of the preview's rows."""
    shown = response.context["preview"]
    place = shown.fields.index(title)
    return [row.cells[place] for row in shown.rows]


def test_a_books_columns_are_raters_each_with_a_grade_for_example(upload, preview, manager, page):
    job = upload(BOOK, "book.csv")
    response = preview(job)

    assert "Read as Quepid’s: its records are built as that tool writes them." in text_of(response)
    shown = response.context["preview"]
    assert [shown.examples[name] for name in ("Alice", "bot", "me")] == ["3", "2", "1"]
    assert told_of(response, "rater") == ["Alice", "bot", "Alice", "me"]
    assert "query_id" not in shown.fields  # the file has none, and the project may have its own

    columns = {column: field.html_name for column, _, field in response.context["form"].mapping_rows()}
    sent = choices(response, **{columns["bot"]: "judge", columns["me"]: "ignore"})
    manager.post(page("import-start", job.pk), sent)
    run_import(job.pk)

    assert list(Label.objects.values_list("rater__name", "grade").order_by("-grade")) == [
        ("Alice", 3),
        ("Alice", 0),
    ]
    assert list(Verdict.objects.values_list("run__judge__name", "grade")) == [("bot", 2)]


def test_a_choice_is_given_its_grade_on_the_page(upload, preview, manager, page):
    job = upload(json.dumps(LABEL_STUDIO).replace("Perfectly relevant", "Spot on"), "project.json")
    response = preview(job)
    assert response.context["preview"].n_bad == 1
    fields = {choice: field.html_name for choice, field in response.context["form"].choice_rows()}

    sent = choices(response, **{fields["Spot on"]: "3"})
    manager.post(page("import-start", job.pk), sent)

    assert run_import(job.pk).state == Job.State.DONE
    assert Label.objects.get(rater__name="ann@example.org", item__candidate__text=COVER).grade == 3


def test_stars_beyond_the_rubric_are_asked_for_and_its_own_are_not(upload, preview, manager, page):
    starred = [
        task(number, {"query": SOIL, "passage": f"Text {number}"}, [annotation(7, rating("stars", stars))])
        for number, stars in enumerate((5, 3), 1)
    ]
    job = upload(json.dumps(starred), "project.json")
    response = preview(job)
    fields = {choice: field.html_name for choice, field in response.context["form"].choice_rows()}
    assert list(fields) == ["5"]

    manager.post(page("import-start", job.pk), choices(response, **{fields["5"]: "2"}))
    run_import(job.pk)

    assert set(Label.objects.values_list("item__candidate__text", "grade")) == {("Text 1", 2), ("Text 2", 3)}


def test_spans_are_said_to_be_no_grades(upload, preview):
    spans = {"from_name": "label", "to_name": "text", "type": "labels"}
    spans["value"] = {"start": 0, "end": 3, "labels": ["PER"]}
    job = upload(json.dumps([task(1, {"query": SOIL, "text": COVER}, [annotation(7, spans)])]), "ner.json")

    assert "Spans, boxes and the like are not read" in text_of(preview(job))


def test_comparisons_say_in_the_preview_that_a_scale_is_missing(upload, preview, project):
    job = upload(json.dumps(PAIRWISE), "pairs.json")
    assert "the project has no scale for that" in text_of(preview(job))

    add_rubric(project, template="preference")

    assert preview(job).context["preview"].n_bad == 0
    assert told_of(preview(job), "preferred")[:2] == ["candidate", "rival"]


def test_every_tool_is_explained_on_the_export_page(manager, page):
    shown = text_of(manager.get(page("export-list")))

    assert list(WORDS) == list(TOOL_FILES)
    for guide in guides():
        assert guide.use in shown
        assert guide.lost in shown


def exported(manager, page, project, **sent: object) -> Job:
    response = manager.post(page("export-create"), sent)
    assert response.status_code == 302, response.context["form"].errors
    return run_export(project.jobs.filter(kind="export").first().pk)


@pytest.mark.parametrize("tool", list(TOOL_FILES))
def test_both_files_are_downloaded_under_names_that_go_together(manager, page, project, stored, tool):
    stored(lines(PAIR))
    job = exported(manager, page, project, file_format=tool, what="both", pseudonyms="on")

    listed = text_of(manager.get(page("export-list")))
    assert "Labels and verdicts, " in listed
    assert ", pseudonyms" in listed
    address = page("export-download", job.pk)
    for url, path in ((address, export_path(job)), (f"{address}?beside", beside_path(job))):
        assert url in listed
        response = manager.get(url)
        assert b"".join(response.streaming_content) == path.read_bytes()
        stem = f"soil-{tool}-both-{job.pk}."
        assert f'filename="{stem}' in response.headers["Content-Disposition"]
    assert files_of([job]) == {export_path(job).resolve(), beside_path(job).resolve()}


def test_an_export_without_a_second_file_has_none_to_download(manager, page, project, stored):
    stored(lines(PAIR))
    job = exported(manager, page, project, file_format="csv", what="both")

    response = manager.get(f"{page('export-download', job.pk)}?beside")

    assert response.status_code == 302


@pytest.mark.parametrize(
    ("file_format", "what", "words"),
    [
        ("doccano", "references", "Labelling tools get labels and verdicts."),
        ("csv", "items", "The long form has a row for each grade."),
    ],
)
def test_what_a_file_cannot_hold_is_said_beside_the_choice(manager, page, project, file_format, what, words):
    response = manager.post(page("export-create"), {"file_format": file_format, "what": what})

    assert words in text_of(response)
    assert not project.jobs.exists()
