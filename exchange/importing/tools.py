"""Answers of labelling tools: pairs, people's labels and models' verdicts, task by task.

Such files often know queries and candidates by their texts alone, and judges by one name; what the project
has under that text or name is meant. What went out to a tool and comes back unchanged is not stored again.
"""

from collections.abc import Sequence

from annotate.models import Rater
from corpus.models.collection import content_hash
from exchange.formats.answers import JUDGE
from exchange.formats.names import normalised
from exchange.formats.rows import GradeRow, Metadata, PairRow, PreferenceRow
from exchange.formats.task_reading import SKIPPED, UNGRADED
from exchange.formats.text_ids import id_of_candidate, id_of_query
from exchange.importing.labels import DEFAULT_RATER, FileLabel
from exchange.importing.preferences import FilePreference, PreferenceWriter
from exchange.importing.reading_grades import NamedGradeReader
from exchange.importing.stores import GradeStore, pair_of
from exchange.importing.verdicts import Author, FileVerdict
from exchange.tools.names import argilla_user, control_names, judge_names

UNNAMED_JUDGE = "imported"
ABSTAINED = "abstained"
LENGTH_OF_A_UUID = 36
LATEST = (
    "SELECT DISTINCT ON (v.item_id) v.item_id, v.outcome, v.grade FROM judges_verdict v"
    " JOIN judges_run r ON r.id = v.run_id JOIN judges_judge j ON j.id = r.judge_id"
    " JOIN corpus_job b ON b.id = r.job_id LEFT JOIN judges_prompt p ON p.id = j.prompt_id"
    " WHERE j.project_id = %(project)s AND j.name = %(judge)s AND j.version = %(version)s"
    " AND p.name IS NOT DISTINCT FROM %(prompt)s::text AND b.state = 'done' AND r.job_id <> %(job)s"
    " AND r.condition_id IS NULL AND r.experiment_id IS NULL AND v.item_id = ANY(%(items)s)"
    " ORDER BY v.item_id, v.run_id DESC"
)


