"""The other names under which people's files carry our fields, in the order in which they are believed.

Compared as `normalised`: lower case, words joined by one underscore, so that "Query ID", "queryId" and
"query-id" are one name.
"""

import re

QUERY_ID = ("qid", "topic_id", "q_id", "topic", "topic_number", "query_number", "query_no", "num")
CANDIDATE_ID = (
    *("docid", "doc_id", "docno", "passage_id", "pid", "document_id", "corpus_id", "item_id", "did", "cid"),
)
QUERY = ("query_text", "question", "topic_title")
CANDIDATE = (
    *("passage", "document", "text", "doc", "candidate_text", "passage_text", "document_text", "doc_text"),
    *("body", "contents", "content"),
)
TITLE = ("doc_title", "document_title", "passage_title", "heading", "headline")
NEED = ("information_need", "narrative", "description", "instruction", "intent")
GRADE = (
    *("human_grade", "rating", "label", "relevance", "judgment", "judgement", "relevance_grade", "rel"),
    *("relevance_label", "human_label", "human_rating", "human_judgment", "qrel"),
)
VERDICT_GRADE = (
    "verdict",
    "judge_grade",
    "rating",
    "label",
    "relevance",
    "judgment",
    "judgement",
    "prediction",
)
ATTACK = ("perturbation", "attack_type", "attack_name")
WORDS = ("n_words", "dose")
ORIGINAL = ("original", "original_text", "original_passage", "original_document", "clean_candidate")
ORIGINAL_ID = ("original_id", "original_docid", "original_passage_id")
RATER = ("annotator", "assessor", "labeler", "labeller", "rated_by", "judged_by", "user", "user_email")
JUDGE = ("judge_name", "model", "model_name", "llm")
PROMPT = ("prompt_name", "prompt_id", "template")
REPLY = ("response", "raw", "raw_reply", "raw_text", "output", "completion")
SYSTEM = ("tag", "run", "run_id", "run_tag", "run_name", "system_name", "system_id")
SCORE = ("sim", "similarity", "rsv")


def normalised(name: str) -> str:
    """ "Query ID", "queryId", " query-id" → "query_id"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^\w]+|_+", "_", words).strip("_").lower()
