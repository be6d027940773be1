"""The columns of the long form in words, in their order (long_form.COLUMNS)."""

COLUMN_WORDS = {
    "query_id": "The query’s id, as it was imported.",
    "query": "Its text; empty where only the id is known.",
    "need": "The information need behind it, where there is one.",
    "candidate_id": "The candidate’s id, as it was imported.",
    "title": "The candidate’s title.",
    "candidate": "Its text; empty where only the id is known.",
    "rater_kind": "“person” for a label, “judge” for a verdict.",
    "rater": "The person’s or the judge’s name.",
    "prompt": "The judge’s prompt; empty for people and for qrels.",
    "judge_version": "The judge’s version: a changed judge is a new one.",
    "prompt_hash": "The content hash of the prompt, to tell its wordings apart.",
    "scoring": "How the judge was asked; empty for verdicts made elsewhere.",
    "condition": "What was changed in what the judge was shown; empty for the plain run.",
    "round": "The round in which a person labelled; empty for labels from files.",
    "run": "The run’s number: one judge over one item set.",
    "outcome": "graded, scored, abstained, unreadable, out_of_range, empty, refused or error.",
    "grade": "A value of the rubric; empty unless the outcome is graded.",
    "score": "The judge’s continuous value, where it has one.",
    "raw": "What the judge wrote, word for word.",
    "rationale": "Why a person chose the grade; for verdicts the reason of a failure.",
    "reason": "Why a person could not judge: query, text, language, knowledge or other.",
    "marks": "The grades of the rubric’s further criteria by name, as JSON.",
    "gold_grade": "The known grade of a gold item; such an answer has no say in the reference.",
    "guidelines_version": "The version of the guidelines that the person had before them.",
    "drawn_with": "The chance with which the item was drawn in a round ordered by priority.",
    "seconds": "From showing the item to its grade.",
    "metadata": "The candidate’s other columns, as JSON.",
    "created_at": "When the grade was given or imported, with time zone.",
}

VARIANT_WORDS = {
    "carrier": "Of a variant, what was attacked; empty for plain items.",
    "attack": "What was done to it; “none” for a clean control.",
    "words": "Words of the carrier, or the dose.",
    "original_query_id": "The query’s id of the item it was made from, where that is in the project.",
    "original_candidate_id": "That item’s candidate id.",
    "right": "What a judge has to do with it: “grade”, or “abstain” where it cannot be judged.",
}
"""What comes behind these where an item set is exported (long_form.VARIANT_COLUMNS)."""
