"""argilla: records as Argilla's exporters write them, in a JSON list or as JSON Lines.

Version 2 nests them (fields, responses, suggestions) or flattens them (`relevance.responses`,
`relevance.suggestion`). Version 1 has feedback records as the API gives them, the same as a Hugging Face
dataset (`relevance` with a list of responses, `relevance-suggestion`), and records of text classification
(inputs, annotation, prediction).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from exchange.formats.answers import (
    FIELDS,
    JUDGE,
    PERSON,
    Answer,
    Task,
    Tool,
    number,
    object_in,
    the_list,
    the_object,
)
from exchange.formats.kind import Kind, never_quick
from exchange.formats.rows import GradeRow
from exchange.formats.values import Unfit

GIVEN_UP = ("draft", "discarded")
BOOKKEEPING = frozenset(
    ("id", "external_id", "_server_id", "status", "metadata", "vectors", "inserted_at", "updated_at")
)
CLASSIFIED = frozenset(("annotation", "annotation_agent", "prediction", "prediction_agent"))
ABOUT_A_CLASSIFIED = CLASSIFIED | frozenset(
    ("inputs", "multi_label", "explanation", "event_timestamp", "metrics", "search_keywords")
)


class Said(NamedTuple):
    """One value for one question: of a user, or of a suggestion's agent."""

    question: str
    value: Any
    who: str
    is_given_up: bool = False
    score: float | None = None
    is_judge: bool = False


def tasks_of(record: dict[str, Any]) -> Task:
    """A record's task, whichever version wrote it."""
    if "fields" in record:
        said = [*_responses(record), *_suggestions(record)]
        return Task(_fields(record, the_object(record["fields"], "fields")), _answers(said))
    if record.keys() >= CLASSIFIED:
        return _classified(record)
    questions = _flat_questions(record)
    if questions:
        own = {key: value for key, value in record.items() if not _is_of(key, questions)}
        return Task(_fields(record, own), _answers(_flat(record, questions)))
    raise Unfit("The record has neither fields nor responses. Export the dataset from Argilla again.")


def looks_like(records: Sequence[dict[str, Any]]) -> bool:
    return all(
        ("fields" in record and bool(record.keys() & {"responses", "suggestions"}))
        or record.keys() >= CLASSIFIED
        or bool(_flat_questions(record))
        for record in records
    )


