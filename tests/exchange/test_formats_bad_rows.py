"""Every bad row is named by line, column and reason, and the rows around it are read."""

import json
import tracemalloc

import pytest

from exchange.formats.reading import read_rows
from exchange.formats.rows import BadRow
from exchange.formats.sniffing import sniff

GOOD = {"query_id": "q1", "query": "x", "candidate_id": "d1", "candidate": "y", "human_grade": 1}


def rows_of(path, **given):
    return list(read_rows(path, sniff(path, kind="pairs", **given)))


def read_second_line(tmp_path, line: bytes) -> BadRow:
    """The one bad row that comes of a line between two good ones."""
    good = json.dumps(GOOD).encode()
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([good, line, good]) + b"\n")
    first, bad, last = rows_of(path, encoding="utf-8")
    assert (first.line, last.line) == (1, 3)
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    return bad


@pytest.mark.parametrize(
    ("changed", "column", "said"),
    [
        ({"query_id": ""}, "query_id", "empty"),
        ({"query_id": "  "}, "query_id", "empty"),
        ({"query_id": None}, "query_id", "empty"),
        ({"query_id": 1.5}, "query_id", "Expected a name or an id, found 1.5"),
        ({"query_id": True}, "query_id", "found true"),
        ({"candidate_id": "a\tb"}, "candidate_id", "U+0009"),
        ({"candidate_id": "a\x85b"}, "candidate_id", "U+0085"),
        ({"candidate_id": "d" * 501}, "candidate_id", "501 characters; 500 is the most"),
        ({"candidate": "a\0b"}, "candidate", "NUL"),
        ({"candidate": ["a"]}, "candidate", "found a JSON list"),
        ({"query": {"a": 1}}, "query", "found a JSON object"),
        ({"human_grade": "1\0"}, "human_grade", "NUL"),
        ({"extra": "a\0b"}, "metadata", "NUL"),
        ({"extra": {"deep": ["a\\\0b"]}}, "metadata", "NUL"),
        ({"rater": "r" * 501}, "rater", "501"),
    ],
)
def test_a_value_that_cannot_be_stored_is_named(tmp_path, changed, column, said):
    bad = read_second_line(tmp_path, json.dumps({**GOOD, **changed}).encode())
    assert bad.column == column
    assert said in bad.reason


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[1, 2]", "holds a list, not a JSON object"),
        (b"null", "holds null"),
        (b'"text"', "holds a text"),
        (b"12", "holds a number"),
        (b'{"query_id": "q1"', "closing brace"),
        (b'{"query_id": "q1"},', "one object a line and no list"),
        (b"{'query_id': 1}", "no JSON"),
        (b'{"query": "\xe9"}', "Byte 12 of the line (0xE9) is no utf-8 text"),
        (b'{"query": "\\ud800"}', "no JSON"),
        (b'{"query_id": "q1", "query": "x", "candidate_id": "d"}', "has no 'candidate'"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path, line, said):
    assert said in read_second_line(tmp_path, line).reason


def test_nothing_to_store_is_nothing_bad(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n" + json.dumps(GOOD).encode() + b"\r\n   \n\n" + json.dumps(GOOD).encode())
    assert [row.line for row in rows_of(path)] == [2, 5]


def test_backslashes_in_metadata_are_not_mistaken_for_nul(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**GOOD, "pattern": "\\u0000", "q": "\\"}))
    assert rows_of(path)[0].metadata == {"pattern": "\\u0000", "q": "\\"}


def test_blanks_around_an_id_do_not_belong_to_it(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**GOOD, "query_id": " q 1 "}))
    assert rows_of(path)[0].query_id == "q 1"


def test_csv_faults_are_named_and_the_next_rows_are_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"query_id,query,candidate_id,candidate\n"
        b"q1,x,d1,too,many\n"
        b"q1,x,d2\n"
        b'q1,x,d3,"a" b\n'
        b"q1,x,d4,\xe9t\xc3\n"
        b"q1,x,d5,bad\rreturn\n"
        b"\n"
        b",x,d6,y\n"
        b'q1,x,d7,"two\nlines"\n'
        b"q1,x,d8,nul\0\n"
        b'q1,x,d9,"never closed\n'
    )
    rows = rows_of(path, encoding="utf-8")
    bad = {row.line: row.reason for row in rows if isinstance(row, BadRow)}
    assert "5 cells, the file 4 columns" in bad[2]
    assert "3 cells, the file 4 columns" in bad[3]
    assert "after a cell's closing quote" in bad[4]
    assert "0xE9" in bad[5]
    assert "--encoding cp1252" in bad[5]
    assert "carriage return" in bad[6]
    assert "The id is empty" in bad[8]
    assert "NUL" in bad[11]
    assert "still open at the file's end" in bad[12]
    assert [row.candidate_id for row in rows if not isinstance(row, BadRow)] == ["d7"]
    assert len(rows) == 9


def test_a_row_that_spans_an_unreadable_line_is_lost_with_it(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(
        b'query_id,query,candidate_id,candidate\nq1,x,d1,"first\nsecond \xff\nthird"\nq1,x,d2,fine\n'
    )
    bad, good = rows_of(path, encoding="utf-8")
    assert (bad.line, good.candidate_id) == (3, "d2")


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_a_line_over_the_limit_is_refused_and_the_next_one_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "jsonl":
        long = json.dumps({**GOOD, "candidate": "y" * 5000})
        path.write_text("\n".join([json.dumps(GOOD), long, json.dumps(GOOD), long]))
    else:
        long = f"q1,x,d1,{'y' * 5000}"
        path.write_text("\n".join(["query_id,query,candidate_id,candidate", long, "q1,x,d1,y", long]))
    rows = list(read_rows(path, sniff(path, kind="pairs"), line_limit=1000))
    bad = [row.line for row in rows if isinstance(row, BadRow)]
    assert bad == [2, 4]
    assert "longer than 1000 bytes" in next(row for row in rows if isinstance(row, BadRow)).reason
    assert [row.line for row in rows if not isinstance(row, BadRow)] == ([1, 3] if suffix == "jsonl" else [3])


def test_a_line_of_200_mb_is_never_held_in_memory(tmp_path):
    path = tmp_path / "a.jsonl"
    good = json.dumps(GOOD).encode() + b"\n"
    with path.open("wb") as out:
        out.write(good + b'{"query": "')
        for _ in range(200):
            out.write(b"x" * (1 << 20))
        out.write(b'"}\n' + good)
    tracemalloc.start()
    rows = rows_of(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.line for row in rows] == [1, 2, 3]
    assert "longer than 16 MB" in rows[1].reason
    assert peak < 40 << 20
