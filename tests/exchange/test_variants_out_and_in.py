"""Variants leave with their item set alone, and come back in as what they were."""

import json

import pytest

from corpus.models import Item, ItemSet, Job, Variant
from corpus.services import create_project, freeze_items
from exchange.exporting import CannotExport, prepare_export
from exchange.long_form import COLUMNS, VARIANT_COLUMNS
from exchange.long_form_guide import VARIANT_WORDS
from judges.models import Condition, Experiment, Judge, Run, Verdict
from tests.exchange.bringing import export, read_csv, table

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = (
    "query_id,query,candidate_id,candidate,human_grade\n"
    "q1,what is soil,c1,Carbon dates old wood.,1\n"
    "q1,what is soil,c2,Soil is earth.,3\n"
)
ATTACKS = (
    "query_id,query,candidate_id,candidate,human_grade,carrier,attack,words,original_candidate,right\n"
    "q1,what is soil,a1,what is soil Carbon dates old wood.,0,=grade 1,query,3,Carbon dates old wood.,\n"
    "q1,what is soil,a2,Carbon,,boundary,cut,,Carbon dates old wood.,abstain\n"
    "q1,what is soil,a3,so as the display,0,random,none,100,,\n"
)
VERDICTS = table(
    [
        {"judge": "gpt", "query_id": "q1", "candidate_id": candidate, "grade": grade, "condition": condition}
        for candidate, grade in (("c1", 1), ("c2", 3), ("a1", 2), ("a2", 0), ("a3", 0))
        for condition in ("", "T1")
    ]
)
RUNS = 2  # a run for each condition


@pytest.fixture
def attacked(project, stored):
    """Two plain items and three variants, one of them of another query than its original."""
    stored(PAIRS)
    stored(ATTACKS, name="attacks.csv")
    stored(VERDICTS, kind="verdicts")
    stored("query_id,query,candidate_id,candidate\nq1?,what it is,c1,Carbon dates old wood.\n")
    vague = Item.objects.get(query__external_id="q1?")
    original = Item.objects.get(query__external_id="q1", candidate__external_id="c1")
    Variant.objects.create(
        item=vague, original=original, carrier="boundary", attack="vague query", right="abstain"
    )
    stored("judge,query_id,candidate_id,grade\ngpt,q1?,c1,1\n")
    freeze_items(
        project, list(Item.objects.order_by("pk").values_list("pk", flat=True)), name="Mixed", made_from={}
    )
    return project


def described(project) -> set[tuple]:
    """Every variant of a project in its own words, with its reference."""
    found = Variant.objects.filter(item__query__project=project)
    return set(
        found.values_list(
            *("item__query__external_id", "item__candidate__external_id", "item__candidate__text"),
            *("carrier", "attack", "words", "right", "item__reference__grade"),
            *("original__query__external_id", "original__candidate__external_id"),
        )
    )


def test_every_column_of_a_variant_is_explained():
    assert list(VARIANT_WORDS) == [name for name, *_ in VARIANT_COLUMNS]


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
@pytest.mark.parametrize("what", ["labels", "verdicts", "both", "references"])
def test_a_plain_export_has_no_variant_and_no_word_of_them(project, stored, what, file_format):
    stored(PAIRS)
    plain = "\n".join(line for line in VERDICTS.splitlines() if ",a" not in line)
    stored(plain, kind="verdicts")
    before = export(project, what=what, file_format=file_format)

    stored(ATTACKS)
    on_variants = [line for line in VERDICTS.splitlines() if ",a" in line or line.startswith("judge")]
    stored("\n".join(on_variants), kind="verdicts")

    assert export(project, what=what, file_format=file_format) == before


