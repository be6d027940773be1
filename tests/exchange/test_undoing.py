"""An undo takes back all that an import brought, and nothing else."""

import pytest

from annotate.models import Rater
from corpus.models import Candidate, Item, Job, Project, Query, Reference
from corpus.services import create_project, freeze_all_items, freeze_rubric
from exchange.importing.undoing import BuiltOn, undo_import
from judges.models import Condition, Engine, Judge, Prompt, Run, Verdict
from tests.exchange.bringing import export, snapshot
from tests.exchange.labelling import label_everything
from tests.exchange.undone_files import (
    COLLECTION,
    FILES,
    IDS,
    LABELS,
    NEEDS,
    OTHER_VERDICT,
    PAIRS,
    TOPICS,
    VERDICTS,
)

pytestmark = pytest.mark.django_db(transaction=True)


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
