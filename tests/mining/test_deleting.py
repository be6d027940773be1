"""Deleting a pool that was never frozen: what goes, what stays, and who is refused."""

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotate.models import Adjudication, Consensus, GoldItem, Label, Rater, Round, Slot
from corpus.jobs import JobFailed
from corpus.models import AuditEntry, Item, ItemSet, ItemSetEntry, Job, Project, Reference, Variant
from corpus.services import create_project
from exchange.importing.undoing import BuiltOn, undo_import
from judges.models import Run, SecondReading, Verdict
from judges.services import register_engine
from mining import deleting
from mining.deleting import delete_pool, what_goes
from mining.models import CandidateVector, Pool, PoolEntry, PoolHit, Selection, SelectionEntry
from mining.pool_settings import Dense, PoolRefused, PoolSettings
from mining.pooling import Pooling, run_pool
from mining.pools import prepare_pool
from tests.exchange.bringing import queue_import, run, table
from tests.mining.conftest import Garden


@pytest.fixture
def unfrozen(monkeypatch):
    """Makes a pool with everything but its end: its job fails where the item set would be frozen."""

    def make(project: Project, name: str = "first", **settings) -> Pool:
        def fail(self):
            raise JobFailed("Stopped before the end.")

        pool = prepare_pool(project, name=name, settings=PoolSettings(**settings), here=True)
        with monkeypatch.context() as patched:
            patched.setattr(Pooling, "_freeze", fail)
            assert run_pool(pool.job_id).error == "Stopped before the end."
        pool.refresh_from_db()
        assert pool.frozen_at is None
        return pool

    return make


@pytest.fixture
def page(project):
    def address(name: str, *args) -> str:
        return reverse(f"mining:{name}", args=[project.slug, *args])

    return address


