"""TREC's formats: qrels, run files, topics."""

from exchange.formats.reading import read_rows
from exchange.formats.rows import BadRow, HitRow, LabelRow, QrelRow, TopicRow, VerdictRow
from exchange.formats.sniffing import sniff
from exchange.formats.system import in_trec_order


def read(tmp_path, text, name="file.txt", **given):
    path = tmp_path / name
    path.write_text(text)
    return list(read_rows(path, sniff(path, **given)))


def test_qrels_are_told_by_their_four_columns(tmp_path):
    rows = read(tmp_path, "1 0 d1 2\n1\tQ0\td2   -1\n\n1 0 d3\n")
    assert rows[:2] == [QrelRow(1, "1", "d1", "2"), QrelRow(2, "1", "d2", "-1")]
    assert rows[2].line == 4
    assert "has 3 columns and should have 4: query_id iteration candidate_id grade" in rows[2].reason


def test_qrels_are_a_persons_labels_or_a_judges_verdicts_as_asked(tmp_path):
    (verdict,) = read(tmp_path, "1 0 d1 2\n", kind="verdicts")
    assert verdict == VerdictRow(1, "", "", "1", "d1", "2", None, "", "", "", None)
    (label,) = read(tmp_path, "1 0 d1 2\n", kind="labels")
    assert label == LabelRow(1, "1", "d1", "2", "", "", False, None)


def test_a_run_file_may_hold_several_systems(tmp_path):
    text = "1 Q0 d1 1 9.5 bm25\n1 Q0 d2 2 9e-1 bm25\n1 Q0 d1 1 0.5 dense\n"
    text += "1 Q0 d1 1 high dense\n1 Q0 d1 1 nan dense\n"
    rows = read(tmp_path, text)
    assert rows[:3] == [
        HitRow(1, "bm25", "1", "d1", 9.5),
        HitRow(2, "bm25", "1", "d2", 0.9),
        HitRow(3, "dense", "1", "d1", 0.5),
    ]
    assert [(row.line, row.column) for row in rows[3:]] == [(4, "score"), (5, "score")]


def test_hits_come_in_the_order_of_trec_eval_whatever_the_rank_says(tmp_path):
    text = "1 Q0 a 1 1.0 s\n1 Q0 c 2 3.0 s\n1 Q0 b 3 3.0 s\n1 Q0 d 4 2.00000001 s\n1 Q0 e 5 2.0 s\n"
    hits = [row for row in read(tmp_path, text) if isinstance(row, HitRow)]
    # 2.00000001 and 2.0 are one number in single precision, so the greater id comes first.
    assert [hit.candidate_id for hit in in_trec_order(hits)] == ["c", "b", "e", "d", "a"]


def test_scores_too_big_for_single_precision_stay_in_order():
    hits = [HitRow(1, "s", "1", "a", -1e300), HitRow(2, "s", "1", "b", 1e300), HitRow(3, "s", "1", "c", 0.0)]
    assert [hit.candidate_id for hit in in_trec_order(hits)] == ["b", "c", "a"]


def test_hits_may_come_as_csv(tmp_path):
    (row,) = read(tmp_path, "run_id,qid,docno,rank,score\nbm25,1,d1,1,2.5\n")
    assert row == HitRow(2, "bm25", "1", "d1", 2.5)


TOPICS = """
<top>
<num> Number: 301
<title> International Organized Crime

<desc> Description:
Identify organizations that participate
in it.

<narr> Narrative:
A relevant document must name one.
</top>
<top><num>302</num><title>Polio</title></top>
<top>
<title> no number
</top>
<top>
<num> 304
"""


def test_classic_topics_are_read_and_the_need_is_description_and_narrative(tmp_path):
    good, short, unnumbered, unclosed = read(tmp_path, TOPICS)
    assert good == TopicRow(
        2,
        "301",
        "International Organized Crime",
        "Identify organizations that participate in it.\n\nA relevant document must name one.",
        None,
    )
    assert short == TopicRow(13, "302", "Polio", "", None)
    assert (unnumbered.line, unnumbered.column) == (14, "num")
    assert isinstance(unclosed, BadRow)
    assert "no </top>" in unclosed.reason
