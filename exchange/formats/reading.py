"""A file's rows, one after the other, good and bad, in flat memory."""

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from exchange.formats.delimited import read_delimited
from exchange.formats.json_list import decoded, read_entries
from exchange.formats.jsonl import ObjectReader, read_jsonl, read_list, read_objects
from exchange.formats.kinds import kind_named
from exchange.formats.lines import LINE_LIMIT, BrokenAt, byte_blocks, text_blocks
from exchange.formats.opening import BLOCK, read_blocks
from exchange.formats.rows import BadRow, FileProblem, Row
from exchange.formats.sniffed import Sniffed
from exchange.formats.task_reading import TaskReader
from exchange.formats.trec import read_trec
from exchange.formats.trec_topics import read_trec_topics


def read_rows(
    path: str | os.PathLike[str], sniffed: Sniffed, *, line_limit: int = LINE_LIMIT
) -> Iterator[Row | BadRow]:
    """Yield the rows of a file as `sniff` found it to be; line_limit in bytes.

    Raises FileProblem, after the rows that could be read, where the file breaks off.
    """
    return chain.from_iterable(read_batches(path, sniffed, line_limit=line_limit))


def read_batches(
    path: str | os.PathLike[str], sniffed: Sniffed, *, line_limit: int = LINE_LIMIT
) -> Iterator[list[Row | BadRow]]:
    """`read_rows` in lists of about a thousand, for callers who write them in bulk."""
    n_good = 0
    try:
        for batch in _batches(path, sniffed, line_limit):
            n_good += len(batch) - list(map(type, batch)).count(BadRow)
            yield batch
    except BrokenAt as broken:
        where = "entry" if sniffed.file_format == "json" else "line"
        raise FileProblem(
            f"{sniffed.name or Path(path).name} breaks off in {where} {broken.line:,}: {broken.reason}. "
            f"{n_good:,} row{'s'[: n_good != 1]} {'were' if n_good != 1 else 'was'} good until then. "
            "Fetch or write the file again."
        ) from None


def _batches(path: str | os.PathLike[str], sniffed: Sniffed, line_limit: int) -> Iterator[list[Row | BadRow]]:
    kind = kind_named(sniffed.kind)
    blocks = read_blocks(path, sniffed.compression, block=min(BLOCK, line_limit))
    rows_of = TaskReader(kind, sniffed.mapping, sniffed.spellings).rows if kind.tool else None
    if sniffed.file_format == "json":
        entries = read_entries(
            decoded(blocks, sniffed.encoding),
            within=kind.tool.within if kind.tool else "",
            limit=line_limit,
        )
        return read_list(entries, rows_of or ObjectReader(kind, sniffed.mapping).rows)
    if sniffed.file_format == "jsonl":
        lines = byte_blocks(blocks, sniffed.encoding, limit=line_limit)
        return read_objects(lines, rows_of) if rows_of else read_jsonl(lines, kind, sniffed.mapping)
    texts = text_blocks(blocks, sniffed.encoding, limit=line_limit)
    if sniffed.file_format == "trec":
        return read_trec(texts, kind, sniffed.mapping, sniffed.columns)
    if sniffed.file_format == "trec_topics":
        return read_trec_topics(texts, kind)
    return read_delimited(
        texts,
        kind,
        {} if rows_of else sniffed.mapping,
        rows_of=rows_of,
        delimiter=sniffed.delimiter,
        quote=sniffed.quote,
        columns=sniffed.columns,
        n_header_lines=sniffed.n_header_lines,
    )