def text_of(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


class TestWhatGoes:
    def test_hits_entries_and_the_items_it_made_go_with_pool_and_job(self, garden, unfrozen, bob):
        pool = unfrozen(garden.project, bm25=10, random=0)
        # BM25 finds all six candidates of each of two subjects, their labelled positives among them.
        goes = what_goes(pool)
        assert (str(goes.n_hits), str(goes.n_entries), goes.n_items, goes.n_kept) == ("12", "12", 10, 0)
        labelled = set(Label.objects.values_list("item_id", flat=True))

        delete_pool(pool, by=bob)

        assert not Pool.objects.exists()
        assert not PoolHit.objects.exists()
        assert not PoolEntry.objects.exists()
        assert not Job.objects.filter(kind="mine").exists()
        assert set(Item.objects.values_list("pk", flat=True)) == labelled
        entry = AuditEntry.objects.get(verb="pool.deleted")
        assert (entry.actor, entry.object_name) == (bob, "first")
        assert entry.details == {"n_hits": 12, "n_entries": 12, "n_items": 10}

    def test_the_name_is_free_again(self, garden, unfrozen):
        delete_pool(unfrozen(garden.project, bm25=10, random=0))
        assert garden.pool("first", bm25=10, random=0).frozen_at

    def test_a_pool_that_no_worker_has_begun_goes(self, garden):
        delete_pool(prepare_pool(garden.project, name="one", settings=PoolSettings(), here=True))
        assert not Pool.objects.exists()
        assert not Job.objects.filter(kind="mine").exists()

    def test_it_asks_the_database_as_often_for_few_rows_as_for_many(self, garden, unfrozen):
        asked = []
        for subjects, settings in ((1, {"bm25": 1}), (4, {"bm25": 20, "with_positives_only": False})):
            pool = unfrozen(garden.project, random=0, **settings)
            with CaptureQueriesContext(connection) as queries:
                delete_pool(pool)
            asked.append(len(queries))
            assert AuditEntry.objects.first().details["n_hits"] >= subjects
        assert asked[0] == asked[1]


class TestWhatStays:
    def test_vectors_are_the_projects(self, garden, unfrozen, embedder):
        engine = register_engine("meaning", kind="openai", url="http://127.0.0.1:9/v1", model="stand-in")
        pool = unfrozen(garden.project, bm25=0, dense=Dense(engine.pk, 4), random=0)
        delete_pool(pool)
        assert CandidateVector.objects.count() == 24

    def test_the_items_of_another_pool_stay_and_go_with_that_one(self, garden, unfrozen):
        first = unfrozen(garden.project, "first", bm25=10, random=0)
        second = unfrozen(garden.project, "second", bm25=4, random=0)
        # The second one made no item; what it shares with the first is its own from now on.
        assert not Item.objects.filter(job=second.job).exists()
        shared = set(second.entries.filter(kind="pooled").values_list("item_id", flat=True))
        assert 0 < len(shared) < 10
        assert what_goes(first)[2:] == (10 - len(shared), len(shared))

        delete_pool(first)

        assert set(Item.objects.filter(job=second.job).values_list("pk", flat=True)) == shared
        assert second.entries.filter(kind="pooled").count() == len(shared)
        assert second.hits.count() == 8
        delete_pool(second)
        assert Item.objects.count() == 2

    def test_the_items_of_a_frozen_pool_stay(self, garden, unfrozen):
        first = unfrozen(garden.project, "first", bm25=10, random=0)
        frozen = garden.pool("second", bm25=10, random=0)
        delete_pool(first)
        assert frozen.item_set.entries.count() == Item.objects.count() == 12

    def test_other_projects_stay_as_they_are(self, garden, unfrozen):
        other = Garden(create_project("Water"))
        theirs = unfrozen(other.project, bm25=10, random=0)
        delete_pool(unfrozen(garden.project, bm25=10, random=0))
        assert (theirs.hits.count(), theirs.entries.count()) == (12, 12)
        assert Item.objects.filter(job=theirs.job).count() == 10


class Uses:
    """One row of each table that may point at an item, about the item."""

    def __init__(self, garden) -> None:
        self.garden = garden
        self.project = garden.project

    def round(self) -> Round:
        items = ItemSet.objects.create(project=self.project, name="none")
        return Round.objects.create(
            project=self.project, name="round", item_set=items, rubric=self.project.rubric
        )

    def run(self) -> Run:
        job = Job.objects.create(project=self.project, kind=Job.Kind.JUDGE, state=Job.State.DONE)
        return Run.objects.create(judge=self.garden.judge(), job=job)

    def other_pool(self) -> Pool:
        job = Job.objects.create(project=self.project, kind=Job.Kind.MINE, state=Job.State.FAILED)
        return Pool.objects.create(project=self.project, name="other", job=job)

    def corpus_itemsetentry_item_id(self, item) -> None:
        items = ItemSet.objects.create(project=self.project, name="some", n_items=1)
        ItemSetEntry.objects.create(item_set=items, position=1, item=item)

    def corpus_reference_item_id(self, item) -> None:
        Reference.objects.create(item=item, query=item.query, grade=1)

    def corpus_variant_item_id(self, item) -> None:
        Variant.objects.create(item=item, carrier="random", attack="query")

    def corpus_variant_original_id(self, item) -> None:
        other = self.garden.item("q3", "c3-5")
        Variant.objects.create(item=other, original=item, carrier="random", attack="query")

    def annotate_adjudication_item_id(self, item) -> None:
        Adjudication.objects.create(item=item, grade=1)

    def annotate_consensus_item_id(self, item) -> None:
        Consensus.objects.create(item=item, grade=1, chance=0.9)

    def annotate_label_item_id(self, item) -> None:
        Label.objects.create(item=item, rater=Rater.objects.get(), grade=0)

    def annotate_slot_item_id(self, item) -> None:
        Slot.objects.create(round=self.round(), item=item, position=1, places_left=1)

    def annotate_golditem_item_id(self, item) -> None:
        GoldItem.objects.create(round=self.round(), item=item, grade=1)

    def judges_verdict_item_id(self, item) -> None:
        Verdict.objects.create(run=self.run(), item=item, outcome="graded", grade=1)

    def judges_secondreading_item_id(self, item) -> None:
        engine = register_engine("reader", kind="local")
        SecondReading.objects.create(run=self.run(), item=item, engine=engine, outcome="abstained")

    def mining_poolentry_item_id(self, item) -> None:
        PoolEntry.objects.create(
            pool=self.other_pool(), query=item.query, candidate=item.candidate, item=item, kind="pooled"
        )

    def mining_selectionentry_item_id(self, item) -> None:
        selection = Selection.objects.create(pool=self.other_pool(), name="one", run=self.run())
        SelectionEntry.objects.create(
            selection=selection, position=1, query=item.query, candidate=item.candidate, item=item,
            state="unjudged", reason=0,
        )  # fmt: skip


def pointing_at_items() -> set[str]:
    return {
        f"{model._meta.db_table}_{field.column}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is Item
    }


@pytest.mark.parametrize("use", sorted(name for name in vars(Uses) if name.endswith("_id")))
def test_an_item_that_something_else_uses_stays(use, garden, unfrozen):
    pool = unfrozen(garden.project, bm25=10, random=0)
    item = garden.item("q0", "c0-3")
    assert item.job_id == pool.job_id
    getattr(Uses(garden), use)(item)
    assert what_goes(pool)[2:] == (9, 1)
    delete_pool(pool)
    assert Item.objects.filter(pk=item.pk).exists()
    assert not Item.objects.filter(job=pool.job_id).exists()


def test_every_table_that_points_at_items_is_looked_at():
    """The database does not check: the foreign-key triggers are off while items go."""
    assert {name for name in vars(Uses) if name.endswith("_id")} == pointing_at_items()


def test_an_import_can_be_undone_once_the_pool_over_it_is_gone(transactional_db, project, unfrozen, tmp_path):
    rows = [
        {"query_id": "q0", "query": "what is soil", "candidate_id": f"c{n}", "candidate": f"soil number {n}"}
        | {"human_grade": 3 if n == 0 else ""}
        for n in range(6)
    ]
    brought = run(queue_import(project, table(rows[:1]), tmp_path, name="labels.csv"))
    collection = table([{name: row[name] for name in ("candidate_id", "candidate")} for row in rows[1:]])
    more = run(queue_import(project, collection, tmp_path, name="more.csv", kind="collection"))
    pool = unfrozen(project, bm25=10, random=0)
    assert Item.objects.filter(job=pool.job).count() == 5
    with pytest.raises(BuiltOn, match="1 pool with its queries or candidates"):
        undo_import(more)

    delete_pool(pool)

    undo_import(more)
    undo_import(brought)
    assert not project.candidates.exists()


class TestRefusing:
    def test_a_frozen_pool_stays(self, garden):
        pool = garden.pool(bm25=10, random=0)
        with pytest.raises(PoolRefused, match="“first” is frozen: it has an item set that judges run over"):
            delete_pool(pool)
        assert (pool.hits.count(), pool.entries.count()) == (12, 12)

    def test_one_that_was_frozen_since_it_was_read_stays(self, garden):
        pool = prepare_pool(garden.project, name="one", settings=PoolSettings(), here=True)
        run_pool(pool.job_id)
        with pytest.raises(PoolRefused, match="is frozen"):
            delete_pool(pool)
        assert Job.objects.get(pk=pool.job_id).state == Job.State.DONE

    def test_one_that_is_gone_is_said_to_be(self, garden, unfrozen):
        pool = unfrozen(garden.project, bm25=10, random=0)
        delete_pool(Pool.objects.get())
        with pytest.raises(PoolRefused, match="“first” is not there any more"):
            delete_pool(pool)

    def test_while_an_import_is_writing_nothing_is_deleted(self, garden, unfrozen, monkeypatch):
        pool = unfrozen(garden.project, bm25=10, random=0)
        monkeypatch.setattr(deleting, "PATIENCE_SECONDS", 0.0)
        importing = connection.copy("default")
        try:
            importing.set_autocommit(True)
            with importing.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_lock(hashtext('concord-collection'), %s)", [pool.project_id]
                )
            with pytest.raises(PoolRefused, match="An import is writing to this project"):
                delete_pool(pool)
        finally:
            importing.close()
        assert pool.hits.count() == 12
        delete_pool(pool)