def _fields(record: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What was shown, and the record's metadata beside it."""
    shown = {key: value for key, value in own.items() if key not in BOOKKEEPING}
    return {**object_in(record.get("metadata")), **shown}


def _answers(said: Iterable[Said]) -> list[Answer]:
    """One answer a user, and one an agent, of all that they said."""
    answers: dict[tuple[bool, str], Answer] = {}
    for each in said:
        key = (each.is_judge, each.who)
        if key not in answers:
            answers[key] = Answer(JUDGE if each.is_judge else PERSON, each.who, {}, {}, score=each.score)
        answer = answers[key]
        answer.said[each.question] = answer.wrote[each.question] = each.value
        if each.is_given_up:
            answers[key] = answer._replace(is_skipped=True)
    return list(answers.values())


def _responses(record: Mapping[str, Any]) -> Iterable[Said]:
    """Of nested records: by question, or by user as the API gives them."""
    responses = record.get("responses")
    if isinstance(responses, dict):
        for question, given in responses.items():
            for response in the_list(given, question):
                yield _said(question, the_object(response, question))
        return
    for response in the_list(responses, "responses"):
        user = the_object(response, "responses")
        for question, value in the_object(user.get("values"), "values").items():
            yield _said(question, {**user, "value": the_object(value, question).get("value")})


def _said(question: str, response: Mapping[str, Any]) -> Said:
    given_up = str(response.get("status") or "").lower() in GIVEN_UP
    return Said(question, response.get("value"), str(response.get("user_id") or ""), given_up)


def _suggestions(record: Mapping[str, Any]) -> Iterable[Said]:
    suggestions = record.get("suggestions")
    if isinstance(suggestions, dict):
        for question, suggestion in suggestions.items():
            yield _suggested(question, the_object(suggestion, question))
        return
    for suggestion in the_list(suggestions, "suggestions"):
        one = the_object(suggestion, "suggestions")
        yield _suggested(str(one.get("question_name") or ""), one)


def _suggested(question: str, suggestion: Mapping[str, Any]) -> Said:
    return Said(
        question,
        suggestion.get("value"),
        str(suggestion.get("agent") or ""),
        score=number(suggestion.get("score")),
        is_judge=suggestion.get("type") != "human",
    )


def _flat_questions(record: Mapping[str, Any]) -> set[str]:
    """The questions of a flat record, known by the columns that go with each."""
    questions = {
        key.removesuffix(end)
        for key in record
        for end in (".responses.users", ".suggestion.agent", "-suggestion-metadata")
        if key.endswith(end)
    }
    return questions | {
        key.removesuffix(end)
        for key in record
        for end in (".response", ".responses", ".suggestion")
        if key.endswith(end)
    }


def _is_of(key: str, questions: set[str]) -> bool:
    return any(key == question or key.startswith((f"{question}.", f"{question}-")) for question in questions)


def _flat(record: Mapping[str, Any], questions: set[str]) -> Iterable[Said]:
    for question in sorted(questions):
        given = record.get(f"{question}.responses")
        if given is None and (one := record.get(f"{question}.response")) is not None:
            given = [one]
        users = the_list(record.get(f"{question}.responses.users"), f"{question}.responses.users")
        states = the_list(record.get(f"{question}.responses.status"), f"{question}.responses.status")
        for place, value in enumerate(the_list(given, f"{question}.responses")):
            state = states[place] if place < len(states) else None
            user = users[place] if place < len(users) else ""
            yield _said(question, {"value": value, "user_id": user, "status": state})
        if isinstance(of_version_1 := record.get(question), list):
            for response in of_version_1:
                yield _said(question, the_object(response, question))
        for name, agent, score in (
            (f"{question}.suggestion", f"{question}.suggestion.agent", f"{question}.suggestion.score"),
            (f"{question}-suggestion", "", ""),
        ):
            if record.get(name) is None:
                continue
            more = the_object(record.get(f"{question}-suggestion-metadata"), "suggestion-metadata")
            about = {"value": record[name], "agent": record.get(agent), "score": record.get(score), **more}
            yield _suggested(question, about)


def _classified(record: Mapping[str, Any]) -> Task:
    """A record of version 1's text classification."""
    inputs = record.get("inputs")
    shown = inputs if isinstance(inputs, dict) else {"text": record.get("text")}
    own = {key: value for key, value in record.items() if key not in ABOUT_A_CLASSIFIED and key != "text"}
    said = []
    if record.get("annotation") is not None:
        given_up = str(record.get("status") or "").lower() in GIVEN_UP
        who = str(record.get("annotation_agent") or "")
        said.append(Said("annotation", record["annotation"], who, given_up))
    predicted = [_predicted(each) for each in the_list(record.get("prediction"), "prediction")]
    if predicted:
        label, score = max(predicted, key=lambda each: each[1] if each[1] is not None else 0.0)
        agent = str(record.get("prediction_agent") or "")
        said.append(Said("annotation", label, agent, score=score, is_judge=True))
    return Task(_fields(record, {**own, **shown}), _answers(said))


def _predicted(prediction: Any) -> tuple[Any, float | None]:
    if isinstance(prediction, dict):
        return prediction.get("label"), number(prediction.get("score"))
    if isinstance(prediction, list) and len(prediction) == 2:
        return prediction[0], number(prediction[1])
    raise Unfit("A prediction has no label and score. Export the dataset from Argilla again.")


KIND = Kind("argilla", GradeRow, FIELDS, never_quick, tool=Tool("Argilla", tasks_of, looks_like))
