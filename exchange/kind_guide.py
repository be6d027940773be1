"""The kinds of file in words and examples, for people who bring one."""

from typing import NamedTuple

from exchange.formats.kinds import KINDS


class Guide(NamedTuple):
    """kind: a name of `formats.kinds.KINDS`. example: the first three lines of such a file."""

    kind: str
    title: str
    sentence: str
    example: str


GUIDES = (
    Guide(
        "pairs",
        "Pairs",
        "Queries with candidates, texts and all; where people have graded them already, with the grade.",
        "query_id,query,candidate_id,candidate,human_grade\n"
        "q1,what slows soil carbon loss,c1,Cover crops keep roots in the ground through winter.,3\n"
        "q1,what slows soil carbon loss,c2,Carbon dates old wood.,0",
    ),
    Guide(
        "attacks",
        "Attacks",
        "Candidates changed to see whether a judge bends: pairs, with what was done to them. Each is"
        " a variant: it stays out of agreement, and the file’s variants get an item set of their own.",
        "query_id,query,candidate_id,candidate,human_grade,carrier,attack,words,original_candidate\n"
        "q1,what slows soil carbon loss,a1,Carbon dates old wood.,0,nonrelevant,none,0,\n"
        "q1,what slows soil carbon loss,a2,Soil carbon loss! Carbon dates old wood.,0,nonrelevant,query,0,"
        "Carbon dates old wood.",
    ),
    Guide(
        "verdicts",
        "Verdicts",
        "Judges’ answers made elsewhere. One that is empty or no number is kept, as what it is.",
        "judge,prompt,query_id,candidate_id,grade\ngpt-4o,umbrela,q1,c1,3\ngpt-4o,umbrela,q1,c2,0",
    ),
    Guide(
        "labels",
        "Labels",
        "People's grades of items known by their ids; “cannot judge” is a label too.",
        "query_id,candidate_id,rater,grade,cannot_judge\nq1,c1,Alice,3,\nq1,c2,Alice,,true",
    ),
    Guide(
        "qrels",
        "Qrels",
        "TREC's relevance judgements: of a person, or of a judge. You say whose they are.",
        "q1 0 c1 3\nq1 0 c2 0\nq2 0 c3 1",
    ),
    Guide(
        "topics",
        "Topics",
        "Queries' texts, for ids that another file brought or will bring. TREC's <top> files are read too.",
        "query_id\tquery\nq1\twhat slows soil carbon loss\nq2\thow deep do wheat roots grow",
    ),
    Guide(
        "collection",
        "Collection",
        "Candidates' texts by id. MS MARCO's TSV files, which name no columns, are read too.",
        "candidate_id\tcandidate\nc1\tCover crops keep roots in the ground through winter.\n"
        "c2\tCarbon dates old wood.",
    ),
    Guide(
        "system",
        "Run file",
        "What retrieval systems found. Order is by score, as trec_eval does it; the rank column is not read.",
        "q1 Q0 c1 1 14.2 bm25\nq1 Q0 c2 2 9.8 bm25\nq1 Q0 c1 1 0.91 dense",
    ),
    Guide(
        "grades",
        "Concord's own export",
        "People's labels and judges' verdicts with their texts, as the export page of Concord writes them.",
        "query_id,query,candidate_id,candidate,rater_kind,rater,outcome,grade\n"
        "q1,what slows soil carbon loss,c1,Cover crops keep roots …,person,Alice,graded,3\n"
        "q1,what slows soil carbon loss,c1,Cover crops keep roots …,judge,gpt-4o,graded,2",
    ),
    Guide(
        "labelstudio",
        "Label Studio",
        "Its JSON, JSON_MIN, CSV or TSV export: choices and ratings become labels of each annotator,"
        " predictions verdicts of a judge. You say which choice is which grade.",
        '[{"data": {"query": "what slows soil carbon loss", "passage": "Cover crops …"},\n'
        '  "annotations": [{"completed_by": 7, "result": [{"from_name": "relevance",\n'
        '    "type": "choices", "value": {"choices": ["Highly relevant"]}}]}]}]',
    ),
    Guide(
        "argilla",
        "Argilla",
        "Records as JSON or JSON Lines, of versions 1 and 2: submitted responses become labels, suggestions"
        " verdicts with their scores.",
        '[{"fields": {"query": "what slows soil carbon loss", "passage": "Cover crops …"},\n'
        '  "responses": {"relevance": [{"value": "3", "user_id": "5f0c…"}]},\n'
        '  "suggestions": {"relevance": {"value": "2", "score": 0.8, "agent": "gpt-4o"}}}]',
    ),
    Guide(
        "doccano",
        "doccano",
        "Text classification as JSON Lines, JSON or CSV, the query among the metadata. doccano names a file"
        " after its user: say who that is.",
        '{"id": 1, "text": "Cover crops …", "query": "what slows …", "label": ["3"]}\n'
        '{"id": 2, "text": "Carbon dates …", "query": "what slows …", "label": ["0"]}\n'
        '{"id": 3, "text": "Wheat roots …", "query": "how deep …", "label": []}',
    ),
    Guide(
        "quepid",
        "Quepid",
        "A case’s ratings, or a book’s with a column for each judge, as CSV; a book’s JSON too. A query is"
        " known by its text.",
        "query,docid,Alice,Bob\nwhat slows soil carbon loss,c1,3,2\nwhat slows soil carbon loss,c2,0,",
    ),
)
TITLES = {guide.kind: guide.title for guide in GUIDES}

TOOLS = frozenset(("labelstudio", "argilla", "doccano", "quepid"))
METADATA_IS_KEPT = frozenset(("pairs", "attacks", "collection", "grades")) | TOOLS
"""The kinds whose columns beyond the known ones are stored, as metadata of the candidate."""

FIELD_TITLES = {
    "query_id": "Query id",
    "query": "Query",
    "need": "Need",
    "candidate_id": "Candidate id",
    "title": "Title",
    "candidate": "Candidate",
    "carrier": "Carrier",
    "attack": "Attack",
    "words": "Words",
    "original_candidate": "Original candidate",
    "original_candidate_id": "Original’s candidate id",
    "original_query_id": "Original’s query id",
    "right": "Right is to",
    "grade": "Grade",
    "rater": "Rater",
    "rater_kind": "Person or judge",
    "judge": "Judge",
    "judge_version": "Judge version",
    "prompt": "Prompt",
    "prompt_hash": "Prompt hash",
    "scoring": "Scoring",
    "condition": "Condition",
    "round": "Round",
    "run": "Run",
    "outcome": "Outcome",
    "score": "Score",
    "reply": "Reply",
    "raw": "Raw text",
    "rationale": "Rationale",
    "reason": "Why not judged",
    "marks": "Further criteria",
    "gold_grade": "Gold grade",
    "guidelines_version": "Guidelines version",
    "drawn_with": "Drawn with",
    "seconds": "Seconds",
    "cannot_judge": "Cannot judge",
    "created_at": "Time",
    "system": "System",
    "rival_id": "Rival id",
    "rival_title": "Rival’s title",
    "rival": "Rival: the other candidate",
    "preferred": "Preferred",
    "variant_carrier": "Carrier",
    "variant_attack": "Attack",
    "variant_words": "Words",
    "variant_right": "Right is to",
    "metadata": "Metadata",
}


def fields_of(kind: str) -> list[tuple[str, str]]:
    """(name, title) of the fields that a column of such a file can be mapped to."""
    return [
        (field.name, FIELD_TITLES[field.name]) for field in KINDS[kind].fields if field.name != "metadata"
    ]
