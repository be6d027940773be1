"""Files as files: packed, cut off, in other encodings, or no text at all."""

import codecs
import gzip
import json
import os
import random
import tracemalloc

import pytest

from exchange.formats.kinds import KINDS
from exchange.formats.reading import read_rows
from exchange.formats.rows import BadRow, FileProblem
from exchange.formats.sniffing import sniff

GOOD = {"query_id": "q1", "query": "où?", "candidate_id": "d1", "candidate": "là, à côté", "human_grade": 1}
CSV = "query_id,query,candidate_id,candidate\n" + "q1,où?,d1,là à côté de l’église\n" * 40


def read(path, **given):
    return list(read_rows(path, sniff(path, **given)))


def lines(n: int) -> bytes:
    return b"".join(json.dumps({**GOOD, "candidate_id": f"d{i}"}).encode() + b"\n" for i in range(n))


def test_gzip_is_known_by_its_bytes_not_by_its_name(tmp_path):
    packed, plain = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(lines(3)))
    plain.write_bytes(lines(3))
    assert read(packed) == read(plain)
    assert (sniff(packed).compression, sniff(plain).compression) == ("gzip", "none")


def test_gzip_of_several_members_and_padding_is_read_whole(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(lines(1000)) + gzip.compress(lines(1)) + b"\0" * 512)
    assert len(read(path)) == 1001


def test_a_cut_off_gzip_says_how_many_rows_were_good(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    varied = b"".join(
        json.dumps({**GOOD, "candidate": os.urandom(100).hex()}).encode() + b"\n" for _ in range(5000)
    )
    path.write_bytes(gzip.compress(varied)[:-200_000])
    sniffed = sniff(path)
    assert len(sniffed.first_rows) == 20
    rows = []
    with pytest.raises(FileProblem, match="gzip data ends too early") as problem:
        rows.extend(read_rows(path, sniffed))
    assert f"in line {len(rows) + 1:,}" in str(problem.value)
    assert f"{len(rows):,} rows were good until then" in str(problem.value)
    assert len(rows) > 1000


def test_a_damaged_gzip_is_said(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    packed = bytearray(gzip.compress(lines(20)))
    packed[-6] ^= 1
    path.write_bytes(packed)
    with pytest.raises(FileProblem, match="gzip data is damaged"):
        read(path)


def test_a_gzip_bomb_fills_no_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=1) as out:
        out.write(lines(1))
        for _ in range(300):
            out.write(b"a" * (1 << 20))
    tracemalloc.start()
    rows = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(row) is BadRow for row in rows] == [False, True]
    assert peak < 40 << 20


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
    ],
)
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_unicode_encodings_are_found(tmp_path, encoding, found, suffix):
    path = tmp_path / f"a.{suffix}"
    text = CSV if suffix == "csv" else json.dumps(GOOD, ensure_ascii=False) + "\n"
    path.write_bytes(text.encode(encoding))
    if encoding == "utf-16-be":
        assert sniff(path).encoding == found
    sniffed = sniff(path)
    rows = list(read_rows(path, sniffed))
    assert sniffed.encoding == found
    assert rows[0].query == "où?"
    assert rows[0].query_id == "q1"


