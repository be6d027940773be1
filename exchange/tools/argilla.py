"""Argilla: records as a JSON list, nested as version 2 nests them, and the dataset's settings beside them.

A record has one suggestion a question: of several judges the one that answered last is suggested. Argilla's
users are UUIDs; each rater has one of its own, always the same, by which Concord knows them again.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from exchange.formats.answer_columns import CANNOT_JUDGE
from exchange.long_form import copy_lines_out
from exchange.tools.file import Source, Statement, ToolFile
from exchange.tools.names import argilla_user, control_names
from exchange.tools.source import (
    CANNOT_JUDGE_WORDS,
    COMMA,
    items,
    keys_of,
    raters_of,
    spellings,
    told_of_variants,
)

RECORD = """json_build_object(
'id', q.external_id || ' | ' || c.external_id,
'fields', json_strip_nulls(json_build_object('query', nullif(q.text, ''), 'need', nullif(q.need, ''),
'title', nullif(c.title, ''), 'candidate', nullif(c.text, ''))),
'metadata', json_strip_nulls(json_build_object('query_id', q.external_id, 'candidate_id', c.external_id
{variant})),
'responses', coalesce(people.responses, '{{}}'), 'suggestions', coalesce(judges.suggestions, '{{}}'),
'vectors', json_build_object())"""
METADATA = ("query_id", "candidate_id")
GRADE = "CASE WHEN {0}.grade IS NULL THEN %(cannot)s ELSE {0}.grade::text END"
USER = "'user_id', %(users)s::jsonb ->> l.rater_id::text, 'status', 'submitted'"


def statements(source: Source) -> list[Statement]:
    """One record a line, all but the first with a comma before it."""
    names = list(control_names(source.rubric))
    answers = [
        ("'grade'", GRADE.format("l"), "true"),
        *((f"%(criterion_{n})s", f"l.marks[{n}]::text", f"l.marks[{n}] IS NOT NULL") for n in _places(names)),
        ("'rationale'", "l.rationale", "l.rationale <> ''"),
    ]
    given = ", ".join(
        f"{name}, json_agg(json_build_object('value', {value}, {USER}) ORDER BY l.id) FILTER (WHERE {there})"
        for name, value, there in answers
    )
    # an aggregate over nobody still makes a row, hence the counts
    people = f"CASE WHEN count(*) > 0 THEN json_strip_nulls(json_build_object({given})) END AS responses"
    judges = (
        "CASE WHEN count(*) > 0 THEN json_build_object('grade', (array_agg(json_build_object("
        f"'value', {GRADE.format('v')}, 'score', v.score, 'agent', v.name) ORDER BY v.run DESC))[1])"
        " END AS suggestions"
    )
    record = RECORD.format(variant=told_of_variants(source))
    select = f"SELECT {COMMA}{record}::text " + items(source, people=people, judges=judges)
    keys = keys_of(source) | {"cannot": CANNOT_JUDGE, "users": orjson.dumps(_users(source)).decode()}
    keys |= {f"criterion_{n}": name for n, name in zip(_places(names), names, strict=True)}
    return [(copy_lines_out(select), keys)]


def settings(source: Source) -> Iterator[bytes]:
    """The dataset's settings: what is shown, what is asked, the guidelines; and the users that it takes.

    Argilla passes over `users`: they are there to be made by hand, since it refuses answers of others.
    """
    rubric = source.rubric
    questions = [_question("grade", rubric.name, rubric.grades, may_abstain=rubric.may_abstain)]
    questions += [
        _question(name, scale.name, scale.grades, may_abstain=False)
        for name, scale in control_names(rubric).items()
    ]
    comment = {"name": "rationale", "title": "Why", "description": None, "required": False}
    questions.append(comment | {"settings": {"type": "text", "use_markdown": False}})
    yield orjson.dumps(
        {
            "guidelines": source.project.guidelines.strip() or None,
            "allow_extra_metadata": True,
            "fields": [_field(name) for name in ("query", "need", "title", "candidate")],
            "questions": questions,
            "vectors": [],
            "metadata": [_metadata(name) for name in METADATA],
            "users": [{"id": argilla_user(name), "name": name} for name in raters_of(source).values()],
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _places(names: list[str]) -> range:
    """The places of the further criteria's marks, from 1 as PostgreSQL counts them."""
    return range(1, len(names) + 1)


def _users(source: Source) -> dict[str, str]:
    """The user of each rater, by the rater's key."""
    return {str(pk): argilla_user(name) for pk, name in raters_of(source).items()}


def _question(name: str, title: str, grades: list[dict], *, may_abstain: bool) -> dict[str, Any]:
    spelt = spellings(grades)
    options = [
        {"value": value, "text": spelt[value], "description": grade["meaning"] or None}
        for grade in grades
        for value in [str(grade["value"])]
    ]
    if may_abstain:
        options.append({"value": CANNOT_JUDGE, "text": CANNOT_JUDGE_WORDS, "description": None})
    return {
        "name": name,
        "title": title,
        "description": None,
        "required": True,
        "settings": {"type": "label_selection", "options": options, "visible_options": max(len(options), 3)},
    }


def _field(name: str) -> dict[str, Any]:
    is_needed = name in ("query", "candidate")
    about = {"name": name, "title": name.capitalize(), "required": is_needed, "description": None}
    return about | {"settings": {"type": "text", "use_markdown": False}}


def _metadata(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "visible_for_annotators": False,
        "type": "terms",
        "settings": {"type": "terms", "visible_for_annotators": False, "values": None},
    }


FILE = ToolFile(
    "argilla",
    "Argilla: records with responses and suggestions, and the dataset’s settings",
    "json",
    "application/json; charset=utf-8",
    statements,
    "settings.json",
    "Settings",
    "application/json; charset=utf-8",
    settings,
    before=lambda source: b"[\n",
    after=b"]\n",
)
