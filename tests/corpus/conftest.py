import pytest

from corpus.models import Candidate, Item, Query, Reference


@pytest.fixture
def make_item(project):
    """Makes an item of the project (or of another), its query and candidate by their external ids."""

    def make(
        query_id="q1", candidate_id="c1", *, query="What is soil?", candidate="Earth.", grade=None, of=None
    ):
        found, _ = Query.objects.get_or_create(
            project=of or project, external_id=query_id, defaults={"text": query}
        )
        answer, _ = Candidate.objects.get_or_create(
            project=of or project, external_id=candidate_id, defaults={"text": candidate}
        )
        item = Item.objects.create(query=found, candidate=answer)
        if grade is not None:
            Reference.objects.create(item=item, query=found, grade=grade)
        return item

    return make
