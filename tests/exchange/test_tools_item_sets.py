"""Files for labelling tools that hold one item set, and attacked items, which leave and come back as such."""

import json

import pytest

from annotate.models import Label
from corpus.models import Item, ItemSet, Variant
from corpus.services import create_project, freeze_items
from exchange.exporting import CannotExport, prepare_export
from exchange.tools.registry import TOOL_FILES
from tests.exchange.bringing import lines, snapshot
from tests.exchange.test_variants_out_and_in import attacked, described
from tests.exchange.tool_exports import from_lines, rows_of, written

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["attacked"]

TOOLS = list(TOOL_FILES)
TELLING = [tool for tool in TOOLS if tool != "quepid"]  # tools whose files have room for what an attack is


def pairs_in(text: str, tool: str) -> set[tuple[str, str]]:
    """(query's id, or with Quepid its text; candidate's id) of every task in a tool's file."""
    if tool == "quepid":
        return {(row[0], row[1]) for row in rows_of(text)[1:]}
    records = from_lines(text) if tool == "doccano" else json.loads(text)
    told = {"labelstudio": "data", "argilla": "metadata"}
    facts = [record[told[tool]] if tool in told else record for record in records]
    return {(fact["query_id"], fact["candidate_id"]) for fact in facts}


@pytest.mark.parametrize("tool", TOOLS)
def test_an_item_set_goes_out_alone(attacked, tool):
    items = Item.objects.filter(candidate__external_id__in=["c2", "a1"]).values_list("pk", flat=True)
    chosen = freeze_items(attacked, list(items), name="Two", made_from={})

    text, _ = written(attacked, tool, item_set=chosen)

    query = "what is soil" if tool == "quepid" else "q1"
    assert pairs_in(text, tool) == {(query, "c2"), (query, "a1")}


@pytest.mark.parametrize("tool", TOOLS)
def test_without_an_item_set_no_attacked_item_goes_out_and_no_word_of_any(attacked, tool):
    text, beside = written(attacked, tool)

    query = "what is soil" if tool == "quepid" else "q1"
    assert pairs_in(text, tool) == {(query, "c1"), (query, "c2")}
    assert not [word for word in ("variant", "original", "grade 1", "a3") if word in text + beside]


def test_quepids_ratings_are_of_the_item_set_too(attacked):
    chosen = freeze_items(
        attacked, [Item.objects.get(candidate__external_id="a1").pk], name="One", made_from={}
    )

    assert rows_of(written(attacked, "quepid", item_set=chosen)[1])[1:] == [["what is soil", "a1", "0"]]
    # a3 was graded too, and is a variant
    assert rows_of(written(attacked, "quepid")[1])[1:] == [
        ["what is soil", "c1", "1"],
        ["what is soil", "c2", "3"],
    ]


@pytest.mark.parametrize("tool", TOOLS)
def test_an_item_set_that_comes_back_unchanged_changes_nothing(attacked, stored, tool):
    text, _ = written(attacked, tool, item_set=ItemSet.objects.get(name="Mixed"))
    before = snapshot()

    job = stored(text, name=f"back.{TOOL_FILES[tool].suffix}")

    assert job.result["kind"] == tool
    assert snapshot() == before
    assert set(job.result["counts"]) <= {"unchanged"}


@pytest.mark.parametrize("tool", TELLING)
def test_attacked_items_are_variants_in_another_project_too(attacked, stored, tool):
    text, _ = written(attacked, tool, item_set=ItemSet.objects.get(name="Mixed"))
    copy = create_project("Copy")

    job = stored(text, name=f"mixed.{TOOL_FILES[tool].suffix}", into=copy)

    assert described(copy) == described(attacked)
    assert (job.result["counts"]["variants"], job.result["counts"]["originals"]) == (4, 3)
    item_set = copy.item_sets.get()
    # a label on c1, c2, a1, a3: what nobody graded, a2, is in the set as well
    assert item_set.n_items == 6
    assert Label.objects.filter(rater__project=copy).count() == 4


def test_a_grade_that_somebody_gives_an_attacked_item_is_of_the_variant(attacked, stored):
    text, _ = written(attacked, "labelstudio", item_set=ItemSet.objects.get(name="Mixed"))
    tasks = [task for task in json.loads(text) if task["data"]["candidate_id"] == "a2"]
    given = {"from_name": "grade", "to_name": "candidate", "type": "choices"}
    given["value"] = {"choices": ["1 Related"]}
    tasks[0]["annotations"] = [{"completed_by": 7, "result": [given]}]

    stored(json.dumps(tasks), name="back.json")

    label = Label.objects.get(rater__name="user 7")
    assert Variant.objects.get(item=label.item).attack == "cut"


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"variant_attack": ""}, "variant_attack", "The task has a carrier and no attack."),
        ({"variant_carrier": ""}, "variant_carrier", "The task has an attack and no carrier."),
        ({"variant_words": "many"}, "variant_words", "The words are no whole number."),
        ({"variant_right": "refuse"}, "variant_right", "What is right is to grade, to abstain, or open."),
        ({"variant_attack": "x" * 51}, "variant_attack", "The name has 51 characters; 50 is the most."),
    ],
)
def test_a_variant_that_is_half_told_is_a_bad_row(attacked, refused, changed, column, reason):
    examples = from_lines(written(attacked, "doccano", item_set=ItemSet.objects.get(name="Mixed"))[0])
    place = next(place for place, example in enumerate(examples) if example["candidate_id"] == "a1")
    examples[place] |= changed

    bad = refused(lines(*examples), name="back.jsonl", into=create_project("Copy"))

    assert [(each["line"], each["column"]) for each in bad] == [(place + 1, column)]
    assert bad[0]["reason"].startswith(reason)


def test_a_plain_item_in_use_does_not_turn_into_a_variant(attacked, refused):
    examples = from_lines(written(attacked, "doccano", item_set=ItemSet.objects.get(name="Mixed"))[0])
    place = next(place for place, example in enumerate(examples) if example["candidate_id"] == "c1")
    examples[place] |= {"variant_carrier": "boundary", "variant_attack": "cut"}

    bad = refused(lines(*examples), name="back.jsonl")

    assert {each["line"] for each in bad} == {place + 1}
    assert "The project has this item as a plain one already" in bad[0]["reason"]


def test_a_text_that_a_clean_control_has_too_is_the_plain_candidate(project, stored):
    stored("query_id,query,candidate_id,candidate\nq1,what is soil,c1,Soil is earth.\n")
    stored(
        "query_id,query,candidate_id,candidate,carrier,attack\n"
        "q1,what is soil,a1,Soil is earth.,random,none\n",
        name="attacks.csv",
    )

    stored(lines({"text": "Soil is earth.", "query": "what is soil", "label": ["3"]}), name="ann.jsonl")

    assert Label.objects.get().item.candidate.external_id == "c1"


def test_pairs_are_no_tasks_of_these_tools(project, stored):
    item_set = ItemSet.objects.create(project=project, name="Pairs", of_pairs=True)

    with pytest.raises(CannotExport, match="are pairs, which a preference compares"):
        prepare_export(project, file_format="labelstudio", item_set=item_set)


def test_who_graded_attacked_items_alone_has_no_column_among_the_plain_ones(attacked, stored):
    stored("query_id,candidate_id,rater,grade\nq1,a1,Zoe,1\n", kind="labels")

    assert "Zoe" not in written(attacked, "quepid")[0]
    assert "Zoe" not in written(attacked, "argilla")[1]
    assert "Zoe" in written(attacked, "quepid", item_set=ItemSet.objects.get(name="Mixed"))[0]
