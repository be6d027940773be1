"""What a file is: compression, encoding, format, kind, columns, and its first rows as they will be stored."""

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path

from exchange.formats.answer_columns import AnswerColumns, columns_of_tasks, match_answers
from exchange.formats.answers import Task, Tool
from exchange.formats.columns import Columns, match_columns
from exchange.formats.encodings import Encoding, detect_encoding, is_split_by_newlines, named_encoding
from exchange.formats.guessing import Guess, guess_by_cells, guess_by_columns, guess_tool
from exchange.formats.kind import Kind
from exchange.formats.kinds import KINDS, kind_named
from exchange.formats.layout import NUMBER, Layout, recognise
from exchange.formats.opening import BrokenStream, compression_of, read_blocks
from exchange.formats.reading import read_rows
from exchange.formats.rows import FileProblem
from exchange.formats.sniffed import Sniffed
from exchange.formats.values import Unfit

N_FIRST_ROWS = 20
SAMPLE = 1 << 20
LONGEST_NAME = 60


def sniff(
    path: str | os.PathLike[str],
    *,
    kind: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    name: str = "",
) -> Sniffed:
    """Find out what a file is; what the caller gives is not guessed.

    kind: a name of `kinds.KINDS`. mapping: theirs → ours, for some columns or all. encoding: a Python codec.
    name: what the user calls the file, where it lies under another name.
    Raises FileProblem, one sentence with the remedy, where the file cannot be read as asked.
    """
    if kind is not None:
        kind_named(kind)
    name = name or Path(path).name
    compression = compression_of(path, name=name)
    found, layout = _look(path, compression, name, kind=kind, encoding=encoding, mapped=mapping or {})
    guess = Guess(kind, "") if kind else _guess(layout, mapping or {}, name)
    answers = _answers(KINDS[guess.kind], layout, mapping or {}, name)
    columns, matched = (
        (layout.columns if layout.delimiter else answers.columns, Columns(answers.mapping, answers.notes))
        if answers
        else _columns(KINDS[guess.kind], layout, mapping or {}, name)
    )
    sniffed = Sniffed(
        kind=guess.kind,
        file_format=layout.file_format,
        compression=compression,
        encoding=found.name,
        delimiter=layout.delimiter,
        columns=columns,
        mapping=matched.mapping,
        first_rows=(),
        quote=layout.quote,
        n_header_lines=1 if layout.columns and layout.delimiter else 0,
        notes=_notes(found, guess, layout, matched),
        name=name,
        spellings=answers.spellings if answers else {},
        choices=answers.choices if answers else (),
    )
    return _with_first_rows(path, sniffed)


def columns_of(
    path: str | os.PathLike[str], *, kind: str | None = None, encoding: str | None = None
) -> dict[str, str]:
    """The file's columns with an example of each, for a user who has yet to say what they mean.

    For where `sniff` raises FileProblem: a first line of words is taken for names even where no name is
    known. The examples of JSON are "". Raises FileProblem where the file has no columns to speak of.
    """
    _, layout = _look(path, compression_of(path), Path(path).name, kind=kind, encoding=encoding, mapped=())
    columns: tuple[str, ...] = layout.columns
    rows: Sequence[Sequence[str]] = layout.rows
    guess = None if kind else guess_tool(layout.records)
    tool = KINDS[kind or (guess.kind if guess else "pairs")].tool
    if tool and not layout.delimiter:
        return dict.fromkeys(columns_of_tasks(_tasks(tool, layout)[0]), "")
    if not columns and rows:
        columns, rows = _names(rows)
    first = rows[0] if rows and len(rows[0]) == len(columns) else ("",) * len(columns)
    return dict(zip(columns, first, strict=True))


def _names(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], Sequence[Sequence[str]]]:
    """Names for the columns of rows that came without, and the rows below them."""
    first = tuple(cell.strip() for cell in rows[0])
    are_words = all(cell and cell.isprintable() and len(cell) <= LONGEST_NAME for cell in first)
    if are_words and len(set(first)) == len(first) and not any(map(NUMBER.match, first)):
        return first, rows[1:]
    return tuple(f"column {place}" for place in range(1, len(first) + 1)), rows


def _look(
    path: str | os.PathLike[str],
    compression: str,
    name: str,
    *,
    kind: str | None,
    encoding: str | None,
    mapped: Collection[str],
) -> tuple[Encoding, Layout]:
    sample = _sample(path, compression, name)
    found = named_encoding(encoding) if encoding else detect_encoding(sample)
    return found, recognise(_as_text(sample, found.name), name, kind=kind, mapped=mapped)


