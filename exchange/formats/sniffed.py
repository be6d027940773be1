"""What a file was found to be: all that `read_rows` needs, and what a preview shows."""

from collections.abc import Mapping
from typing import NamedTuple

from exchange.formats.rows import BadRow, Row


class Sniffed(NamedTuple):
    """A file's kind and shape.

    kind: a name of `kinds.KINDS`. file_format: "jsonl", "json" (one list), "csv", "tsv", "trec" or
    "trec_topics".
    compression: "gzip" or "none". encoding: a Python codec. delimiter, quote: "" where there is none.
    columns: the file's, in order (of JSON: the keys of its first objects). mapping: theirs → ours; a column
    that is not in it, or that is mapped to "metadata", is kept as metadata, one mapped to "ignore" is left
    out. first_rows: at most 20, as they will be stored. notes: sentences on what was guessed. name: what the
    user calls the file, "" for the name it lies under. spellings, choices: of a labelling tool's answers, see
    `answer_columns`.
    """

    kind: str
    file_format: str
    compression: str
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    mapping: dict[str, str]
    first_rows: tuple[Row | BadRow, ...]
    quote: str
    n_header_lines: int
    notes: tuple[str, ...]
    name: str = ""
    spellings: Mapping[str, str] = {}
    choices: tuple[str, ...] = ()
