"""Files of labelling tools as people have them, written for these tests: two queries, four passages."""

import json

SOIL, ROOTS = "what slows soil carbon loss", "how deep do wheat roots grow"
COVER, WOOD = "Cover crops keep roots in the ground through winter.", "Carbon dates old wood."
DEEP, SALT = "Wheat roots reach two metres.", "Salt water is denser than fresh water."


def choice(name: str, *choices: str, to: str = "passage") -> dict:
    return {
        "id": f"r-{name}",
        "from_name": name,
        "to_name": to,
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(choices)},
    }


def written(name: str, *texts: str) -> dict:
    return {"id": f"t-{name}", "from_name": name, "to_name": "passage", "type": "textarea"} | {
        "value": {"text": list(texts)}
    }


def rating(name: str, stars: int) -> dict:
    return {"id": f"s-{name}", "from_name": name, "to_name": "passage", "type": "rating"} | {
        "value": {"rating": stars}
    }


def annotation(who: object, *results: dict, **more: object) -> dict:
    return {
        "id": 501,
        "completed_by": who,
        "result": list(results),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-03-01T10:00:00.250000Z",
        "lead_time": 12.5,
        "updated_at": "2026-03-01T10:00:00.250000Z",
        "task": 1,
        "result_count": len(results),
        **more,
    }


def prediction(model: str, *results: dict, score: float | None = None) -> dict:
    return {"id": 9, "model_version": model, "result": list(results), "score": score, "task": 1}


def task(number: int, data: dict, annotations=(), predictions=()) -> dict:
    return {
        "id": number,
        "data": data,
        "annotations": list(annotations),
        "predictions": list(predictions),
        "drafts": [],
        "meta": {},
        "project": 3,
        "created_at": "2026-02-28T09:00:00Z",
        "inner_id": number,
    }


ANN = {"id": 7, "email": "ann@example.org", "first_name": "Ann", "last_name": "Archer"}
LABEL_STUDIO = [
    task(
        1,
        {"query": SOIL, "passage": COVER, "source": "farm.example"},
        [
            annotation(ANN, choice("relevance", "Perfectly relevant"), written("comment", "dedicated")),
            annotation(8, choice("relevance", "Highly relevant")),
        ],
        [prediction("gpt-4o", choice("relevance", "Related"), score=0.75)],
    ),
    task(2, {"query": SOIL, "passage": WOOD}, [annotation(ANN, choice("relevance", "Irrelevant"))]),
    task(3, {"query": ROOTS, "passage": DEEP}, [annotation(8, was_cancelled=True)]),
    task(4, {"query": ROOTS, "passage": SALT}),
]


def argilla_record(number: int, fields: dict, responses: dict, suggestions: dict | None = None) -> dict:
    """As version 2 nests a record."""
    return {
        "id": f"record-{number}",
        "fields": fields,
        "metadata": {"source": "farm"},
        "vectors": {},
        "responses": responses,
        "suggestions": suggestions or {},
        "_server_id": f"{number:032x}",
    }


ANNS_UUID, BENS_UUID = "0c0e5d9e-8f0a-4a0e-9f2f-0d5ac1f7f101", "5f0c5a76-6a0f-4f0c-8b73-0f8f6d1d2202"
ARGILLA = [
    argilla_record(
        1,
        {"query": SOIL, "passage": COVER},
        {
            "relevance": [{"value": "3", "user_id": ANNS_UUID}, {"value": "2", "user_id": BENS_UUID}],
            "comment": [{"value": "dedicated", "user_id": ANNS_UUID}],
        },
        {"relevance": {"value": "1", "score": 0.75, "agent": "gpt-4o"}},
    ),
    argilla_record(
        2, {"query": SOIL, "passage": WOOD}, {"relevance": [{"value": "0", "user_id": ANNS_UUID}]}
    ),
    argilla_record(3, {"query": ROOTS, "passage": DEEP}, {}),
]
DOCCANO = [
    {"id": 11, "text": COVER, "query": SOIL, "source": "farm", "label": ["3"], "Comments": ["dedicated"]},
    {"id": 12, "text": WOOD, "query": SOIL, "source": "farm", "label": ["0"], "Comments": []},
    {"id": 13, "text": DEEP, "query": ROOTS, "source": "farm", "label": [], "Comments": []},
]
QUEPID_BOOK = f"query,docid,Ann,Ben\n{SOIL},c1,3,2\n{SOIL},c2,0,\n{ROOTS},c3,,\n"
QUEPID_CASE = f"query,docid,rating\n{SOIL},c1,3\n{SOIL},c2,0\n{ROOTS}\n"


def lines_of(records: list[dict]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)
