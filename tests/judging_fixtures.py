"""Items, an engine with a stub behind it, and judges for the tests of runs."""

import pytest


@pytest.fixture
def make_items():
    """make_items(project, n_queries, n_candidates): items whose candidates read "item q-c grade g"."""
    from corpus.models import Candidate, Item, Query

    def make(project, n_queries: int, n_candidates: int) -> list[Item]:
        queries = Query.objects.bulk_create(
            Query(project=project, external_id=f"q{q}", text=f"What about subject {q}?")
            for q in range(n_queries)
        )
        candidates = Candidate.objects.bulk_create(
            Candidate(project=project, external_id=f"q{q}-{c}", text=f"item q{q}-{c} grade {c % 4} text")
            for q in range(n_queries)
            for c in range(n_candidates)
        )
        return Item.objects.bulk_create(
            Item(query=queries[place // n_candidates], candidate=candidate)
            for place, candidate in enumerate(candidates)
        )

    return make


@pytest.fixture
def stub():
    from tests.judges.openai_stub import OpenAIStub

    with OpenAIStub() as running:
        yield running


@pytest.fixture
def engine(db, stub):
    from judges.services import register_engine

    return register_engine("stub", kind="openai", url=stub.url, model="stub-model", api_key="sk-secret")


@pytest.fixture
def judge(project, engine):
    from judges.services import create_judge, find_prompt

    return create_judge(
        project, name="grader", engine=engine, prompt=find_prompt(project, "grade-basic"), scoring="grade"
    )
