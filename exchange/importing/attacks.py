"""Attacked candidates: pairs that are marked as variants, and the item set they are reached by."""

from collections.abc import Sequence

from exchange.formats.rows import AttackRow
from exchange.importing.labels import FileLabel
from exchange.importing.stores import Store, pair_of
from exchange.importing.variants import variant_of


class AttackStore(Store):
    """Queries with attacked candidates; where a row has a grade, it is a person's of the attacked text."""

    every_row_is_graded = False

    def take(self, rows: Sequence[AttackRow]) -> None:
        good: list[tuple[AttackRow, int | None]] = []
        for row in rows:
            if row.rater and not self.fits(row.line, rater=row.rater):
                continue
            if row.grade is None:
                good.append((row, None))
            elif (grade := self.person_grade(row.line, "grade", row.grade)) is not None:
                good.append((row, grade))
        placed = self.collection.place([pair_of(row) for row, _ in good])
        found = [
            (row, grade, place) for (row, grade), place in zip(good, placed, strict=True) if place is not None
        ]
        is_good = self.variants.write([variant_of(row, place) for row, _, place in found])
        marked = [each for each, is_marked in zip(found, is_good, strict=True) if is_marked]
        self.variants.list_items(place.item for _, _, place in marked)
        rater = self.params.get("rater", "")
        self.labels.write(
            [
                FileLabel(row.line, place, row.rater or rater, grade)
                for row, grade, place in marked
                if grade is not None
            ]
        )

    def finish(self) -> None:
        super().finish()
        self.variants.finish(name=f"Attacks, {self.params['filename']}")