class TestPage:
    def test_says_what_goes_and_asks_for_the_name(self, garden, unfrozen, client_of, bob, page):
        pool, manager = unfrozen(garden.project, bm25=10, random=0), client_of(bob)
        garden.grade("q0", "c0-3", 0)
        assert page("pool-delete", pool.pk) in text_of(manager.get(page("pool-detail", pool.pk)))
        shown = " ".join(text_of(manager.get(page("pool-delete", pool.pk))).split())
        assert "is deleted with 12 hits of its miners, 12 entries and 9 items that nothing" in shown
        assert "1 item that it made stays, as something else uses it." in shown
        assert "cancelled" not in shown
        wrong = text_of(manager.post(page("pool-delete", pool.pk), {"name": "second"}))
        assert "That is not its name." in wrong
        assert Pool.objects.exists()
        response = manager.post(page("pool-delete", pool.pk), {"name": "first"}, follow=True)
        assert response.redirect_chain[0][0] == page("pool-list")
        assert "The pool first was deleted." in text_of(response)
        assert not Pool.objects.exists()
        assert AuditEntry.objects.get(verb="pool.deleted").actor == bob

    def test_says_that_the_job_is_cancelled(self, garden, client_of, bob, page):
        pool = prepare_pool(garden.project, name="one", settings=PoolSettings(), here=True)
        shown = text_of(client_of(bob).get(page("pool-delete", pool.pk)))
        assert "Its job is cancelled" in shown
        assert "0 hits" in shown

    def test_of_a_frozen_pool_nothing_is_offered(self, garden, client_of, bob, page):
        pool, manager = garden.pool(bm25=10, random=0), client_of(bob)
        assert page("pool-delete", pool.pk) not in text_of(manager.get(page("pool-detail", pool.pk)))
        for ask in (manager.get, manager.post):
            response = ask(page("pool-delete", pool.pk), {"name": "first"}, follow=True)
            assert response.redirect_chain[0][0] == page("pool-detail", pool.pk)
            assert "is frozen: it has an item set" in text_of(response)
        assert Pool.objects.exists()

    @pytest.mark.parametrize("who", ["ann", "vic", "charlie"])
    def test_is_for_managers(self, who, request, garden, unfrozen, client_of, page):
        pool = unfrozen(garden.project, bm25=10, random=0)
        client, refused = client_of(request.getfixturevalue(who)), 404 if who == "charlie" else 403
        assert client.get(page("pool-delete", pool.pk)).status_code == refused
        assert client.post(page("pool-delete", pool.pk), {"name": "first"}).status_code == refused
        assert Pool.objects.exists()
        if who == "vic":
            assert page("pool-delete", pool.pk) not in text_of(client.get(page("pool-detail", pool.pk)))
