"""People who label in a round, for tests of what goes in and out beside that."""

from uuid import uuid4

from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items
from annotate.services.rounds import close_round, create_round
from corpus.models import ItemSet, Project


def label_everything(
    project: Project, *, name: str, item_set: ItemSet, grades: dict, rationale: str = ""
) -> None:
    """A closed round over the item set; grades: user → the grade they give to each item, in order."""
    round = open_round(create_round(project, name=name, item_set=item_set, overlap=len(grades)))
    for user, given in grades.items():
        participation = join_round(round, user=user)
        for grade in given:
            slot = next_items(participation)[0].slot
            save_label(slot, by=participation, grade=grade, client_key=uuid4(), rationale=rationale)
    close_round(round)
