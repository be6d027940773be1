"""Attacked candidates: each row a variant, with its original where that is in the project."""

import gzip
import json

import pytest

from annotate.models import Label
from corpus.deleting import delete_project
from corpus.models import Item, ItemSet, Reference, Variant
from corpus.services import create_project, freeze_all_items, freeze_items
from exchange.formats.sniffing import sniff
from exchange.importing.undoing import BuiltOn, undo_import
from judges.models import Experiment
from tests.exchange.bringing import lines, packed, snapshot, table

pytestmark = pytest.mark.django_db(transaction=True)

SOIL = "Carbon dates old wood."


def attack(number: int, *, name: str = "query", **fields) -> dict:
    return {
        "query_id": "q1",
        "query": "what slows soil carbon loss",
        "candidate_id": f"a{number}",
        "candidate": f"what slows soil carbon loss {SOIL} {number}",
        "human_grade": 0,
        "carrier": "nonrelevant",
        "attack": name,
        "words": "",
        "original_candidate": SOIL,
    } | fields


CLEAN = attack(0, name="none", candidate=SOIL)
ROWS = [CLEAN, attack(1), attack(2, name="query_words", words=100)]
PAIR = "query_id,query,candidate_id,candidate\nq1,what slows soil carbon loss,c1,Carbon dates old wood.\n"


def variant_of(candidate_id: str) -> Variant:
    return Variant.objects.get(item__candidate__external_id=candidate_id)


def original_of(candidate_id: str) -> str | None:
    original = variant_of(candidate_id).original
    return original and original.candidate.external_id


FORMATS = {
    "attacks.csv": table,
    "attacks.tsv": lambda rows: table(rows).replace(",", "\t"),
    "attacks.jsonl": lambda rows: lines(*rows),
    "attacks.jsonl.gz": lambda rows: packed(lines(*rows)),
    "attacks.csv.gz": lambda rows: packed(table(rows)),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_row_becomes_an_item_with_its_variant_and_its_label(project, stored, name):
    job = stored(FORMATS[name](ROWS), name=name)

    assert job.result["kind"] == "attacks"
    facts = Variant.objects.order_by("item__candidate__external_id").values_list("carrier", "attack", "words")
    assert list(facts) == [
        ("nonrelevant", "none", 0),
        ("nonrelevant", "query", 0),
        ("nonrelevant", "query_words", 100),
    ]
    assert Label.objects.count() == Reference.objects.filter(grade=0).count() == 3
    assert job.result["counts"] == {
        "queries": 1,
        "candidates": 3,
        "items": 3,
        "variants": 3,
        "originals": 2,
        "labels": 3,
    }
    assert set(Variant.objects.values_list("job", flat=True)) == {job.pk}


def test_the_files_variants_are_reached_by_an_item_set(project, stored):
    job = stored(table(ROWS), name="attacks.csv")

    item_set = ItemSet.objects.get()
    assert (item_set.name, item_set.n_items) == ("Attacks, attacks.csv", 3)
    assert item_set.made_from == {"rule": "attacks", "job": job.pk}
    assert list(
        item_set.entries.order_by("position").values_list("item__candidate__external_id", flat=True)
    ) == [
        *("a0", "a1", "a2"),
    ]


def test_the_clean_control_of_the_same_file_is_the_original_of_the_attacked_ones(project, stored):
    stored(table([ROWS[1], CLEAN, ROWS[2]]))  # in whatever order

    assert (original_of("a0"), original_of("a1"), original_of("a2")) == (None, "a0", "a0")


def test_the_original_in_the_project_comes_before_a_clean_control(project, stored):
    stored(PAIR)
    stored(table(ROWS))

    assert {original_of(name) for name in ("a0", "a1", "a2")} == {"c1"}


def test_an_attacked_text_is_nobodys_original(project, stored):
    unchanged = attack(1, candidate=SOIL)  # an attack that changed nothing
    stored(table([unchanged, attack(2)]))

    assert original_of("a2") is None


def test_an_original_of_another_query_is_no_original(project, stored):
    stored(PAIR.replace("q1,what slows soil carbon loss", "q2,another query"))
    stored(table([attack(1)]))

    assert original_of("a1") is None


def test_the_original_can_be_named_by_its_id(project, stored):
    stored(PAIR + "q1,what slows soil carbon loss,c2,Another text\n")
    rows = [attack(1, original_candidate_id="c2"), attack(2, original_candidate_id="unknown")]
    stored(table(rows))

    assert (original_of("a1"), original_of("a2")) == ("c2", "c1")  # without the id, by the text


def test_the_same_file_twice_changes_nothing(project, stored):
    stored(table(ROWS))
    before = snapshot()

    again = stored(table(ROWS))

    assert snapshot() == before
    assert again.result["counts"] == {"unchanged": 3}


def test_what_is_new_in_a_longer_file_comes_in_with_a_set_of_the_whole_file(project, stored):
    stored(table(ROWS[:2]), name="attacks.csv")
    job = stored(table(ROWS), name="attacks.csv")

    assert job.result["counts"]["variants"] == 1
    assert dict(ItemSet.objects.values_list("name", "n_items")) == {
        "Attacks, attacks.csv": 2,
        "Attacks, attacks.csv (2)": 3,
    }


@pytest.mark.parametrize(
    ("changes", "column"),
    [({"attack": "authority"}, "attack"), ({"carrier": "random"}, "carrier"), ({"words": 7}, "words")],
)
def test_another_variant_of_the_same_item_is_a_bad_row(project, stored, refused, changes, column):
    (in_file,) = refused(table([ROWS[1], ROWS[1] | changes]))
    stored(table(ROWS))
    (in_store,) = refused(table([ROWS[1] | changes]))

    assert (in_file["line"], in_store["line"]) == (3, 2)
    for bad in (in_file, in_store):
        assert bad["column"] == column
        assert "a variant already: carrier “nonrelevant”, attack “query”, words 0." in bad["reason"]


PLAIN = "query_id,query,candidate_id,candidate{more}\nq1,what slows soil carbon loss,a1,{text}{value}\n"


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("label", "with labels and a reference."),
        ("verdict", "with verdicts."),
        ("item set", "with a place in an item set."),
    ],
)
def test_a_plain_item_that_is_in_use_does_not_become_a_variant(project, stored, refused, use, words):
    more, value = (",human_grade", ",2") if use == "label" else ("", "")
    stored(PLAIN.format(more=more, text=ROWS[1]["candidate"], value=value))
    if use == "verdict":
        stored("judge,query_id,candidate_id,grade\ngpt,q1,a1,3\n")
    if use == "item set":
        freeze_all_items(project)
    before = snapshot()

    (bad,) = refused(table(ROWS))

    assert (bad["line"], bad["column"]) == (3, "candidate_id")
    assert f"as a plain one already, {words}" in bad["reason"]
    assert snapshot() == before


