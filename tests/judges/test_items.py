"""A reference answer and a context come from columns of these names; a prompt that lacks one says so."""

import json

import pytest
from django.core.management import call_command

from corpus.models import Candidate, Item, Project, Query
from judges.items import judged_items
from judges.models import Verdict
from judges.services import create_judge, find_prompt, register_engine, start_run
from tests.judges.openai_server import serve
from tests.judges.test_runs import work
from tests.judges.vllm_stub import MODEL, VllmStub

pytestmark = pytest.mark.django_db(transaction=True)


def test_columns_of_the_file_fill_the_places_of_a_prompt(tmp_path, capsys):
    rows = [
        {"query_id": "q", "query": "Who wrote it?", "candidate_id": f"c{n}", "candidate": f"Answer {n}"}
        | more
        for n, more in enumerate(
            [{"reference": "Mary Shelley, in 1818.", "context": "It is a novel."}, {"reference": " "}]
        )
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    call_command("import", "books", str(path))
    project, stub = Project.objects.get(slug="books"), VllmStub()
    with serve(stub.application()) as url:
        engine = register_engine("e", kind="vllm", url=url, model=MODEL)
        judge = create_judge(
            project,
            name="same",
            engine=engine,
            prompt=find_prompt(project, "answer-equivalence"),
            scoring="yes_no",
        )
        work(start_run(judge))
    [shown] = [text for body in stub.bodies if "Shelley" in (text := body["messages"][0]["content"])]
    assert "<reference>\nMary Shelley, in 1818.\n</reference>" in shown
    assert "Answer 0" in shown
    assert "It is a novel" not in shown  # this prompt has no place for it
    lacking = Verdict.objects.get(item__candidate__external_id="c1")
    assert (lacking.outcome, lacking.reason) == ("empty", "the reference answer has no text")


def test_what_the_query_knows_goes_before_what_the_candidate_knows(project):
    query = Query.objects.create(project=project, external_id="q", text="q", metadata={"context": "known"})
    candidate = Candidate.objects.create(
        project=project, external_id="c", text="c", metadata={"context": "other", "reference": 7}
    )
    item = Item.objects.create(query=query, candidate=candidate)
    [judged] = judged_items([item.pk, 0])
    assert (judged.context, judged.reference, judged.query_id) == ("known", "7", query.pk)
