import random
from uuid import uuid4

import pytest

from annotate.models import Label, Slot
from annotate.services.gold import GoldProblem, gold_of_lines, gold_of_set
from annotate.services.labels import save_label, undo_last_decision
from annotate.services.opening import open_round
from annotate.services.queue import AnswerRefused, next_items
from annotate.services.rounds import RoundRefused, create_round
from corpus.models import Reference
from corpus.services import freeze_all_items


@pytest.fixture
def make_golden(project, items):
    """A round whose first two items are gold with grade 2."""

    def make(**options):
        gold = {item.pk: 2 for item in items[:2]}
        draft = create_round(
            project, name="Golden", item_set=freeze_all_items(project), gold=gold, gold_share=0.5, **options
        )
        return open_round(draft)

    return make


def grade_all(me) -> list[Slot]:
    met = []
    while holds := next_items(me):
        met.append(holds[0].slot)
        save_label(holds[0].slot, by=me, grade=1, client_key=uuid4())
    return met


def test_gold_items_do_not_count_in_the_overlap(make_golden, ann, bob, enter):
    round = make_golden()
    assert (round.n_items, round.n_places) == (4, 4)
    me = enter(round, ann)
    met = grade_all(me)
    me.refresh_from_db()
    assert me.n_labels == 4
    assert me.n_gold == sum(slot.gold_grade is not None for slot in met) <= 2
    assert next_items(enter(round, bob)) == []  # gold alone would only show that nothing is left


def test_everybody_may_answer_a_gold_item_and_no_reference_comes_of_it(make_golden, ann, bob, enter):
    round = make_golden(overlap=2)
    gold = Slot.objects.filter(round=round, gold_grade=2).first()
    for user in (ann, bob):
        save_label(gold, by=enter(round, user), grade=0, client_key=uuid4())
    assert list(Label.objects.values_list("grade", "gold_grade")) == [(0, 2), (0, 2)]
    assert not Reference.objects.filter(item=gold.item_id).exists()
    assert not Label.objects.without_gold().exists()


def test_an_answer_to_gold_can_be_undone_until_the_grade_was_told(make_golden, ann, enter):
    round = make_golden()
    gold, me = Slot.objects.filter(round=round, gold_grade=2).first(), enter(round, ann)
    save_label(gold, by=me, grade=0, client_key=uuid4())
    assert undo_last_decision(me) == gold
    me.refresh_from_db()
    assert (me.n_gold, me.n_labels) == (0, 0)


def test_told_grades_are_told_in_the_page_and_the_answer_stands(make_golden, ann, enter, client_of):
    round = make_golden(gold_feedback=True)
    gold, me = Slot.objects.filter(round=round, gold_grade=2).first(), enter(round, ann)
    sent = {"slot": gold.pk, "grade": "0", "client_key": str(uuid4())}
    url = f"/p/soil/rounds/{round.pk}/label/save/"
    text = client_of(ann).post(url, sent, headers={"HX-Request": "true"}).text
    assert "The grade of this item was known: 2. You answered 0." in text
    with pytest.raises(AnswerRefused, match="stands"):
        undo_last_decision(me)
    with pytest.raises(AnswerRefused, match="stands"):
        save_label(gold, by=me, grade=2, client_key=uuid4())


def test_without_feedback_nothing_in_the_page_gives_gold_away(make_golden, ann, client_of):
    round = make_golden()
    gold = Slot.objects.filter(round=round, gold_grade=2).first()
    sent = {"slot": gold.pk, "grade": "0", "client_key": str(uuid4())}
    text = (
        client_of(ann)
        .post(f"/p/soil/rounds/{round.pk}/label/save/", sent, headers={"HX-Request": "true"})
        .text
    )
    assert "known" not in text.split("<template")[0]
    assert "gold" not in text.lower()
    assert "<strong>1</strong> mine" in text


def test_gold_comes_from_references_or_from_lines(project, items):
    Reference.objects.create(item=items[0], query=items[0].query, grade=3)
    rubric = project.rubric
    assert gold_of_set(freeze_all_items(project), rubric=rubric) == {items[0].pk: 3}
    text = "q0, c0\n\nq0\tc1\t1\nq1 c5 2"
    found = gold_of_lines(text, project=project, rubric=rubric)
    assert found == {items[0].pk: 3, items[1].pk: 1, items[5].pk: 2}


def test_lines_that_cannot_be_gold_are_named(project, items):
    with pytest.raises(GoldProblem) as problem:
        gold_of_lines("q0 c1\nq9 c9 1\nq0 c0 7\nq0", project=project, rubric=project.rubric)
    for part in ("Line 1: the item has no reference", "Line 2: the project has no item of q9 and c9",
                 "Line 3: 7 is not a grade", "Line 4:"):  # fmt: skip
        assert part in str(problem.value)


def test_a_round_of_gold_alone_does_not_open(project, items):
    gold = {item.pk: 1 for item in items}
    draft = create_round(project, name="Gold", item_set=freeze_all_items(project), gold=gold, gold_share=0.1)
    with pytest.raises(RoundRefused, match="nothing is left to label"):
        open_round(draft)


def test_the_form_takes_gold_and_says_what_is_wrong_with_it(project, items, bob, client_of):
    client = client_of(bob)
    sent = {"name": "G", "item_set": "", "overlap": "1", "order": "random", "gold_percent": "20"}
    answer = client.post("/p/soil/rounds/new/", sent | {"gold_lines": "q0 c9 1"})
    assert "Line 1: the project has no item" in answer.text
    client.post("/p/soil/rounds/new/", sent | {"gold_lines": "q0 c0 1", "gold_feedback": "on"})
    round = project.rounds.get()
    assert (round.order, round.gold_share, round.gold_feedback, round.blind) == ("random", 0.2, True, False)
    assert round.gold_items.get().item == items[0]


def test_the_share_of_gold_holds_while_somebody_works_item_by_item(project, add_items, ann, enter):
    made = add_items(project, 80)
    gold = {item.pk: 2 for item in made[:30]}
    items = freeze_all_items(project)
    draft = create_round(project, name="Long", item_set=items, gold=gold, gold_share=0.25)
    me = enter(open_round(draft), ann)
    random.seed(11)
    for _ in range(60):
        save_label(next_items(me)[0].slot, by=me, grade=1, client_key=uuid4())
    me.refresh_from_db()
    assert 8 <= me.n_gold <= 24  # 15 expected; three standard deviations are 10
    assert me.n_gold + me.n_labels == 60