def test_a_plain_item_that_nobody_has_used_becomes_one_and_an_undo_makes_it_plain_again(project, stored):
    stored(PLAIN.format(more="", text=ROWS[1]["candidate"], value=""))
    before = snapshot()

    job = stored(table(ROWS))
    assert Item.objects.plain().count() == 0
    undo_import(job)

    assert snapshot() == before


BAD = [
    ({"carrier": ""}, "carrier", "The carrier is empty. Write what was attacked"),
    ({"attack": ""}, "attack", "The attack is empty. Write what was done, or none for a clean control."),
    ({"words": "many"}, "words", "no whole number"),
    ({"words": "1.5"}, "words", "no whole number"),
    ({"words": "-1"}, "words", "no whole number"),
    ({"words": str(2**31)}, "words", "no whole number"),
    ({"attack": "x" * 51}, "attack", "The name has 51 characters; 50 is the most."),
    ({"human_grade": 9}, "human_grade", "The grade 9 is outside the rubric."),
    ({"right": "maybe"}, "right", "grade, abstain, open, or leave it empty"),
]


@pytest.mark.parametrize(("changes", "column", "reason"), BAD)
def test_a_bad_row_is_named_with_its_remedy(project, refused, changes, column, reason):
    (bad,) = refused(table([{"right": "", **ROWS[0]}, {"right": "", **ROWS[1]} | changes]))

    assert (bad["line"], bad["column"]) == (3, column)
    assert reason in bad["reason"]
    assert not Item.objects.exists()


def test_the_good_rows_come_in_alone_when_asked(project, stored):
    job = stored(table([*ROWS, ROWS[1] | {"attack": "style"}, attack(9, words="many")]), good_rows=True)

    assert job.result["n_bad"] == 2
    assert Variant.objects.count() == Item.objects.count() == ItemSet.objects.get().n_items == 3


@pytest.mark.parametrize("words", ["100", "100.0", " 100 "])
def test_words_are_a_whole_number_however_written(project, stored, words):
    stored(table([ROWS[0] | {"words": words}]))

    assert variant_of("a0").words == 100


def test_boundary_items_can_say_that_abstaining_is_right(project, stored):
    stored(table([attack(1, name="empty", candidate="", right="Abstain", human_grade="")]))

    found = variant_of("a1")
    assert (found.right, Reference.objects.exists()) == ("abstain", False)


