"""A small collection with planted truth, a judge's run over a pool, and an embedder that needs no model."""

from collections.abc import Sequence
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import pytest

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.models import Candidate, Item, Job, Project, Query
from judges.models import Judge, Run, Verdict
from mining.models import Pool
from mining.pool_settings import PoolSettings
from mining.pooling import run_pool
from mining.pools import prepare_pool
from tests.judging_fixtures import engine, judge, stub  # noqa: F401 - fixtures

SUBJECTS = ("soil carbon", "bread dough", "train tickets", "night sky")


class Garden:
    """Queries about four subjects, and candidates about each; the first of a subject is known as relevant."""

    def __init__(self, project: Project, *, per_subject: int = 6) -> None:
        self.project = project
        self.queries = [
            Query.objects.create(project=project, external_id=f"q{n}", text=f"what helps {subject}")
            for n, subject in enumerate(SUBJECTS)
        ]
        self.candidates: dict[str, Candidate] = {}
        for n, subject in enumerate(SUBJECTS):
            for c in range(per_subject):
                self.add(f"c{n}-{c}", f"{subject} number {c} has a page of its own with word{n}x{c}")
        self.grade("q0", "c0-0", 3)
        self.grade("q1", "c1-0", 2)

    def add(self, name: str, text: str) -> Candidate:
        """A candidate; an empty text makes one known by id alone."""
        content = Candidate(project=self.project, external_id=name, text=text)
        if text:
            content.content_hash = uuid5(NAMESPACE_OID, text)
        content.save()
        self.candidates[name] = content
        return content

    def query(self, name: str) -> Query:
        return next(query for query in self.queries if query.external_id == name)

    def item(self, query: str, candidate: str) -> Item:
        found, _ = Item.objects.get_or_create(
            query=self.query(query), candidate=self.candidates[candidate], rival=None
        )
        return found

    def grade(self, query: str, candidate: str, grade: int) -> Item:
        """One person's label, and the reference made of it."""
        item = self.item(query, candidate)
        rater, _ = Rater.objects.get_or_create(project=self.project, name="one")
        Label.objects.filter(item=item, rater=rater).delete()
        Label.objects.create(item=item, rater=rater, grade=grade)
        refresh_references(self.project)
        self.project.refresh_from_db()
        return item

    def pool(self, name: str = "first", **settings) -> Pool:
        """A pool that is made here and now."""
        pool = prepare_pool(self.project, name=name, settings=PoolSettings(**settings), here=True)
        run_pool(pool.job_id)
        pool.refresh_from_db()
        pool.job.refresh_from_db()
        return pool

    def found(self, pool: Pool, query: str, kind: str = "pooled") -> list[str]:
        """External ids of the pool's candidates of this kind for the query, in order."""
        entries = pool.entries.filter(query=self.query(query), kind=kind)
        return sorted(entries.values_list("candidate__external_id", flat=True))

    def judge(self, name: str = "scorer") -> Judge:
        made, _ = Judge.objects.get_or_create(
            project=self.project, name=name, defaults={"rubric": self.project.rubric}
        )
        return made

    def run(self, pool: Pool, scores: dict[tuple[str, str], float | None], *, by: Judge | None = None) -> Run:
        """A complete run over the pool's items: a score each by (query, candidate), None for an abstention.

        A pair that is not named has no verdict.
        """
        n = pool.item_set.n_items
        job = Job.objects.create(project=self.project, kind=Job.Kind.JUDGE, state=Job.State.DONE)
        run = Run.objects.create(
            judge=by or self.judge(), item_set=pool.item_set, job=job, n_items=n, n_scored=n
        )
        for (query, candidate), score in scores.items():
            item = self.item(query, candidate)
            said = {"outcome": "abstained"} if score is None else {"outcome": "scored", "score": score}
            Verdict.objects.create(run=run, item=item, label_mass=1.0, **said)
        return run


class WordEmbedder:
    """Stands in for an embedding model: the same words give the same vector, whatever their order.

    Each of the first letters of words is a dimension. `asked` are the texts it was asked for.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        vectors = np.full((len(texts), 26), 0.01, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                if word[0].isascii() and word[0].isalpha():
                    row[ord(word[0]) - ord("a")] += 1
        return vectors

    def close(self) -> None:
        pass


@pytest.fixture
def garden(transactional_db, project) -> Garden:
    """Jobs report on a connection of their own, so what they work on is committed."""
    return Garden(project)


@pytest.fixture
def embedder(monkeypatch) -> WordEmbedder:
    """What every engine for embeddings is while the test runs."""
    stand_in = WordEmbedder()
    monkeypatch.setattr("mining.pooling.connect_embedder", lambda _: stand_in)
    return stand_in
