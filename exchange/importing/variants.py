"""Variants of a file: each marks an item, names the item it was made from, and is reached by an item set."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from corpus.models import ItemSet, Job, Project
from corpus.services import freeze_items
from exchange.formats.rows import AttackRow, GradeRow
from exchange.importing.bad_rows import BadRows
from exchange.importing.collection import Placed
from exchange.importing.copying import copy_lines, escape

LONGEST_SET_NAME = 180

# What makes a plain item one that somebody has used: it may not turn into a variant under them.
IN_USE = {
    "labels": "SELECT FROM annotate_label l WHERE l.item_id = i.id",
    "a reference": "SELECT FROM corpus_reference f WHERE f.item_id = i.id",
    "verdicts": "SELECT FROM judges_verdict v WHERE v.item_id = i.id AND v.run_id = ANY(%(runs)s)",
    "a place in an item set": "SELECT FROM corpus_itemsetentry e WHERE e.item_id = i.id",
}
RUNS = "SELECT r.id FROM judges_run r JOIN judges_judge j ON j.id = r.judge_id WHERE j.project_id = %s"

# By its id, and else by its text: a plain item before a clean control, and never an attacked one.
ORIGINALS_BY_ID = """
    UPDATE corpus_variant made SET original_id = original.id
    FROM wanted_original wanted
    JOIN corpus_query query ON query.project_id = %(project)s AND query.external_id = wanted.query
    JOIN corpus_candidate candidate
      ON candidate.project_id = %(project)s AND candidate.external_id = wanted.candidate
    JOIN corpus_item original
      ON original.query_id = query.id AND original.candidate_id = candidate.id AND original.rival_id IS NULL
    WHERE wanted.candidate <> '' AND made.item_id = wanted.item_id AND original.id <> made.item_id
"""
ORIGINALS_BY_TEXT = """
    WITH known AS MATERIALIZED (
        SELECT asked.query, asked.text, item.id AS item_id, control.item_id IS NOT NULL AS is_control
        FROM (SELECT DISTINCT query, text FROM wanted_original WHERE text <> '') asked
        JOIN corpus_query query ON query.project_id = %(project)s AND query.external_id = asked.query
        JOIN corpus_item item ON item.query_id = query.id AND item.rival_id IS NULL
        JOIN corpus_candidate candidate ON candidate.id = item.candidate_id AND candidate.text = asked.text
        LEFT JOIN corpus_variant control ON control.item_id = item.id
        WHERE control.item_id IS NULL OR control.attack = 'none'
    )
    UPDATE corpus_variant made SET original_id = first.original_id
    FROM (
        SELECT DISTINCT ON (wanted.item_id) wanted.item_id, known.item_id AS original_id
        FROM wanted_original wanted
        JOIN known ON known.query = wanted.query AND known.text = wanted.text
                  AND known.item_id <> wanted.item_id
        ORDER BY wanted.item_id, known.is_control, known.item_id
    ) first
    WHERE made.item_id = first.item_id AND made.original_id IS NULL
"""


class FileVariant(NamedTuple):
    """What a row says of an item already placed. `query` is the id of the original's query."""

    line: int
    placed: Placed
    carrier: str
    attack: str
    words: int
    right: str
    query: str
    original_id: str
    original: str = ""  # its text

    @property
    def facts(self) -> tuple[str, str, int, str]:
        return self.carrier, self.attack, self.words, self.right


def variant_of(row: AttackRow | GradeRow, placed: Placed) -> FileVariant:
    """What the row says of its item."""
    is_attack = isinstance(row, AttackRow)
    return FileVariant(
        row.line,
        placed,
        *(row.carrier, row.attack, row.words, row.right),
        row.query_id if is_attack else row.original_query_id or row.query_id,
        row.original_candidate_id,
        row.original_candidate if is_attack else "",
    )


