"""A small file of each kind, for tests that import and undo it."""

from tests.exchange.bringing import table

PAIRS = table(
    [
        {
            "query_id": f"q{n % 2}",
            "query": f"query {n % 2}",
            "candidate_id": f"c{n}",
            "candidate": f"text {n}",
        }
        | {"human_grade": n % 4 if n < 3 else "", "url": "u"}
        for n in range(5)
    ]
)
VERDICTS = table(
    [
        {"judge": judge, "prompt": "p", "query_id": f"q{n % 2}", "candidate_id": f"c{n}", "grade": n % 4}
        | {"condition": condition}
        for n in range(5)
        for judge, condition in (("gpt", ""), ("gpt", "suffix"), ("llama", ""))
    ]
)
OTHER_VERDICT = "judge,prompt,query_id,candidate_id,grade\ngpt,p,q0,c0,3\n"
LABELS = "query_id,candidate_id,rater,grade\nq0,c0,Zoe,3\nq0,c4,Zoe,1\n"
IDS = "q0 0 c0 3\nq1 0 c1 2\n"
TOPICS = "q0\twhat is soil\nq1\twhat is compost\n"
NEEDS = "q0\twhat is soil\tI grow carrots.\n"
COLLECTION = table(
    [
        {"candidate_id": "c0", "candidate": "Soil.", "title": "S", "url": "u"},
        {"candidate_id": "c1", "candidate": "Compost.", "title": "", "url": ""},
    ]
)
RUN_FILE = "q0 Q0 c0 1 3.5 bm25\nq0 Q0 c9 2 2.5 bm25\nq9 Q0 c1 1 1.5 dense\n"

FILES = {
    "pairs": (PAIRS, {}),
    "verdicts": (VERDICTS, {}),
    "labels": (LABELS, {}),
    "qrels": (IDS, {"name": "qrels.txt", "rater": "NIST"}),
    "judge's qrels": (IDS, {"name": "qrels.txt", "judge": "gpt"}),
    "topics": (TOPICS, {"name": "topics.tsv", "kind": "topics"}),
    "collection": (COLLECTION, {"kind": "collection"}),
    "run file": (RUN_FILE, {"name": "run.txt"}),
}