def _sample(path: str | os.PathLike[str], compression: str, name: str) -> bytes:
    """The first unpacked bytes: whole lines, unless the first is longer than the sample."""
    sample = b""
    try:
        for block in read_blocks(path, compression):
            sample += block
            if len(sample) >= SAMPLE:
                return sample
    except BrokenStream as broken:
        if not sample:
            raise FileProblem(f"{name}: {broken}. Fetch or write the file again.") from None
    if not sample:
        raise FileProblem(f"{name} is empty. Was it written to the end?")
    return sample


def _as_text(sample: bytes, encoding: str) -> str:
    """The sample's whole lines; what is no text in this encoding shows as question marks."""
    if len(sample) >= SAMPLE and is_split_by_newlines(encoding):
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    return sample.decode(encoding, errors="replace").removeprefix("\ufeff")


def _answers(kind: Kind, layout: Layout, mapping: Mapping[str, str], name: str) -> AnswerColumns | None:
    """What the columns of a labelling tool's file mean; None for other files.

    Raises FileProblem where none of the first records is the tool's.
    """
    if kind.tool is None:
        return None
    if layout.file_format not in ("json", "jsonl", "csv", "tsv") or not layout.columns:
        raise FileProblem(
            f"{name} is no file of {kind.tool.title}: it has neither objects nor named columns."
        )
    tasks, reason = _tasks(kind.tool, layout)
    if reason and not tasks:
        raise FileProblem(f"{name} is no file of {kind.tool.title}. {reason}")
    header = layout.columns if layout.delimiter else ()
    return match_answers(tasks, mapping, name=name, header=header)


def _tasks(tool: Tool, layout: Layout) -> tuple[list[Task], str]:
    """The first records' tasks, and why the last record that is none is none."""
    tasks, reason = [], ""
    for record in layout.records:
        try:
            task = tool.tasks_of(record)
        except Unfit as unfit:
            reason = str(unfit)
        else:
            tasks.extend([task] if task else [])
    return tasks, reason


def _guess(layout: Layout, mapping: Mapping[str, str], name: str) -> Guess:
    if layout.file_format == "trec_topics":
        return Guess("topics", "Read as topics: it has TREC's <top> tags.")
    if layout.file_format == "trec":
        if "rank" in layout.columns:
            return Guess("system", "Read as system: six columns, as TREC's run files have them.")
        return Guess("qrels", "Read as qrels: four columns, the last a number, as TREC's qrels have them.")
    if layout.columns:
        return guess_tool(layout.records) or guess_by_columns(layout.columns, mapping, name)
    if layout.file_format == "jsonl":
        raise FileProblem(
            f"{name}: none of its first lines is a whole JSON object. Say what it holds with --as."
        )
    return guess_by_cells(layout.rows, name)


def _columns(
    kind: Kind, layout: Layout, mapping: Mapping[str, str], name: str
) -> tuple[tuple[str, ...], Columns]:
    if layout.file_format == "trec_topics":
        shown = {"num": "query_id", "title": "query", "desc": "need", "narr": "need"}
        return tuple(shown), Columns(shown, ())
    if layout.file_format == "trec":
        fields = {field.name for field in kind.fields}
        return layout.columns, Columns({column: column for column in layout.columns if column in fields}, ())
    if layout.columns or layout.file_format == "jsonl":
        return layout.columns, match_columns(kind, layout.columns, mapping)
    n_columns = len(layout.rows[0])
    columns = tuple(f"column {place}" for place in range(1, n_columns + 1))
    fields_in_order = kind.layouts.get(n_columns)
    if fields_in_order is None:
        raise FileProblem(
            f"{name}: its first line ({', '.join(layout.rows[0])[:60]}) names no column of {kind.name}. "
            f"Write a first line with names, or map them, for example --map theirs={kind.fields[0].name}."
        )
    in_order = zip(columns, fields_in_order, strict=True)
    usual = {theirs: ours for theirs, ours in in_order if ours and ours not in mapping.values()}
    return columns, match_columns(kind, columns, {**usual, **mapping})


def _notes(encoding: Encoding, guess: Guess, layout: Layout, matched: Columns) -> tuple[str, ...]:
    notes = [encoding.note, guess.why]
    if layout.delimiter and not layout.columns:
        notes.append("The first line names no columns, so they are taken by their order.")
    return (*filter(None, notes), *matched.notes)


def _with_first_rows(path: str | os.PathLike[str], sniffed: Sniffed) -> Sniffed:
    """A file that breaks off early still shows the rows it has; reading it to the end says what is wrong."""
    rows = []
    notes = sniffed.notes
    try:
        for row in islice(read_rows(path, sniffed), N_FIRST_ROWS):
            rows.append(row)
    except FileProblem as problem:
        if not rows:
            raise
        notes = (*notes, str(problem))
    if not rows:
        notes = (*notes, "There are no rows below the line of column names.")
    return sniffed._replace(first_rows=tuple(rows), notes=notes)
