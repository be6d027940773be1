"""doccano: text classification as JSON Lines, and the labels beside it.

The candidate is the text, its query stands in the metadata. doccano knows one list of labels, of whoever
imports it: that is the reference; who said what, people and judges, is written beside it and stays with the
example on its way through doccano.
"""

from collections.abc import Iterator
from json import dumps

import orjson

from exchange.long_form import copy_lines_out
from exchange.tools.file import Source, Statement, ToolFile
from exchange.tools.source import CANNOT_JUDGE_WORDS, items, keys_of, spelled, told_of_variants

SPELT = "%(spellings)s::jsonb ->> {0}.grade::text"
EXAMPLE = """json_strip_nulls(json_build_object('text', c.text, 'label',
CASE WHEN {reference} IS NULL THEN '[]' ELSE json_build_array({reference}) END,
'query_id', q.external_id, 'query', q.text, 'need', nullif(q.need, ''), 'candidate_id', c.external_id,
'title', nullif(c.title, ''), 'raters', people.raters, 'rationales', people.rationales,
'judges', judges.judges, 'reference', {reference}, 'metadata', c.metadata{variant}))"""
COLOURS = ("#dbeae6", "#b3d4cc", "#86b8ae", "#5a9a8f", "#2f7a70", "#155e56", "#0c443f")


def statements(source: Source) -> list[Statement]:
    """One example a line."""
    said = f"coalesce({SPELT}, %(cannot)s)"
    people = (
        f"json_object_agg(l.name, {said.format('l')} ORDER BY l.name) AS raters,"
        " json_object_agg(l.name, l.rationale ORDER BY l.name) FILTER (WHERE l.rationale <> '') AS rationales"
    )
    judges = f"json_object_agg(v.name, {said.format('v')} ORDER BY v.name) AS judges"
    reference = SPELT.format("f") if source.with_labels else "NULL"
    example = EXAMPLE.format(reference=reference, variant=told_of_variants(source))
    select = f"SELECT {example}::text " + items(source, people=people, judges=judges)
    keys = keys_of(source) | {"spellings": dumps(spelled(source)), "cannot": CANNOT_JUDGE_WORDS}
    return [(copy_lines_out(select), keys)]


def labels(source: Source) -> Iterator[bytes]:
    """The labels as doccano's project settings import them, with their digits as keys."""
    spelt = spelled(source)
    made = [
        {
            "text": text,
            "suffix_key": value if len(value) == 1 else None,
            "prefix_key": None,
            "background_color": COLOURS[min(place, len(COLOURS) - 1)],
            "text_color": "#000000" if place < len(COLOURS) // 2 else "#ffffff",
        }
        for place, (value, text) in enumerate(spelt.items())
    ]
    yield orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


FILE = ToolFile(
    "doccano",
    "doccano: text classification, and its labels",
    "jsonl",
    "application/jsonl; charset=utf-8",
    statements,
    "labels.json",
    "Labels",
    "application/json; charset=utf-8",
    labels,
)