def test_another_encoding_is_guessed_and_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(CSV.encode("cp1252"))
    sniffed = sniff(path)
    assert sniffed.first_rows[0].candidate == "là à côté de l’église"
    assert "The file is not UTF-8; guessed cp125" in " ".join(sniffed.notes)


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_an_encoding_can_be_named(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    text = CSV if suffix == "csv" else json.dumps({**GOOD, "query": "где?"}, ensure_ascii=False) + "\n"
    path.write_bytes(
        text.replace("où", "где")
        .replace("à", "a")
        .replace("é", "e")
        .replace("ô", "o")
        .replace("’", "'")
        .encode("koi8-r")
    )
    assert read(path, encoding="koi8-r")[0].query == "где?"


@pytest.mark.parametrize(
    "name", ["klingon", "base64", "rot13", "idna", "unicode_escape", "undefined", "a\0b", ""]
)
def test_an_encoding_that_is_none_is_explained(tmp_path, name):
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    with pytest.raises(FileProblem, match="no text encoding named"):
        sniff(path, encoding=name or " ")


def test_a_few_lines_that_are_not_utf8_are_bad_rows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(CSV.encode() + "q1,où,d2,là\n".encode("cp1252"))
    rows = read(path)
    assert [row.line for row in rows if isinstance(row, BadRow)] == [42]


def test_bytes_that_a_named_encoding_lacks_are_bad_rows(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(1) + b'{"query_id": "\x81"}\n' + lines(1))
    rows = read(path, encoding="cp1252")
    assert [type(row) is BadRow for row in rows] == [False, True, False]
    assert "no cp1252 text" in rows[1].reason


def test_utf_16_that_breaks_is_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(CSV.encode("utf-16") + b"\xff")
    with pytest.raises(FileProblem, match="is no utf-16 text from there on"):
        read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "nothing but blank lines"),
        (b"PK\x03\x04aaaa", "Excel"),
        (b"PAR1aaaa", "Parquet"),
        (b"BZh91AY", "bzip2"),
        (codecs.BOM_UTF8, "blank lines"),
        (b"one column\nonly\n", "no columns can be told apart"),
        (b'[\n{"a": 1}\n]\n', "fit no kind of file"),
        (b"query_id,query,candidate_id,candidate\rq,x,d,y\r", "old Macintosh"),
        (b"query_id,query,query,candidate_id,candidate\nq,x,x,d,y\n", "more than one column named 'query'"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (gzip.compress(b"aaaa", mtime=0)[:5], "gzip data ends too early"),
    ],
)
def test_a_file_that_is_none_is_explained_in_a_sentence(tmp_path, content, said):
    path = tmp_path / "a.data"
    path.write_bytes(content)
    with pytest.raises(FileProblem, match=said):
        sniff(path)


def test_a_folder_a_pipe_and_nothing_are_explained(tmp_path):
    with pytest.raises(FileProblem, match="is a folder"):
        sniff(tmp_path)
    with pytest.raises(FileProblem, match="There is no file gone"):
        sniff(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileProblem, match="no regular file"):
        sniff(tmp_path / "pipe")
    with pytest.raises(FileProblem, match="cannot be read"):
        sniff("a\0b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_one_may_not_read_is_explained(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    path.chmod(0)
    with pytest.raises(FileProblem, match="permissions"):
        sniff(path)


def test_a_header_without_rows_is_no_problem(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("query_id,query,candidate_id,candidate\n")
    sniffed = sniff(path)
    assert sniffed.first_rows == ()
    assert "There are no rows" in " ".join(sniffed.notes)


def test_an_unknown_kind_is_explained(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(CSV)
    with pytest.raises(FileProblem, match=r"no kind of file named 'pears'.*pairs"):
        sniff(path, kind="pears")


SEEDS = [
    *(
        CSV.encode(),
        CSV.replace(",", "\t").encode(),
        CSV.encode("utf-16"),
        lines(20),
        gzip.compress(lines(20), mtime=0),
    ),
    *(b"1 0 d1 2\n" * 20, b"1 Q0 d1 1 0.5 bm25\n" * 20, b"1\tabout water\n" * 9),
    b"<top>\n<num> Number: 1\n<title> water\n</top>\n" * 5,
]
DAMAGE = [
    *(
        b'"',
        b",",
        b"\t",
        b"\n",
        b"\r",
        b"\0",
        b"{",
        b"}",
        b"[",
        b"\xff",
        b"\xfe",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"NaN",
    ),
    *(b"\\ud800", b"\\u0000", b"<top>", b"</top>", b";", b"'", b"1e999", b"null", b"[[[[" * 300, b"\x1f\x8b"),
]


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_no_damage_ends_in_anything_but_a_sentence(tmp_path, seed):
    chance = random.Random(seed)
    path = tmp_path / "a"
    for _ in range(60):
        data = bytearray(SEEDS[seed])
        for _ in range(chance.choice([1, 3, 30])):
            place = chance.randrange(len(data))
            data[place : place + chance.choice([0, 0, 0, 1, 20])] = chance.choice(DAMAGE)
        path.write_bytes(data)
        try:
            rows = read(path, kind=chance.choice([None, *KINDS]))
        except FileProblem:
            continue
        for row in rows:
            if isinstance(row, BadRow):
                assert row.line >= 1
                assert row.reason
            else:
                assert not any(isinstance(value, str) and "\0" in value for value in row)
