"""What was built on an import keeps it from being undone, and is named and counted."""

import re

import pytest
from django.apps import apps
from django.db import models

from annotate.models import Adjudication, GoldItem
from annotate.services.adjudicating import adjudicate, undo_adjudication
from annotate.services.rounds import create_round
from corpus.models import Item, ItemSet, Job
from corpus.pairs import draw_pairs
from corpus.services import create_project, freeze_all_items
from exchange.importing import undoing
from exchange.importing.undoing import BuiltOn, undo_import
from judges.models import Run
from judges.services import create_jury
from mining.pool_settings import PoolSettings
from mining.pooling import run_pool
from mining.pools import prepare_pool
from mining.rules import Rule
from mining.sampling import Sampling
from mining.selections import freeze_selection
from tests.exchange.bringing import export, snapshot
from tests.exchange.labelling import label_everything
from tests.exchange.undone_files import LABELS, OTHER_VERDICT, PAIRS, RUN_FILE, VERDICTS

pytestmark = pytest.mark.django_db(transaction=True)


class TestBuiltOn:
    def refuses(self, job: Job, words: str) -> None:
        before = snapshot()
        with pytest.raises(BuiltOn, match=words):
            undo_import(job)
        assert snapshot() == before
        job.refresh_from_db()
        assert job.result["stored"]

    def test_labels(self, stored):
        pairs = stored(PAIRS)
        stored(LABELS)

        self.refuses(pairs, "^This import cannot be undone: 2 labels on its items depend on it.$")

    def test_verdicts(self, stored):
        pairs = stored(PAIRS)
        stored(OTHER_VERDICT)

        self.refuses(pairs, "1 verdict on its items depends on it")

    def test_hits(self, stored):
        pairs = stored(PAIRS)
        stored(RUN_FILE, name="run.txt")

        self.refuses(pairs, "3 hits of other systems")

    def test_item_sets(self, project, stored):
        pairs = stored(PAIRS)
        freeze_all_items(project)

        self.refuses(pairs, "5 entries of item sets depend on it")

    def test_pairs_for_preferences(self, project, stored):
        pairs = stored(PAIRS)
        draw_pairs(freeze_all_items(project), per_query=1, seed=1)

        self.refuses(pairs, "2 pairs of its candidates")

    def test_pools(self, project, stored):
        job = stored(PAIRS)
        pool = prepare_pool(project, name="one", settings=PoolSettings(random=2), here=True)
        self.refuses(job, "1 pool that is being made depends")
        run_pool(pool.job_id)
        self.refuses(job, "1 pool with its queries or candidates")

    def test_selections(self, project, stored):
        stored(PAIRS)
        job = stored(VERDICTS, kind="verdicts")
        pool = prepare_pool(project, name="one", settings=PoolSettings(random=2), here=True)
        run_pool(pool.job_id)
        pool.refresh_from_db()
        run = Run.objects.filter(judge__name="gpt", condition=None).get()
        freeze_selection(pool, name="one", run=run, rule=Rule(), sampling=Sampling())
        self.refuses(job, "1 selection by its verdicts depends")

    def test_gold_items(self, project, stored):
        pairs = stored(PAIRS)
        empty = ItemSet.objects.create(project=project, name="Empty")
        round = create_round(project, name="First", item_set=empty)
        GoldItem.objects.create(round=round, item=Item.objects.first(), grade=2)

        self.refuses(pairs, "1 gold item of a round depends on it")

    def test_later_pairs(self, stored):
        pairs = stored(PAIRS)
        stored("query_id,query,candidate_id,candidate\nq0,query 0,c9,text 9\nq9,query 9,c0,text 0\n")

        self.refuses(pairs, "2 items of other imports")

    def test_several_things_at_once(self, project, stored):
        pairs = stored(PAIRS)
        stored(LABELS)
        stored(OTHER_VERDICT)

        self.refuses(pairs, "2 labels on its items, 1 verdict on its items depend on it")


def test_a_round_over_an_imported_rounds_items_is_in_the_way(project, stored, ann):
    stored(PAIRS)
    label_everything(project, name="First", item_set=freeze_all_items(project), grades={ann: [1] * 5})
    copy = create_project("Copy")
    job = stored(export(project, file_format="jsonl"), name="e.jsonl", kind="grades", into=copy)
    create_round(copy, name="Again", item_set=copy.item_sets.get())

    with pytest.raises(BuiltOn, match="1 round over its item sets depends on it"):
        undo_import(job)


def test_an_adjudicated_item_is_in_the_way(project, stored, ann):
    job = stored(PAIRS)
    decided = adjudicate(Item.objects.order_by("id").first(), project=project, by=ann, grade=1)
    with pytest.raises(BuiltOn, match="1 adjudicated item or label"):
        undo_import(job)
    undo_adjudication(decided, project=project)
    undo_import(job)
    assert not Item.objects.exists()
    assert not Adjudication.objects.exists()


def test_a_jury_of_its_judges_is_in_the_way(project, stored):
    stored(PAIRS)
    job = stored(VERDICTS)
    jury = create_jury(project, name="panel", members=list(project.judges.all()), rule="majority")
    with pytest.raises(BuiltOn, match="1 jury with one of its judges"):
        undo_import(job)
    jury.delete()
    undo_import(job)
    assert not project.judges.exists()


def test_every_table_that_points_at_what_an_undo_deletes_is_cleared_or_counted():
    """The database does not check: the foreign-key triggers are off while an undo works."""
    said = " ".join([*undoing.BUILT_ON.values(), *undoing.DELETIONS])
    deleted = set(re.findall(r"DELETE FROM (\w+)", said))
    mentioned = set(re.findall(r"(?:FROM|JOIN|USING) (\w+)", said))
    # These follow from others: slots, holds and flags from an item set, shards and readings from our runs.
    follow = {"annotate_flag", "annotate_hold", "annotate_slot", "judges_shard", "judges_secondreading"}
    follow |= {"mining_selectionentry"}  # from a pool
    pointing = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model._meta.db_table in deleted
    }
    assert pointing - mentioned - follow == set()
