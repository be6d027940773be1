import re

import pytest
from django.apps import apps
from django.db import models

from annotate.models import Adjudication, GoldItem, Rater
from annotate.services.adjudicating import adjudicate, undo_adjudication
from annotate.services.rounds import create_round
from corpus.models import Candidate, Item, ItemSet, Job, Project, Query, Reference
from corpus.pairs import draw_pairs
from corpus.services import create_project, freeze_all_items, freeze_rubric
from exchange.importing import undoing
from exchange.importing.undoing import BuiltOn, undo_import
from judges.models import Condition, Engine, Judge, Prompt, Run, Verdict
from judges.services import create_jury
from mining.pool_settings import PoolSettings
from mining.pooling import run_pool
from mining.pools import prepare_pool
from mining.rules import Rule
from mining.sampling import Sampling
from mining.selections import freeze_selection
from tests.exchange.bringing import export, snapshot, table
from tests.exchange.labelling import label_everything

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = table(
    [
        {
            "query_id": f"q{n % 2}",
            "query": f"query {n % 2}",
            "candidate_id": f"c{n}",
            "candidate": f"text {n}",
        }
        | {"human_grade": n % 4 if n < 3 else "", "url": "u"}
        for n in range(5)
    ]
)
VERDICTS = table(
    [
        {"judge": judge, "prompt": "p", "query_id": f"q{n % 2}", "candidate_id": f"c{n}", "grade": n % 4}
        | {"condition": condition}
        for n in range(5)
        for judge, condition in (("gpt", ""), ("gpt", "suffix"), ("llama", ""))
    ]
)
OTHER_VERDICT = "judge,prompt,query_id,candidate_id,grade\ngpt,p,q0,c0,3\n"
LABELS = "query_id,candidate_id,rater,grade\nq0,c0,Zoe,3\nq0,c4,Zoe,1\n"
IDS = "q0 0 c0 3\nq1 0 c1 2\n"
TOPICS = "q0\twhat is soil\nq1\twhat is compost\n"
NEEDS = "q0\twhat is soil\tI grow carrots.\n"
COLLECTION = table(
    [
        {"candidate_id": "c0", "candidate": "Soil.", "title": "S", "url": "u"},
        {"candidate_id": "c1", "candidate": "Compost.", "title": "", "url": ""},
    ]
)
RUN_FILE = "q0 Q0 c0 1 3.5 bm25\nq0 Q0 c9 2 2.5 bm25\nq9 Q0 c1 1 1.5 dense\n"

FILES = {
    "pairs": (PAIRS, {}),
    "verdicts": (VERDICTS, {}),
    "labels": (LABELS, {}),
    "qrels": (IDS, {"name": "qrels.txt", "rater": "NIST"}),
    "judge's qrels": (IDS, {"name": "qrels.txt", "judge": "gpt"}),
    "topics": (TOPICS, {"name": "topics.tsv", "kind": "topics"}),
    "collection": (COLLECTION, {"kind": "collection"}),
    "run file": (RUN_FILE, {"name": "run.txt"}),
}


@pytest.mark.parametrize("kind", FILES)
def test_an_undo_of_the_only_import_leaves_nothing(stored, kind):
    before = snapshot()
    content, choices = FILES[kind]
    job = stored(content, **choices)
    assert snapshot() != before

    undo_import(job)

    assert snapshot() == before
    job.refresh_from_db()
    assert (job.state, job.result["undone"], job.result["stored"], job.note) == (
        *("done", True, False),
        "Undone.",
    )


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind not in ("pairs", "topics", "collection")])
def test_an_undo_leaves_what_was_there_before(stored, kind):
    for first in ("pairs", "labels", "verdicts"):
        stored(FILES[first][0])
    stored(OTHER_VERDICT)
    stored("q0 Q0 c0 1 3.5 old\n", name="old.txt", kind="system")
    before = snapshot()
    content, choices = FILES[kind]
    if kind == "verdicts":
        content = content.replace(",3,", ",2,")
    if kind == "labels":
        content = content.replace("Zoe", "Ida")

    job = stored(content, **choices)
    assert snapshot() != before
    undo_import(job)

    assert snapshot() == before


def test_after_an_undo_the_same_file_can_come_again(stored):
    job = stored(PAIRS)
    undo_import(job)

    again = stored(PAIRS)

    assert again.result["counts"] == job.result["counts"]


def test_a_second_undo_does_nothing(stored):
    job = stored(PAIRS)
    undo_import(job)
    stored(PAIRS)
    before = snapshot()

    undo_import(job)

    assert snapshot() == before


def test_an_import_that_stored_nothing_cannot_be_undone(stored, bring):
    stored(PAIRS)
    before = snapshot()

    undo_import(stored(PAIRS, dry_run=True))
    undo_import(bring(PAIRS.replace("query 1", "changed")))

    assert snapshot() == before


def test_references_go_back_with_the_labels(project, stored):
    stored(PAIRS)
    job = stored("query_id,candidate_id,rater,grade\nq0,c0,Zoe,3\n")
    assert not Reference.objects.filter(item__candidate__external_id="c0").exists()
    version = Project.objects.get().reference_version

    undo_import(job)

    assert Reference.objects.get(item__candidate__external_id="c0").grade == 0
    assert Project.objects.get().reference_version > version