def test_pairs_with_other_columns_are_no_attacks(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text(table([{**ROWS[0]}]).replace("carrier", "courier"))
    assert sniff(path).kind == "pairs"
    path.write_text(
        table(ROWS).replace("carrier", "Carrier").replace("original_candidate", "original passage")
    )
    sniffed = sniff(path)
    assert (sniffed.kind, sniffed.mapping["original passage"]) == ("attacks", "original_candidate")


class TestUndoing:
    def test_an_undo_takes_all_of_it_back(self, project, stored):
        stored(PAIR)
        before = snapshot()

        undo_import(stored(table([row | {"rater": "Zoe"} for row in ROWS])))

        assert snapshot() == before

    def test_originals_stay_as_long_as_they_have_variants(self, project, stored):
        pairs = stored(PAIR)
        attacks = stored(table(ROWS))
        with pytest.raises(BuiltOn, match="3 variants of its items"):
            undo_import(pairs)

        undo_import(attacks)
        undo_import(pairs)

        assert not Item.objects.exists()

    def test_verdicts_on_variants_are_in_the_way(self, project, stored):
        stored(PLAIN.format(more="", text=ROWS[1]["candidate"], value=""))
        attacks = stored(table(ROWS))
        stored("judge,query_id,candidate_id,grade\ngpt,q1,a1,3\ngpt,q1,a2,3\n")

        with pytest.raises(BuiltOn, match="1 verdict on its items, 1 use of its variants depend"):
            undo_import(attacks)

    def test_an_experiment_over_its_set_is_in_the_way(self, project, stored):
        attacks = stored(table(ROWS))
        Experiment.objects.create(
            project=project, name="Battery", kind="robustness", item_set=ItemSet.objects.get()
        )

        with pytest.raises(BuiltOn, match="1 experiment over its item sets"):
            undo_import(attacks)

    def test_another_set_with_its_items_is_in_the_way(self, project, stored):
        attacks = stored(table(ROWS))
        freeze_items(project, list(Item.objects.values_list("pk", flat=True)), name="Mine", made_from={})

        with pytest.raises(BuiltOn, match="3 entries of item sets"):
            undo_import(attacks)


def test_a_deleted_project_leaves_no_variant(project, stored):
    other = create_project("Water")
    stored(table(ROWS), into=other)
    before = snapshot()
    stored(PAIR)
    stored(table(ROWS))

    delete_project(project)

    rest = snapshot()
    rubrics = before.pop("corpus_rubric"), rest.pop("corpus_rubric")
    assert rest == before
    assert len(rubrics[0]) == len(rubrics[1]) + 1


def test_the_real_attacks_and_their_verdicts_come_in_whole(dl21, stored):
    """1,952 items; 27 judges (models and prompts) with 16,215 answers."""
    job = stored((dl21 / "attacks.jsonl.gz").read_bytes(), name="attacks.jsonl.gz", kind="attacks")
    assert job.result["counts"] == {
        "queries": 53,
        "candidates": 1952,
        "items": 1952,
        "variants": 1952,
        "labels": 1952,
    }
    assert Variant.objects.filter(attack="none", carrier="random").count() == 159
    assert ItemSet.objects.get().n_items == 1952
    before = snapshot()

    content = (dl21 / "attack_verdicts.csv.gz").read_bytes()
    job = stored(content, name="attack_verdicts.csv.gz", kind="verdicts")

    counts = job.result["counts"]
    assert (counts["verdicts"], counts["judges"], counts.get("items")) == (16215, 27, None)
    undo_import(job)
    assert snapshot() == before


def test_attacks_on_the_real_pairs_find_their_originals(dl21, stored):
    """All 1,422 attacks on non-relevant passages name one of pairs.jsonl; random words come from nowhere.

    The two files write the queries' texts differently, so those of one are taken for both.
    """
    packed_lines = (dl21 / "attacks.jsonl.gz").read_bytes()
    attacks = [json.loads(line) for line in gzip.decompress(packed_lines).splitlines()]
    texts = {row["query_id"]: row["query"] for row in attacks}
    pairs = [json.loads(line) for line in (dl21 / "pairs.jsonl").read_text().splitlines()]
    known = [row | {"query": texts[row["query_id"]]} for row in pairs if row["query_id"] in texts]
    stored(lines(*known), name="pairs.jsonl")

    job = stored(lines(*attacks), name="attacks.jsonl")

    assert job.result["counts"]["originals"] == 1422
    assert not Variant.objects.filter(carrier="random").exclude(original=None).exists()
    assert not Variant.objects.filter(original__variant__isnull=False).exists()
