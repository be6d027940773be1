import pytest

from corpus.models import Candidate, Item, Query
from exchange.importing import importer
from tests.exchange.bringing import lines, packed, snapshot, table

pytestmark = pytest.mark.django_db(transaction=True)

QRELS = "q1 0 c1 3\nq1 0 c2 0\nq2 0 c1 1\n"
TOPICS = "q1\twhat is soil\nq2\twhat is compost\n"
COLLECTION = "c1\tSoil is what plants stand in.\nc2\tStars are far away.\n"


def texts() -> tuple[dict, dict]:
    return (
        dict(Query.objects.values_list("external_id", "text")),
        dict(Candidate.objects.values_list("external_id", "text")),
    )


def test_texts_may_come_after_the_ids(stored):
    stored(QRELS, name="qrels.txt")
    topics = stored(TOPICS, name="topics.tsv", kind="topics")
    collection = stored(COLLECTION, name="collection.tsv", kind="collection")

    assert texts() == (
        {"q1": "what is soil", "q2": "what is compost"},
        {"c1": "Soil is what plants stand in.", "c2": "Stars are far away."},
    )
    assert topics.result["counts"] == {"texts": 2}
    assert collection.result["counts"] == {"texts": 2}
    assert all(candidate.content_hash for candidate in Candidate.objects.all())


def test_texts_may_come_before_the_ids(stored):
    stored(TOPICS, name="topics.tsv", kind="topics")
    stored(COLLECTION, name="collection.tsv", kind="collection")
    job = stored(QRELS, name="qrels.txt")

    assert job.result["counts"] == {"items": 3, "labels": 3}
    assert Item.objects.count() == 3


@pytest.mark.parametrize("rows_a_chunk", [1, 20_000])
@pytest.mark.parametrize("first", [True, False])
def test_twice_changes_nothing(stored, monkeypatch, rows_a_chunk, first):
    monkeypatch.setattr(importer, "ROWS_A_CHUNK", rows_a_chunk)
    if not first:
        stored(QRELS, name="qrels.txt")
    stored(TOPICS, name="topics.tsv", kind="topics")
    stored(COLLECTION, name="collection.tsv", kind="collection")
    before = snapshot()

    again = stored(TOPICS, name="topics.tsv", kind="topics")
    stored(packed(COLLECTION), name="collection.tsv.gz", kind="collection")

    assert snapshot() == before
    assert again.result["counts"] == {}


def test_another_text_is_refused(stored, refused):
    stored(TOPICS, name="topics.tsv", kind="topics")
    stored(COLLECTION, name="collection.tsv", kind="collection")

    (topic,) = refused("q1\tsomething else\nq3\tnew\n", name="topics.tsv", kind="topics")
    (candidate,) = refused("c3\tnew\nc1\tsomething else\n", name="c.tsv", kind="collection")

    assert (topic["line"], candidate["line"]) == (1, 2)
    assert "Give the changed text an id of its own" in topic["reason"]
    assert "c3" not in texts()[1]


def test_good_rows_of_a_collection_are_kept_without_items(stored):
    stored(COLLECTION, name="collection.tsv", kind="collection")

    stored("c3\tnew\nc1\telse\n", name="c.tsv", kind="collection", good_rows=True)

    assert texts()[1]["c3"] == "new"


def test_a_need_may_come_after_the_query(stored):
    stored(TOPICS, name="topics.tsv", kind="topics")

    stored("q1\twhat is soil\tI want to grow carrots.\n", name="topics.tsv", kind="topics")

    assert Query.objects.get(external_id="q1").need == "I want to grow carrots."


def test_trec_topics_bring_query_and_need(stored):
    text = "<top>\n<num> Number: 7\n<title> soil\n<desc> Description:\nWhat is it?\n</top>\n"

    stored(text, name="topics.txt")

    assert Query.objects.values_list("external_id", "text", "need").get() == ("7", "soil", "What is it?")


def test_titles_and_other_columns_of_candidates_are_kept(stored):
    rows = [{"candidate_id": "c1", "title": "Soil", "candidate": "Text.", "url": "https://soil"}]

    stored(table(rows), kind="collection")

    found = Candidate.objects.get()
    assert (found.title, found.text, found.metadata) == ("Soil", "Text.", {"url": "https://soil"})


def test_other_columns_come_with_the_text(stored):
    stored(QRELS, name="qrels.txt")

    stored(lines({"candidate_id": "c1", "candidate": "Text.", "url": "u"}), name="c.jsonl", kind="collection")

    assert Candidate.objects.get(external_id="c1").metadata == {"url": "u"}
