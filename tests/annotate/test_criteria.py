"""Rounds on a rubric of several criteria."""

from uuid import uuid4

import pytest

from annotate.models import Label
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.opening import open_round
from annotate.services.queue import AnswerRefused
from annotate.services.rounds import create_round
from corpus.models import Reference, Rubric
from corpus.rubrics import add_rubric
from corpus.services import freeze_all_items


@pytest.fixture
def quality(project):
    """Helpfulness and four criteria beside it, each 0–4."""
    return add_rubric(project, template="criteria")


@pytest.fixture
def round(project, items, quality):
    made = create_round(
        project, name="Quality", item_set=freeze_all_items(project), rubric=quality, overlap=2
    )
    return open_round(made)


def test_one_answer_holds_the_grades_of_all_criteria(round, ann, enter, slots):
    me, slot = enter(round, ann), slots(round)[0]
    label = save_label(slot, by=me, grade=4, marks=[3, 2, 1, 0], client_key=uuid4())
    label.refresh_from_db()
    assert (label.grade, label.marks) == (4, [3, 2, 1, 0])
    assert round.rubric.frozen_at is not None or Rubric.objects.get(pk=round.rubric_id).frozen_at


@pytest.mark.parametrize(
    ("marks", "words"), [((3, 2, 1), "each of 5 criteria"), ((3, 2, 1, 5), "5 is not a grade of “Verbosity”")]
)
def test_an_answer_with_a_missing_or_foreign_grade_is_refused(round, ann, enter, slots, marks, words):
    with pytest.raises(AnswerRefused, match=words):
        save_label(slots(round)[0], by=enter(round, ann), grade=4, marks=marks, client_key=uuid4())
    assert not Label.objects.exists()


def test_cannot_judge_needs_no_other_grade(round, ann, enter, slots):
    label = save_label(slots(round)[0], by=enter(round, ann), grade=None, client_key=uuid4())
    assert (label.cannot_judge, label.marks) == (True, None)


def test_a_further_scale_makes_no_reference_and_leaves_the_projects_own_ones(round, ann, enter, slots, give):
    slot = slots(round)[0]
    save_label(slot, by=enter(round, ann), grade=4, marks=[0, 0, 0, 0], client_key=uuid4())
    assert not Reference.objects.exists()
    give(slot.item, "file", 1)
    undo_last_decision(enter(round, ann))
    save_label(slot, by=enter(round, ann), grade=4, marks=[0, 0, 0, 0], client_key=uuid4())
    assert Reference.objects.get(item=slot.item).grade == 1


def test_criteria_of_the_projects_own_scale_make_references_by_the_first(project, items, ann, enter, slots):
    rubric = project.rubric
    rubric.kind = Rubric.Kind.CRITERIA
    rubric.criteria = [{"name": "Fresh", "meaning": "", "grades": rubric.grades[:2]}]
    rubric.full_clean()
    rubric.save()
    round = open_round(create_round(project, name="Own", item_set=freeze_all_items(project)))
    slot = slots(round)[0]
    save_label(slot, by=enter(round, ann), grade=3, marks=[1], client_key=uuid4())
    assert Reference.objects.get(item=slot.item).grade == 3


def test_the_page_asks_for_every_criterion_and_says_which_is_missing(round, ann, client_of, slots):
    client, url = client_of(ann), f"/p/soil/rounds/{round.pk}/label/"
    page = client.get(url).content.decode()
    for name in ("Helpfulness", "Correctness", "Coherence", "Complexity", "Verbosity"):
        assert name in page
    assert page.count("<fieldset") >= 5
    sent = {"slot": slots(round)[0].pk, "grade": "2", "client_key": str(uuid4()), "mark_1": "1"}
    refused = client.post(f"{url}save/", sent, headers={"HX-Request": "true"})
    assert refused.status_code == 409
    assert "“Coherence” has no grade yet." in refused.content.decode()
    sent |= {"mark_2": "0", "mark_3": "4", "mark_4": "2"}
    assert client.post(f"{url}save/", sent, headers={"HX-Request": "true"}).status_code == 200
    label = Label.objects.get()
    assert (label.grade, label.marks) == (2, [1, 0, 4, 2])
    again = client.get(f"{url}?label={label.pk}").content.decode()
    assert "You answered <strong>2 · 1 0 4 2</strong>" in again
    assert again.count(" checked") >= 5
