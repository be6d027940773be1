"""Label Studio: a JSON list of tasks with annotations and predictions, and the labelling interface beside it.

Label Studio refuses annotations of people whom it does not know, so `completed_by` is left out, and who gave
a grade stands in a text of its own; it survives the way there and back.
"""

from collections.abc import Iterator
from json import dumps
from xml.etree import ElementTree as xml

from corpus.models.rubric import Scale
from exchange.long_form import copy_lines_out
from exchange.tools.file import Source, Statement, ToolFile
from exchange.tools.names import control_names
from exchange.tools.source import (
    CANNOT_JUDGE_WORDS,
    COMMA,
    items,
    keys_of,
    spelled,
    spellings,
    told_of_variants,
)

CHOICES = (
    "jsonb_build_object('id', {name} || '-' || {key}, 'from_name', {name}, 'to_name', 'candidate',"
    " 'type', 'choices', 'value', jsonb_build_object('choices', jsonb_build_array({choice})))"
)
TEXT = (
    "CASE WHEN {text} <> '' THEN jsonb_build_array(jsonb_build_object('id', '{name}-' || {key},"
    " 'from_name', '{name}', 'to_name', 'candidate', 'type', 'textarea',"
    " 'value', jsonb_build_object('text', jsonb_build_array({text})))) ELSE '[]' END"
)
DATA = (
    "json_build_object('query_id', q.external_id, 'query', q.text, 'need', q.need, 'candidate_id',"
    " c.external_id, 'title', c.title, 'candidate', c.text, 'metadata', c.metadata{variant})"
)
GRADE = "'grade'::text"
HOTKEYS = range(10)


def statements(source: Source) -> list[Statement]:
    """One task a line, all but the first with a comma before it."""
    grade = "CASE WHEN {0}.grade IS NULL THEN %(cannot)s ELSE %(spellings)s::jsonb ->> {0}.grade::text END"
    criteria = control_names(source.rubric)
    marks = "".join(
        f" || CASE WHEN l.marks[{n}] IS NOT NULL THEN jsonb_build_array("
        + CHOICES.format(
            name=f"%(criterion_{n})s::text",
            key="l.id",
            choice=f"%(spellings_{n})s::jsonb ->> l.marks[{n}]::text",
        )
        + ") ELSE '[]' END"
        for n in range(1, len(criteria) + 1)
    )
    texts = {"rationale": "l.rationale", "rater": "l.name"}
    result = " || ".join(
        [
            f"jsonb_build_array({CHOICES.format(name=GRADE, key='l.id', choice=grade.format('l'))}){marks}",
            *(TEXT.format(name=name, key="l.id", text=text) for name, text in texts.items()),
        ]
    )
    people = (
        f"json_agg(json_build_object('result', {result}, 'was_cancelled', false, 'ground_truth', false,"
        " 'lead_time', l.seconds, 'created_at', l.created_at) ORDER BY l.id) AS annotations"
    )
    judges = (
        "json_agg(json_build_object('model_version', v.name, 'score', v.score, 'result', jsonb_build_array("
        + CHOICES.format(name=GRADE, key="v.judge", choice=grade.format("v"))
        + ")) ORDER BY v.judge) AS predictions"
    )
    data = DATA.format(variant=told_of_variants(source))
    select = (
        f"SELECT {COMMA}json_build_object('data', {data}, 'annotations', coalesce(people.annotations, '[]'),"
        " 'predictions', coalesce(judges.predictions, '[]'))::text "
        + items(source, people=people, judges=judges)
    )
    keys = keys_of(source) | {"cannot": CANNOT_JUDGE_WORDS, "spellings": dumps(spelled(source))}
    for n, (name, scale) in enumerate(criteria.items(), 1):
        keys |= {f"criterion_{n}": name, f"spellings_{n}": dumps(spellings(scale.grades))}
    return [(copy_lines_out(select), keys)]


def interface(source: Source) -> Iterator[bytes]:
    """The labelling interface in Label Studio's own markup, with the project's scale."""
    view = xml.Element("View")
    xml.SubElement(view, "Header", value="Query")
    xml.SubElement(view, "Text", name="query", value="$query")
    xml.SubElement(view, "Text", name="need", value="$need")
    xml.SubElement(view, "Header", value="Candidate")
    xml.SubElement(view, "Text", name="title", value="$title")
    xml.SubElement(view, "Text", name="candidate", value="$candidate")
    rubric = source.rubric
    _choices(view, "grade", rubric.scales[0], may_abstain=rubric.may_abstain)
    for name, scale in control_names(source.rubric).items():
        _choices(view, name, scale, may_abstain=False)
    for name, words in (("rationale", "Why, if you want to say"), ("rater", "Who gave this grade")):
        area = xml.SubElement(view, "TextArea", name=name, toName="candidate", placeholder=words)
        area.set("maxSubmissions", "1")
    xml.indent(view)
    yield xml.tostring(view, encoding="utf-8") + b"\n"


def _choices(view: xml.Element, name: str, scale: Scale, *, may_abstain: bool) -> None:
    xml.SubElement(view, "Header", value=scale.name)
    choices = xml.SubElement(
        view, "Choices", name=name, toName="candidate", choice="single", required="true", showInline="true"
    )
    spelt = spellings(scale.grades)
    for grade in scale.grades:
        choice = xml.SubElement(choices, "Choice", value=spelt[str(grade["value"])])
        if grade["meaning"]:
            choice.set("hint", grade["meaning"])
        if name == "grade" and grade["value"] in HOTKEYS:
            choice.set("hotkey", str(grade["value"]))
    if may_abstain:
        xml.SubElement(choices, "Choice", value=CANNOT_JUDGE_WORDS)


FILE = ToolFile(
    "labelstudio",
    "Label Studio: tasks with annotations and predictions, and its labelling interface",
    "json",
    "application/json; charset=utf-8",
    statements,
    "config.xml",
    "Interface",
    "application/xml; charset=utf-8",
    interface,
    before=lambda source: b"[\n",
    after=b"]\n",
)
