"""What each labelling tool is given and what it does not keep, in words, for the export page."""

from typing import NamedTuple

from exchange.formats.kinds import KINDS
from exchange.tools.registry import TOOL_FILES

WORDS = {
    "labelstudio": (
        "Paste the interface into the project’s labelling settings as code, then import the tasks.",
        "It refuses annotations of people it does not know: who gave a grade stands in a text of its own,"
        " from which Concord reads it again.",
    ),
    "argilla": (
        "With Argilla’s Python client make the users that the settings list, by their ids, then a dataset of"
        " Settings.from_json, and read the records with records.from_json.",
        "One suggestion an item: that of the judge that answered last. Users are UUIDs, which only this"
        " project knows again. Candidates’ metadata stays here.",
    ),
    "doccano": (
        "Import the labels under the project’s settings, then the examples as JSONL.",
        "One label an item: the reference. What each person and judge said is shown beside the text; for"
        " people who should not see it, export items alone. Scores, times and further criteria stay here.",
    ),
    "quepid": (
        "Import the judgements into a book, or the ratings into a case.",
        "Ids, queries and grades alone: candidates’ texts, rationales, scores, “cannot judge” and what an"
        " item is a variant of stay here.",
    ),
}


class ToolGuide(NamedTuple):
    """beside: the second file, in a word. use: what to do with the two. lost: what does not go with them."""

    title: str
    beside: str
    use: str
    lost: str


def guides() -> list[ToolGuide]:
    titles = {kind.name: kind.tool.title for kind in KINDS.values() if kind.tool}
    return [ToolGuide(titles[name], tool.beside_title, *WORDS[name]) for name, tool in TOOL_FILES.items()]