class ToolStore(GradeStore):
    """Rows of a labelling tool's tasks; a task that nobody answered, or that was skipped, leaves a pair."""

    every_row_is_graded = False
    unnamed_may_be_a_judge = False  # whether a judge named for the file gave what the file says nobody gave

    def __init__(self, cursor, **collaborators) -> None:
        super().__init__(cursor, **collaborators)
        self.project, self.job = collaborators["project"], collaborators["job"]
        rubric = self.project.rubric
        self.grades = NamedGradeReader(rubric)
        self.scales = {scale.name: NamedGradeReader(rubric, scale=scale) for scale in self.criteria}
        self.preferences = PreferenceWriter(cursor, labels=self.labels, **collaborators)
        self.n_skipped = 0
        self._queries: dict[str, tuple[str, str]] = {}
        self._candidates: dict[str, str] = {}
        self._judges: dict[str, Author] | None = None
        self._argilla_users: dict[str, str] | None = None

    def take(self, rows: Sequence[GradeRow | PairRow | PreferenceRow]) -> None:
        self._take_preferences([row for row in rows if isinstance(row, PreferenceRow)])
        known = self._with_ids([row for row in rows if not isinstance(row, PreferenceRow)])
        alone = [row for row in known if isinstance(row, PairRow) or row.outcome in UNGRADED]
        self.n_skipped += sum(isinstance(row, GradeRow) and row.outcome == SKIPPED for row in alone)
        self.mark_variants(alone, self.collection.place([pair_of(row) for row in alone]))
        answered = [row for row in known if isinstance(row, GradeRow) and row.outcome not in UNGRADED]
        super().take([self._named(row) for row in answered])

    def _take_preferences(self, rows: Sequence[PreferenceRow]) -> None:
        """Both candidates of each, as pairs of their query, and which of them was better."""
        answered = [row for row in rows if row.preferred]
        self.n_skipped += len(rows) - len(answered)
        if not answered:
            return
        named = [row for row in answered if self.fits(row.line, rater=row.rater)]
        lefts = self._with_ids([_side(row, row.candidate_id, row.title, row.candidate) for row in named])
        rights = self._with_ids([_side(row, row.rival_id, row.rival_title, row.rival) for row in named])
        known = {row.line for row in lefts} & {row.line for row in rights}
        named = [row for row in named if row.line in known]
        query_rows = [(row.line, row.query_id, row.query, row.need) for row in lefts]
        queries = self.collection.store_queries(query_rows)
        left, right = (
            self.collection.store_candidates(
                [(row.line, row.candidate_id, row.title, row.candidate, None) for row in side]
            )
            for side in (lefts, rights)
        )
        found = []
        for row, query, one, other in zip(named, queries, left, right, strict=True):
            created_at = self.moment(row)
            if query is None or one is None or other is None or created_at is None:
                continue
            if one[0] == other[0]:
                self.bad.add(row.line, "rival", "Both candidates are the same text. Leave the task out.")
                continue
            is_judge = row.rater_kind == JUDGE
            unnamed = (self.params.get("judge") or UNNAMED_JUDGE) if is_judge else self.params.get("rater")
            found.append(
                FilePreference(
                    *(row.line, query, one[0], other[0], row.preferred == "candidate"),
                    *(row.rater or unnamed or DEFAULT_RATER, is_judge, row.rationale, row.score),
                    *(created_at, row.seconds),
                )
            )
        self.preferences.write(found)

    def finish(self) -> None:
        self.preferences.finish()
        super().finish()

    @property
    def may_hold_variants(self) -> bool:
        return True

    def counts(self) -> dict[str, int]:
        counts, compared = super().counts(), self.preferences.all_counts()
        summed = {
            name: counts.get(name, 0) + compared.get(name, 0) for name in counts.keys() | compared.keys()
        }
        return summed | {"skipped": self.n_skipped}

    # Ids, for rows that have none: the project's own for these texts, else ids made of the texts

    def _with_ids(self, rows: Sequence[GradeRow | PairRow]) -> list[GradeRow | PairRow]:
        self._find_queries({row.query for row in rows if not row.query_id} - self._queries.keys())
        hashes = {
            content_hash(row.title, row.candidate): (row.title, row.candidate)
            for row in rows
            if not row.candidate_id
        }
        self._find_candidates({key: hashes[key] for key in hashes.keys() - self._candidates.keys()})
        found = []
        for row in rows:
            query_id, query = (row.query_id, row.query) if row.query_id else self._queries[row.query]
            if not query_id:
                self.bad.add(
                    row.line,
                    "query",
                    "Several queries of the project have this text. Add a field with the query’s id.",
                )
                continue
            candidate_id = row.candidate_id or self._candidates[content_hash(row.title, row.candidate)]
            found.append(row._replace(query_id=query_id, query=query, candidate_id=candidate_id))
        return found

    def _find_queries(self, texts: set[str]) -> None:
        """Note (id, text) of each text; ("", text) where the project has several such queries.

        A text that is the id of a query with another text, or none, is that id.
        """
        if not texts:
            return
        self.cursor.execute(
            "SELECT text, min(external_id), count(*) FROM corpus_query"
            " WHERE project_id = %s AND text = ANY(%s) GROUP BY text",
            [self.project.pk, list(texts)],
        )
        by_text = {text: (external_id if n == 1 else "") for text, external_id, n in self.cursor.fetchall()}
        self.cursor.execute(
            "SELECT external_id FROM corpus_query WHERE project_id = %s AND external_id = ANY(%s)",
            [self.project.pk, list(texts)],
        )
        ids = {external_id for (external_id,) in self.cursor.fetchall()}
        for text in texts:
            if text in by_text:
                self._queries[text] = (by_text[text], text)
            else:
                self._queries[text] = (text, "") if text in ids else (id_of_query(text), text)

    def _find_candidates(self, contents: dict[str, tuple[str, str]]) -> None:
        if not contents:
            return
        self.cursor.execute(
            "SELECT DISTINCT ON (c.content_hash) c.content_hash, c.external_id FROM corpus_candidate c"
            " WHERE c.project_id = %s AND c.content_hash = ANY(%s::uuid[]) ORDER BY c.content_hash,"
            " EXISTS (SELECT FROM corpus_variant w JOIN corpus_item i ON i.id = w.item_id"
            " WHERE i.candidate_id = c.id), c.external_id",
            [self.project.pk, list(contents)],
        )
        stored = {found.hex: external_id for found, external_id in self.cursor.fetchall()}
        for key, (title, text) in contents.items():
            self._candidates[key] = stored.get(key) or id_of_candidate(title, text)

    # Names

    def _named(self, row: GradeRow) -> GradeRow:
        """The row with its rater or judge named, and its marks under the names of the rubric's criteria."""
        judge, rater = self.params.get("judge", ""), self.params.get("rater", "")
        if row.rater_kind == JUDGE or (self.unnamed_may_be_a_judge and judge and not row.rater):
            return row._replace(rater_kind=JUDGE, rater=row.rater or judge or UNNAMED_JUDGE, marks=None)
        return row._replace(
            rater=self._rater(row.rater) or rater,
            marks=None if row.outcome == ABSTAINED else self._criteria_of(row.marks),
        )

    def _rater(self, name: str) -> str:
        """The name; where Concord's Argilla export made a user of one of the project's raters, theirs."""
        if len(name) != LENGTH_OF_A_UUID:
            return name
        if self._argilla_users is None:
            names = Rater.objects.filter(project=self.project).values_list("name", flat=True)
            self._argilla_users = {argilla_user(each): each for each in names}
        return self._argilla_users.get(name, name)

    def _criteria_of(self, marks: Metadata | None) -> Metadata | None:
        """What was chosen for the rubric's further criteria; what else was asked is left out."""
        if not marks or not self.scales:
            return None
        chosen = {normalised(name): value for name, value in marks.items()}
        found = {}
        for control, scale in control_names(self.project.rubric).items():
            if control in chosen and scale.name in self.scales:
                value = chosen[control]
                read = self.scales[scale.name].in_rubric(str(value))
                found[scale.name] = value if read is None else read
        return found or None

    def author(self, row: GradeRow) -> Author | None:
        """The project's judge that goes by this name outside, else an imported one."""
        if self._judges is None:
            self._judges = {
                name: Author(judge.name, judge.prompt.name if judge.prompt else None, version=judge.version)
                for judge, name in judge_names(self.project).items()
            }
        if row.rater in self._judges:
            return self._judges[row.rater]
        return super().author(row)

    # What is stored already, however it came

    def write_labels(self, labels: Sequence[FileLabel]) -> None:
        """Without those that their rater has given in some round, or in a file, just so."""
        self.cursor.execute(
            "SELECT l.item_id, a.name, l.grade FROM annotate_label l"
            " JOIN annotate_rater a ON a.id = l.rater_id"
            " WHERE l.item_id = ANY(%s) AND l.superseded_at IS NULL",
            [[label.placed.item for label in labels if not label.placed.is_new]],
        )
        stored = set(self.cursor.fetchall())
        fresh = [
            label
            for label in labels
            if (label.placed.item, label.rater or DEFAULT_RATER, label.grade) not in stored
        ]
        self.labels.counts["unchanged"] += len(labels) - len(fresh)
        super().write_labels(fresh)

    def write_verdicts(self, verdicts: Sequence[FileVerdict]) -> None:
        """Without those that are the judge's latest plain word on the item."""
        by_author: dict[Author, list[FileVerdict]] = {}
        for verdict in verdicts:
            by_author.setdefault(verdict.author, []).append(verdict)
        fresh = []
        for author, given in by_author.items():
            self.cursor.execute(
                LATEST,
                {
                    "project": self.project.pk,
                    "judge": author.judge,
                    "version": author.version,
                    "prompt": author.prompt,
                    "job": self.job.pk,
                    "items": [verdict.placed.item for verdict in given if not verdict.placed.is_new],
                },
            )
            said = {item: answer for item, *answer in self.cursor.fetchall()}
            for verdict in given:
                if said.get(verdict.placed.item) == [verdict.answer.outcome, verdict.answer.grade]:
                    self.verdicts.counts["unchanged"] += 1
                else:
                    fresh.append(verdict)
        super().write_verdicts(fresh)


def _side(row: PreferenceRow, candidate_id: str, title: str, text: str) -> PairRow:
    """One of the two candidates with the query."""
    return PairRow(
        *(row.line, row.query_id, row.query, row.need, candidate_id, title, text),
        grade=None,
        rater="",
        metadata=None,
    )


class QuepidStore(ToolStore):
    """Quepid's judgements; a case's ratings may be those of its AI judge."""

    unnamed_may_be_a_judge = True