class TestTextsAfterIds:
    @pytest.fixture
    def three(self, stored):
        """Three imports: ids, then the queries' texts, then the candidates'."""
        return [stored(*[FILES[kind][0]], **FILES[kind][1]) for kind in ("qrels", "topics", "collection")]

    def test_the_texts_can_go_and_the_ids_stay(self, stored):
        stored(IDS, name="qrels.txt", rater="NIST")
        before = snapshot()
        topics = stored(TOPICS, name="topics.tsv", kind="topics")
        collection = stored(COLLECTION, kind="collection")

        undo_import(topics)
        undo_import(collection)

        assert snapshot() == before

    def test_the_ids_cannot_go_before_the_texts(self, three):
        ids, topics, collection = three
        before = snapshot()
        with pytest.raises(BuiltOn, match="4 texts that other imports brought depend on it"):
            undo_import(ids)
        assert snapshot() == before

        undo_import(topics)
        with pytest.raises(BuiltOn, match="2 texts that other imports brought"):
            undo_import(ids)
        undo_import(collection)
        undo_import(ids)

        assert not Query.objects.exists()
        assert not Candidate.objects.exists()

    def test_texts_that_came_first_cannot_go_before_the_items(self, stored):
        topics = stored(TOPICS, name="topics.tsv", kind="topics")
        collection = stored(COLLECTION, kind="collection")
        ids = stored(IDS, name="qrels.txt")
        for job in (topics, collection):
            with pytest.raises(BuiltOn, match="2 items of other imports depend on it"):
                undo_import(job)

        for job in (ids, topics, collection):
            undo_import(job)

        assert not Query.objects.exists()

    def test_a_need_that_came_later_goes_alone(self, stored):
        stored(TOPICS, name="topics.tsv", kind="topics")
        before = snapshot()
        needs = stored(NEEDS, name="needs.tsv", kind="topics")
        assert Query.objects.get(external_id="q0").need == "I grow carrots."

        undo_import(needs)

        assert snapshot() == before

    def test_a_text_before_the_need_goes_alone(self, stored):
        stored(IDS, name="qrels.txt", rater="NIST")
        topics = stored(TOPICS, name="topics.tsv", kind="topics")
        stored(NEEDS, name="needs.tsv", kind="topics")

        undo_import(topics)

        found = Query.objects.get(external_id="q0")
        assert (found.text, found.need) == ("", "I grow carrots.")

    def test_texts_that_a_judge_has_read_cannot_go(self, project, three):
        judge = make_judge(project)
        job = Job.objects.create(project=project, kind=Job.Kind.JUDGE, state=Job.State.DONE)
        run = Run.objects.create(judge=judge, job=job)
        Verdict.objects.create(run=run, item=Item.objects.first(), outcome="graded", grade=1)

        for texts in three[1:]:
            with pytest.raises(BuiltOn, match="1 verdict that read its texts depends on it"):
                undo_import(texts)

    def test_texts_that_people_have_read_cannot_go(self, project, three, ann):
        label_everything(project, name="First", item_set=freeze_all_items(project), grades={ann: [1, 2]})

        with pytest.raises(BuiltOn, match="2 labels given after reading its texts depend on it"):
            undo_import(three[1])


def make_judge(project: Project) -> Judge:
    engine = Engine.objects.create(name="small", kind="local")
    prompt = Prompt.objects.create(name="x", messages=[{"role": "user"}])
    freeze_rubric(project.rubric)
    return Judge.objects.create(
        project=project, name="ours", engine=engine, prompt=prompt, rubric=project.rubric, scoring="grade"
    )


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


def test_judges_that_other_imports_use_stay(project, stored):
    stored(PAIRS)
    first = stored(VERDICTS)
    stored(OTHER_VERDICT)

    undo_import(first)

    assert [judge.name for judge in Judge.objects.all()] == ["gpt"]
    assert not Condition.objects.exists()
    assert Verdict.objects.count() == 1


def test_judges_that_have_not_run_stay(project, stored):
    make_judge(project)
    Condition.objects.create(project=project, name="planned")
    before = snapshot()

    undo_import(stored(VERDICTS))

    assert snapshot() == before


def test_raters_who_label_here_stay(project, stored, alice):
    stored(PAIRS)
    Rater.objects.of_user(alice, project)
    before = snapshot()

    undo_import(stored(LABELS.replace("Zoe", "alice")))

    assert snapshot() == before


def test_the_rubric_thaws_with_its_last_use(project, stored):
    pairs = stored(PAIRS)
    verdicts = stored(VERDICTS)
    undo_import(verdicts)
    project.rubric.refresh_from_db()
    assert project.rubric.frozen_at is not None

    undo_import(pairs)

    assert project.rubric.frozen_at is None


def test_an_undo_touches_no_other_project(project, stored):
    other = create_project("Water")
    stored(PAIRS, into=other)
    stored(VERDICTS, into=other)
    before = snapshot()

    for job in [stored(PAIRS), stored(VERDICTS)][::-1]:
        undo_import(job)

    assert snapshot() == before


def test_an_export_that_came_in_goes_with_its_rounds_and_runs(project, stored, ann, bob):
    stored(PAIRS)
    stored(VERDICTS)
    everything = freeze_all_items(project)
    label_everything(project, name="First", item_set=everything, grades={ann: [1] * 5, bob: [2] * 5})
    label_everything(project, name="Second", item_set=everything, grades={ann: [3, None, 3, 3, 3]})
    copy = create_project("Copy")
    before = snapshot()

    job = stored(export(project, file_format="csv"), kind="grades", into=copy)
    assert copy.rounds.count() == 2
    undo_import(job)

    assert snapshot() == before


def test_a_round_over_an_imported_rounds_items_is_in_the_way(project, stored, ann):
    stored(PAIRS)
    label_everything(project, name="First", item_set=freeze_all_items(project), grades={ann: [1] * 5})
    copy = create_project("Copy")
    job = stored(export(project, file_format="jsonl"), name="e.jsonl", kind="grades", into=copy)
    create_round(copy, name="Again", item_set=copy.item_sets.get())

    with pytest.raises(BuiltOn, match="1 round over its item sets depends on it"):
        undo_import(job)


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
