"""TREC's classic topics: <top> <num> Number: 301 <title> … <desc> Description: … <narr> … </top>."""

import re
from collections.abc import Iterable, Iterator

from exchange.formats.kind import Kind, closely
from exchange.formats.lines import LINE_LIMIT, TextBlock
from exchange.formats.rows import BadRow, Row

TAG = re.compile(r"<(/?)(\w+)>")
LEADS = re.compile(r"\A\s*(?:Number|Topic|Title|Description|Narrative)\s*:", re.IGNORECASE)


def read_trec_topics(blocks: Iterable[TextBlock], kind: Kind) -> Iterator[list[Row | BadRow]]:
    """Yield the topics that each block completes. The need is the description and the narrative."""
    held: list[str] = []
    n_held = 0
    started_at = 0
    for first_line, text, spoiled in blocks:
        rows: list[Row | BadRow] = []
        for line, content in enumerate(text.split("\n"), first_line):
            if line in spoiled:
                rows.append(spoiled[line])
            lowered = content.strip().lower()
            if lowered.startswith("<top>"):
                if started_at:
                    rows.append(_unclosed(started_at))
                started_at, held, n_held = line, [], 0
                content = content[content.lower().index("<top>") + len("<top>") :]
            if not started_at:
                continue
            held.append(content)
            n_held += len(content)
            if "</top>" in lowered:
                rows.append(_topic(kind, started_at, "\n".join(held)))
                started_at = 0
            elif n_held > LINE_LIMIT:
                rows.append(_unclosed(started_at))
                started_at, held = 0, []
        yield rows
    if started_at:
        yield [_unclosed(started_at)]


def _topic(kind: Kind, line: int, text: str) -> Row | BadRow:
    parts: dict[str, str] = {}
    tags = [tag for tag in TAG.finditer(text) if not tag[1]]
    ends = [tag.start() for tag in TAG.finditer(text)]
    for tag in tags:
        end = min((place for place in ends if place > tag.start()), default=len(text))
        parts.setdefault(tag[2].lower(), " ".join(LEADS.sub("", text[tag.end() : end]).split()))
    need = "\n\n".join(parts[name] for name in ("desc", "narr") if parts.get(name))
    values = {
        "query_id": parts.get("num", ""),
        "query": parts.get("title") or parts.get("desc", ""),
        "need": need,
    }
    in_file = {"query_id": "num", "query": "title"}
    return closely(kind, line, [values.get(field.name, field.blank) for field in kind.fields], in_file)


def _unclosed(line: int) -> BadRow:
    return BadRow(line, "", "The topic that begins here has no </top>. Add it.")
