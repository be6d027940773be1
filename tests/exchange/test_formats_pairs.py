"""Pairs, labels, verdicts, topics and collections out of JSON Lines, CSV and TSV."""

import csv
import json
from pathlib import Path

import pytest

from exchange.formats.reading import read_rows
from exchange.formats.rows import (
    BadRow,
    CollectionRow,
    FileProblem,
    GradeRow,
    LabelRow,
    PairRow,
    QrelRow,
    TopicRow,
    VerdictRow,
)
from exchange.formats.sniffing import columns_of, sniff

PAIR = {
    "query_id": "q1",
    "query": "how tall is Ætna?",
    "candidate_id": "d1",
    "candidate": "About 3,357 m.",
    "human_grade": 3,
}


def write_lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    return path


def write_text(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8", newline="")
    return path


def read(path, **given):
    return list(read_rows(path, sniff(path, **given)))


def test_a_pair_in_json_keeps_its_texts_and_its_grade_as_it_came(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", PAIR, {**PAIR, "candidate_id": "d2", "human_grade": "2.0"})
    first, second = read(path)
    assert first == PairRow(1, "q1", "how tall is Ætna?", "", "d1", "", "About 3,357 m.", "3", "", None)
    assert (second.line, second.grade) == (2, "2.0")


def test_a_pair_in_csv_may_hold_commas_quotes_and_line_breaks(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["query_id", "query", "candidate_id", "candidate", "grade", "source"])
        writer.writerow(["q1", "a, b", "d1", 'he said "yes"\nand\r\nleft', "", "web"])
        writer.writerow(["q1", "a, b", "d2", "plain", "1", ""])
    first, second = read(path)
    assert first == PairRow(
        2, "q1", "a, b", "", "d1", "", 'he said "yes"\nand\r\nleft', None, "", {"source": "web"}
    )
    assert second == PairRow(5, "q1", "a, b", "", "d2", "", "plain", "1", "", None)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    lines = ["query_id,query,candidate_id,candidate", "q1,what is it,d1,a thing"]
    path = write_text(tmp_path / "a.txt", "\n".join(lines).replace(",", delimiter))
    (row,) = read(path)
    assert (row.query, row.candidate) == ("what is it", "a thing")


def test_other_names_are_understood_and_the_rest_is_metadata(tmp_path):
    path = write_lines(
        tmp_path / "a.jsonl",
        {"qid": 7, "Query Text": "x", "docId": "d", "passage": "y", "rating": 1, "lang": "en", "n": [1, 2]},
    )
    sniffed = sniff(path)
    assert sniffed.kind == "pairs"
    assert sniffed.mapping == {
        "qid": "query_id",
        "Query Text": "query",
        "docId": "candidate_id",
        "passage": "candidate",
        "rating": "grade",
    }
    assert sniffed.first_rows == (
        PairRow(1, "7", "x", "", "d", "", "y", "1", "", {"lang": "en", "n": [1, 2]}),
    )


def test_an_ambiguous_guess_is_said(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {**PAIR, "text": "another"})
    sniffed = sniff(path)
    assert "'candidate' was taken for candidate; 'text' could be it too" in " ".join(sniffed.notes)
    assert sniffed.first_rows[0].metadata == {"text": "another"}


def test_a_mapping_wins_over_the_guess(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {**PAIR, "text": "another"})
    (row,) = read(path, mapping={"text": "candidate"})
    assert row.candidate == "another"
    assert row.metadata == {"candidate": "About 3,357 m."}


def test_mapped_columns_tell_the_kind(tmp_path):
    path = write_text(tmp_path / "a.csv", "doc,stars,qid,who\nd1,3,q1,Eve\n")
    sniffed = sniff(path, mapping={"doc": "candidate_id", "stars": "grade", "who": "rater"})
    assert sniffed.kind == "labels"
    with pytest.raises(FileProblem, match=r"\(doc, stars, qid, who\) fit no kind"):
        sniff(path)


def test_a_column_can_be_kept_out_of_the_fields_or_out_altogether(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {**PAIR, "secret": "x"})
    (row,) = read(path, mapping={"human_grade": "metadata", "secret": "ignore"})
    assert (row.grade, row.metadata) == (None, {"human_grade": 3})


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"nowhere": "query"}, "There is no column 'nowhere'"),
        ({"query": "colour"}, "has no field 'colour'"),
        ({"query": "candidate", "candidate": "candidate"}, "Two columns are mapped to 'candidate'"),
    ],
)
def test_a_wrong_mapping_is_explained(tmp_path, mapping, said):
    path = write_lines(tmp_path / "a.jsonl", PAIR)
    with pytest.raises(FileProblem, match=said):
        sniff(path, kind="pairs", mapping=mapping)


def test_a_file_without_a_needed_column_says_which_and_how_to_name_it(tmp_path):
    path = write_text(tmp_path / "a.csv", "query_id,query,candidate\nq1,x,y\n")
    with pytest.raises(FileProblem, match=r"needs candidate_id.*--map"):
        sniff(path, kind="pairs")
    assert list(columns_of(path)) == ["query_id", "query", "candidate"]


def test_a_key_that_first_appears_late_is_still_a_field(tmp_path):
    ungraded = {key: value for key, value in PAIR.items() if key != "human_grade"}
    records = [{**ungraded, "candidate_id": f"d{number}"} for number in range(500)]
    rows = read(write_lines(tmp_path / "a.jsonl", *records, {**PAIR, "title": "Etna"}))
    assert (rows[-1].grade, rows[-1].title, rows[-1].metadata) == ("3", "Etna", None)
    assert rows[0].grade is None


