"""Rounds that a file's labels were given in: closed ones, which keep apart what one person said twice."""

from annotate.models import Round
from corpus.models import ItemSet, Job, Project, Rubric

NAME_LIMIT = 200


class RoundWriter:
    """Makes the rounds named in Concord's own export, with an item set of what was labelled in each.

    A round that the project had before takes no labels from files. They are on the project's own scale, or on
    the given one.
    """

    def __init__(self, cursor, *, project: Project, job: Job, rubric: Rubric | None = None) -> None:
        self.cursor = cursor
        self.project = project
        self.job = job
        self.rubric = rubric
        self._stored: dict[str, bool] = {}
        self._made: dict[str, Round] = {}

    def is_stored(self, name: str) -> bool:
        """Whether the project had a round of this name before this import."""
        if name not in self._stored:
            self._stored[name] = Round.objects.filter(project=self.project, name=name).exists()
        return self._stored[name]

    def key(self, name: str) -> int | None:
        """The round's key, made when it is missing; None for no name."""
        if not name:
            return None
        if name not in self._made:
            self.is_stored(name)
            rubric = self.rubric or self.project.rubric
            item_set = ItemSet.objects.create(
                project=self.project,
                name=f"{name[: NAME_LIMIT - 30]} (import {self.job.pk}.{len(self._made) + 1})",
                made_from={"rule": "import", "job": self.job.pk},
                of_pairs=rubric.compares,
            )
            self._made[name] = Round.objects.create(
                project=self.project,
                name=name,
                item_set=item_set,
                rubric=rubric,
                state=Round.State.CLOSED,
            )
        return self._made[name].pk

    def finish(self) -> None:
        """Fill item sets, overlap, times and people of the rounds from the labels that came."""
        for round in self._made.values():
            keys = {"round": round.pk, "set": round.item_set_id}
            self.cursor.execute(
                "INSERT INTO corpus_itemsetentry (item_set_id, position, item_id)"
                " SELECT %(set)s, row_number() OVER (ORDER BY i.query_id, i.id), i.id FROM corpus_item i"
                " WHERE i.id IN (SELECT item_id FROM annotate_label WHERE round_id = %(round)s)",
                keys,
            )
            keys["n_items"] = self.cursor.rowcount
            self.cursor.execute("UPDATE corpus_itemset SET n_items = %(n_items)s WHERE id = %(set)s", keys)
            self.cursor.execute(
                "UPDATE annotate_round SET opened_at = f.first, closed_at = f.last, overlap = f.overlap FROM"
                " (SELECT min(created_at) AS first, max(created_at) AS last, (SELECT max(n) FROM"
                " (SELECT greatest(count(*) - count(gold_grade), 1) AS n FROM annotate_label"
                " WHERE round_id = %(round)s GROUP BY item_id) c)"
                " AS overlap FROM annotate_label WHERE round_id = %(round)s) f WHERE id = %(round)s",
                keys,
            )
            self.cursor.execute(
                "INSERT INTO annotate_participation"
                " (round_id, rater_id, n_labels, n_gold, joined_at, last_label_at)"
                " SELECT %(round)s, rater_id, count(*) - count(gold_grade), count(gold_grade),"
                " min(created_at), max(created_at)"
                " FROM annotate_label WHERE round_id = %(round)s GROUP BY rater_id",
                keys,
            )