class VariantWriter:
    """Writes variants; the same again changes nothing, another one of the same item is a bad row.

    Originals are looked up at the end, when every row of the file has its item.
    """

    def __init__(self, cursor, *, project: Project, job: Job, bad: BadRows) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.bad = bad
        self.counts = {"variants": 0, "originals": 0}
        self._items: dict[int, None] = {}  # of good rows, in the order of the file

    def write(self, variants: Sequence[FileVariant]) -> list[bool]:
        """Mark the items; whether each row was good, in order."""
        stored = self._stored([each for each in variants if not each.placed.is_new])
        in_use = self._in_use(
            [each for each in variants if not each.placed.is_new and each.placed.item not in stored]
        )
        new: dict[int, FileVariant] = {}
        good = []
        for variant in variants:
            item = variant.placed.item
            before = stored.get(item) or (new[item].facts if item in new else None)
            good.append(self._fits(variant, before, in_use.get(item, [])))
            if good[-1] and before is None:
                new[item] = variant
        self._copy(list(new.values()))
        self.counts["variants"] += len(new)
        return good

    def list_items(self, items: Iterable[int]) -> None:
        """Items that belong into the item set of this file."""
        self._items.update(dict.fromkeys(items))

    def finish(self, *, name: str) -> None:
        """Find the originals and, where there is any new variant, freeze the file's item set."""
        if not self.counts["variants"]:
            return
        keys = {"project": self.project.pk}
        self.cursor.execute("ANALYZE wanted_original")
        for statement in (ORIGINALS_BY_ID, ORIGINALS_BY_TEXT):
            self.cursor.execute(statement, keys)
        self.cursor.execute("SELECT count(original_id) FROM corpus_variant WHERE job_id = %s", [self.job.pk])
        (self.counts["originals"],) = self.cursor.fetchone()
        made_from = {"rule": "attacks", "job": self.job.pk}
        freeze_items(self.project, list(self._items), name=self._free_name(name), made_from=made_from)

    def _stored(self, variants: Sequence[FileVariant]) -> dict[int, tuple[str, str, int, str]]:
        """What is stored of these items that are variants already."""
        if not variants:
            return {}
        self.cursor.execute(
            'SELECT item_id, carrier, attack, words, "right" FROM corpus_variant WHERE item_id = ANY(%s)',
            [[each.placed.item for each in variants]],
        )
        return {item: tuple(facts) for item, *facts in self.cursor.fetchall()}

    def _in_use(self, variants: Sequence[FileVariant]) -> dict[int, list[str]]:
        """What these plain items have already, where they have anything."""
        if not variants:
            return {}
        self.cursor.execute(RUNS, [self.project.pk])
        keys = {
            "items": [each.placed.item for each in variants],
            "runs": [run for (run,) in self.cursor.fetchall()],
        }
        uses = ", ".join(f"EXISTS ({use})" for use in IN_USE.values())
        self.cursor.execute(f"SELECT i.id, {uses} FROM corpus_item i WHERE i.id = ANY(%(items)s)", keys)
        found = {
            item: [name for name, is_used in zip(IN_USE, used, strict=True) if is_used]
            for item, *used in self.cursor.fetchall()
        }
        return {item: names for item, names in found.items() if names}

    def _fits(self, variant: FileVariant, before: tuple | None, uses: Sequence[str]) -> bool:
        """Whether the row agrees with what is known of the item; else a bad row."""
        if before is None and not uses:
            return True
        if before is None:
            self.bad.add(
                variant.line,
                "candidate_id",
                f"The project has this item as a plain one already, with {' and '.join(uses)}."
                " Give the attacked text a candidate id of its own, or undo what brought them.",
            )
            return False
        if before == variant.facts:
            return True
        names = ("carrier", "attack", "words", "right")
        field = next(
            name for name, one, other in zip(names, before, variant.facts, strict=True) if one != other
        )
        carrier, attack, words, right = before
        self.bad.add(
            variant.line,
            field,
            f"This item is a variant already: carrier “{carrier}”, attack “{attack}”, words {words}"
            f"{', right to abstain' if right == 'abstain' else ''}."
            " Give another variant a candidate id of its own.",
        )
        return False

    def _copy(self, new: Sequence[FileVariant]) -> None:
        if not new:
            return
        job = self.job.pk
        copy_lines(
            self.cursor,
            "corpus_variant",
            ["item_id", "carrier", "attack", "words", '"right"', "job_id"],
            (
                f"{each.placed.item}\t{escape(each.carrier)}\t{escape(each.attack)}\t{each.words}"
                f"\t{each.right}\t{job}"
                for each in new
            ),
        )
        self.cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS wanted_original"
            " (item_id bigint, query text, candidate text, text text) ON COMMIT DROP"
        )
        copy_lines(
            self.cursor,
            "wanted_original",
            ["item_id", "query", "candidate", "text"],
            (
                f"{each.placed.item}\t{escape(each.query)}\t{escape(each.original_id)}\t{escape(each.original)}"
                for each in new
                if each.original or each.original_id
            ),
        )

    def _free_name(self, wanted: str) -> str:
        wanted = wanted[:LONGEST_SET_NAME]
        sets = ItemSet.objects.filter(project=self.project, name__startswith=wanted)
        taken = set(sets.values_list("name", flat=True))
        numbered = (f"{wanted} ({number})" for number in range(2, len(taken) + 3))
        return next(name for name in (wanted, *numbered) if name not in taken)