def test_metadata_of_the_file_and_unclaimed_columns_become_one_object(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", {**PAIR, "metadata": {"a": 1}, "b": 2})
    assert read(path)[0].metadata == {"a": 1, "b": 2}
    path = write_text(
        tmp_path / "a.csv",
        'query_id,query,candidate_id,candidate,metadata,b\nq,x,d,y,"{""a"": 1}",2\n',
    )
    assert read(path)[0].metadata == {"a": 1, "b": "2"}


def test_a_grade_that_is_not_a_number_in_json_is_kept_as_text(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**PAIR, "human_grade": float("nan")}) + "\n")
    assert read(path)[0].grade == "NaN"


def test_verdicts_keep_what_is_no_number(tmp_path):
    path = write_text(
        tmp_path / "v.csv",
        "judge,prompt,query_id,candidate_id,grade,score,condition,tokens\n"
        "gpt,basic,q1,d1,{relevance_score},0.25,,12\n"
        "gpt,basic,q1,d2,,NaN,suffix,\n",
    )
    assert read(path) == [
        VerdictRow(2, "gpt", "basic", "q1", "d1", "{relevance_score}", 0.25, "", "", "", {"tokens": "12"}),
        VerdictRow(3, "gpt", "basic", "q1", "d2", None, None, "suffix", "", "", None),
    ]


def test_labels_say_a_grade_or_that_the_person_could_not_judge(tmp_path):
    path = write_text(
        tmp_path / "l.csv",
        "query_id,candidate_id,rater,grade,cannot_judge,comment\n"
        "q1,d1,ann,2,,sure\nq1,d2,ann,,yes,\nq1,d3,ann,,,\nq1,d4,ann,1,yes,\nq1,d5,ann,1,maybe,\n",
    )
    good, unsure, *bad = read(path)
    assert good == LabelRow(2, "q1", "d1", "2", "ann", "sure", False, None)
    assert unsure == LabelRow(3, "q1", "d2", None, "ann", "", True, None)
    assert [(row.line, row.column) for row in bad] == [(4, "grade"), (5, "cannot_judge"), (6, "cannot_judge")]


def test_topics_and_collections_without_a_header_go_by_their_order(tmp_path):
    topics = write_text(
        tmp_path / "queries.tsv",
        '1\t"to be or not',
    )
    assert read(topics) == [TopicRow(1, "1", '"to be or not', "", None)]
    collection = write_text(tmp_path / "c.tsv", "d1\t" + "long text " * 30 + "\nd2\tshort\n")
    assert sniff(collection).kind == "collection"
    assert read(collection, kind="collection")[1] == CollectionRow(2, "d2", "", "short", None)
    documents = write_text(tmp_path / "msmarco-docs.tsv", "D1\thttp://a.b\tEtna\tBody of it\n")
    assert read(documents, kind="collection") == [
        CollectionRow(1, "D1", "Etna", "Body of it", {"column 2": "http://a.b"})
    ]


def test_beir_files_are_understood(tmp_path):
    corpus = write_lines(
        tmp_path / "corpus.jsonl", {"_id": "4", "title": "T", "text": "body", "metadata": {}}
    )
    assert read(corpus) == [CollectionRow(1, "4", "T", "body", None)]
    queries = write_lines(tmp_path / "queries.jsonl", {"_id": "7", "text": "what?"})
    assert read(queries) == [TopicRow(1, "7", "what?", "", None)]
    qrels = write_text(tmp_path / "test.tsv", "query-id\tcorpus-id\tscore\n7\t4\t1\n")
    assert read(qrels) == [QrelRow(2, "7", "4", "1")]


def test_ratings_by_the_text_of_the_query_take_it_for_its_id(tmp_path):
    path = write_text(tmp_path / "q.csv", "query,document_id,rating\nred shoes,d1,3\nred shoes,d2,\n")
    sniffed = sniff(path)
    assert sniffed.kind == "qrels"
    assert "no column of query ids" in " ".join(sniffed.notes)
    assert sniffed.first_rows == (QrelRow(2, "red shoes", "d1", "3"), QrelRow(3, "red shoes", "d2", None))


GRADES = {
    "query_id": "q1",
    "query": "'=1+1",
    "need": "'' quoted",
    "candidate_id": "d1",
    "title": "",
    "candidate": "it's -5 degrees",
    "rater_kind": "judge",
    "rater": "tiny",
    "prompt": "basic",
    "judge_version": "2",
    "prompt_hash": "abc",
    "scoring": "grade",
    "condition": "",
    "run": "5",
    "outcome": "graded",
    "grade": "2",
    "score": "-1.5",
    "raw": "2",
    "rationale": "",
    "created_at": "2026-01-02T03:04:05+00:00",
}


def test_our_own_csv_export_reads_back_without_its_guards_and_json_as_it_is(tmp_path):
    path = tmp_path / "g.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, GRADES)
        writer.writeheader()
        writer.writerow(GRADES)
    (row,) = read(path)
    assert sniff(path).kind == "grades"
    assert isinstance(row, GradeRow)
    assert (row.query, row.need, row.candidate) == ("=1+1", "' quoted", "it's -5 degrees")
    assert (row.grade, row.score, row.run) == ("2", -1.5, "5")
    (row,) = read(write_lines(tmp_path / "g.jsonl", {**GRADES, "score": -1.5, "grade": 2}))
    assert (row.query, row.need, row.grade, row.score) == ("'=1+1", "'' quoted", "2", -1.5)


def test_a_rater_is_a_person_or_a_judge(tmp_path):
    (row,) = read(write_lines(tmp_path / "g.jsonl", {**GRADES, "rater_kind": "dog"}))
    assert isinstance(row, BadRow)
    assert row.column == "rater_kind"