def test_an_item_set_goes_out_with_what_its_items_are_variants_of(attacked):
    rows = read_csv(export(attacked, file_format="csv", item_set=ItemSet.objects.get(name="Mixed")))

    assert list(rows[0]) == [*(column.name for column in COLUMNS), *VARIANT_WORDS]
    # labels of c1, c2, a1, a3; two verdicts each of five items, and one of the vague query
    assert len(rows) == 4 + 5 * RUNS + 1
    told = {(row["query_id"], row["candidate_id"]): [row[name] for name in VARIANT_WORDS] for row in rows}
    assert told == {
        ("q1", "c1"): [""] * 6,
        ("q1", "c2"): [""] * 6,
        ("q1", "a1"): ["'=grade 1", "query", "3", "q1", "c1", "grade"],
        ("q1", "a2"): ["boundary", "cut", "0", "q1", "c1", "abstain"],
        ("q1", "a3"): ["random", "none", "100", "", "", "grade"],
        ("q1?", "c1"): ["boundary", "vague query", "0", "q1", "c1", "abstain"],
    }


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_what_goes_out_comes_in_as_the_same_variants(attacked, stored, file_format):
    data = export(attacked, file_format=file_format, item_set=ItemSet.objects.get(name="Mixed"))
    copy = create_project("Copy")

    job = stored(data, name=f"mixed.{file_format}", kind="grades", into=copy)

    assert described(copy) == described(attacked)
    assert (job.result["counts"]["variants"], job.result["counts"]["originals"]) == (4, 3)
    item_set = copy.item_sets.get()
    assert (item_set.name, item_set.n_items) == (f"Variants, mixed.{file_format}", 6)
    verdicts = [
        sorted(
            Verdict.objects.filter(run__judge__project=of).values_list(
                "item__candidate__external_id", "grade", "run__condition__name", "run__condition__cell"
            ),
            key=str,
        )
        for of in (attacked, copy)
    ]
    assert verdicts[0] == verdicts[1]
    again = export(copy, file_format=file_format, item_set=item_set)
    assert len(again.splitlines()) == len(data.splitlines())


def test_the_same_export_read_twice_changes_nothing(attacked, stored):
    data = export(attacked, file_format="csv", item_set=ItemSet.objects.get(name="Mixed"))
    copy = create_project("Copy")
    stored(data, kind="grades", into=copy)

    again = stored(data, kind="grades", into=copy)

    assert set(again.result["counts"]) == {"unchanged"}
    assert copy.item_sets.count() == 1


def test_a_row_with_half_a_variant_is_bad(attacked, refused):
    rows = read_csv(export(attacked, file_format="csv", item_set=ItemSet.objects.get(name="Mixed")))
    rows = [row | {"attack": ""} for row in rows if row["candidate_id"] == "a3"]

    bad = refused(table(rows), kind="grades", into=create_project("Copy"))

    assert {each["column"] for each in bad} == {"attack"}
    assert "The row has a carrier and no attack. Write both, or neither." in bad[0]["reason"]


def test_runs_of_experiments_go_out_with_their_item_set_alone(attacked):
    item_set = ItemSet.objects.get(name="Mixed")
    experiment = Experiment.objects.create(project=attacked, name="E", kind="compliance", item_set=item_set)
    job = Job.objects.create(project=attacked, kind=Job.Kind.JUDGE, state=Job.State.DONE)
    condition = Condition.objects.create(project=attacked, name="N1", cell="N1")
    run = Run.objects.create(judge=Judge.objects.get(), job=job, experiment=experiment, condition=condition)
    plain = Item.objects.get(candidate__external_id="c2")
    Verdict.objects.create(run=run, item=plain, outcome="graded", grade=0)

    def conditions(**choices) -> set[str]:
        rows = export(attacked, file_format="jsonl", what="verdicts", **choices).splitlines()
        return {json.loads(row)["condition"] for row in rows}

    assert conditions() == {None, "T1"}
    assert conditions(item_set=item_set) == {None, "T1", "N1"}


def test_qrels_hold_variants_of_a_set_alone(attacked):
    item_set = ItemSet.objects.get(name="Attacks, attacks.csv")

    assert export(attacked, file_format="qrels").decode() == "q1 0 c2 3\nq1 0 c1 1\n"
    assert export(attacked, file_format="qrels", item_set=item_set).decode() == "q1 0 a1 0\nq1 0 a3 0\n"
    judge = Judge.objects.get()
    found = export(attacked, file_format="qrels", judge=judge, what="verdicts", item_set=item_set).decode()
    assert found == "q1 0 a1 2\nq1 0 a2 0\nq1 0 a3 0\n"
    plain = export(attacked, file_format="qrels", judge=judge, what="verdicts").decode()
    assert plain == "q1 0 c2 3\nq1 0 c1 1\n"


def test_a_project_of_variants_alone_says_what_to_choose(project, stored):
    stored(ATTACKS)

    with pytest.raises(CannotExport, match="All items of this project are variants: choose one"):
        prepare_export(project)
    assert export(project, item_set=ItemSet.objects.get()).count(b"\n") == 1 + 2


def test_items_of_a_preference_and_single_ones_are_not_mixed_up(attacked):
    pairs = ItemSet.objects.create(project=attacked, name="P", of_pairs=True)
    with pytest.raises(CannotExport, match="The items of “P” are pairs"):
        prepare_export(attacked, item_set=pairs)
    other = create_project("Other")
    foreign = ItemSet.objects.create(project=other, name="F")
    with pytest.raises(CannotExport, match="belongs to another project"):
        prepare_export(attacked, item_set=foreign)
