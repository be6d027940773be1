import pytest

from annotate.models import Label, Rater, Slot
from annotate.services.opening import open_round
from annotate.services.queue import join_round
from annotate.services.rounds import create_round
from corpus.models import Candidate, Item, Query
from corpus.services import freeze_all_items


@pytest.fixture
def add_items():
    """Give a project items with texts that name them, spread over queries."""
    return _add_items


def _add_items(project, n_items: int, *, n_queries: int = 2) -> list[Item]:
    queries = [
        Query.objects.create(
            project=project, external_id=f"q{number}", text=f"query {number}", need=f"need {number}"
        )
        for number in range(n_queries)
    ]
    candidates = Candidate.objects.bulk_create(
        Candidate(
            project=project,
            external_id=f"c{number}",
            title=f"Title {number}",
            text=f"Candidate text {number}.",
        )
        for number in range(n_items)
    )
    pairs = [(queries[number * n_queries // n_items], each) for number, each in enumerate(candidates)]
    return Item.objects.bulk_create(Item(query=query, candidate=candidate) for query, candidate in pairs)


@pytest.fixture
def items(project, add_items):
    return add_items(project, 6)


@pytest.fixture
def make_round(project, items):
    """An open round over all items of the project."""

    def make(*, name: str = "First pass", overlap: int = 1):
        return open_round(
            create_round(project, name=name, item_set=freeze_all_items(project), overlap=overlap)
        )

    return make


@pytest.fixture
def enter():
    """A person's participation in a round, by their user."""
    return lambda round, user: join_round(round, user=user)


@pytest.fixture
def slots():
    """The slots of a round in order."""
    return lambda round: list(Slot.objects.filter(round=round).order_by("position"))


@pytest.fixture
def give(project):
    """Give an item a label from a file by a rater of this name."""

    def label(item, name: str, grade: int | None):
        rater, _ = Rater.objects.get_or_create(project=project, name=name)
        return Label.objects.create(item=item, rater=rater, grade=grade, cannot_judge=grade is None)

    return label
