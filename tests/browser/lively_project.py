"""A project in which people have worked: rounds of every kind and state, gold, flags, decisions, judges."""

from types import SimpleNamespace
from uuid import uuid4

import numpy as np

from annotate.consensus import apply_rule
from annotate.disputes import open_disputes
from annotate.models import Round
from annotate.services.adjudicating import adjudicate
from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items
from annotate.services.rounds import close_round, create_round
from annotate.services.waiting import flag_item, take_out
from config.sample import load_sample
from corpus.invitations import invite
from corpus.models import Hit, Item, Job, Membership, Project, Reference, System, User
from corpus.pairs import draw_pairs
from corpus.rubrics import add_rubric
from corpus.services import create_project, freeze_all_items
from exchange.models import Release
from exchange.releases.checking import start_check
from judges.models import Outcome, Run, Verdict
from judges.services import create_judge, find_prompt, register_engine, sync_shipped_prompts
from tasks.work import work_on_job
from tests.attacked_project import make_attacked_project
from tests.browser.lively_compliance import make_lively_experiments
from tests.browser.lively_negatives import make_lively_negatives
from tests.exchange.releasing import release

LONG_NAME = "carl-with-a-rather-long-username-from-the-directory"
N_LABELS = 40


def make_lively_project(make_user) -> SimpleNamespace:
    """The project with its owner, its people, its rounds by name, a disputed item and a disputed pair."""
    owner, chance = make_user("alice"), np.random.default_rng(3)
    project, _ = load_sample(by=owner)
    people = [make_user(name) for name in ("bob", "ann", LONG_NAME, "دينا")]
    for user in people:
        role = "manager" if user.username == "bob" else "annotator"
        Membership.objects.create(project=project, user=user, role=role)
    rounds = _rounds(project, by=owner)
    for user in people[:3]:
        _label(rounds["First pass"], user, chance, highest=3)
        _label(rounds["Quality"], user, chance, highest=4, n_marks=4)
        _label(rounds["Which is better"], user, chance, highest=2)
    flagged = rounds["First pass"].slots.filter(gold_grade=None).order_by("position")
    flag_item(flagged[3], by=join_round(rounds["First pass"], user=people[0]), note="Cut off? " * 30)
    take_out(flagged.filter(places_left__gt=1).last(), fate="adjudicate", by=owner)
    for dispute in open_disputes(project).rows[:2]:
        adjudicate(dispute.item, project=project, by=owner, grade=2, note="They read the need differently.")
    Project.objects.filter(pk=project.pk).update(reference_rule="dawid_skene")
    project.refresh_from_db()
    apply_rule(project)
    invite(project, role="annotator", by=owner, note="For the two students")
    _judges(project, chance)
    _systems(project, chance)
    steadfast, experiments = make_lively_experiments(project, chance)
    negatives = make_lively_negatives(project, project.judges.get(name="steady"), chance, by=owner)
    earlier, latest = _releases(project)
    disputes = [dispute.item for dispute in open_disputes(project, limit=500).rows]
    return SimpleNamespace(
        project=project,
        earlier=earlier,
        release=latest,
        empty=create_project("Empty one", by=owner),
        owner=owner,
        rounds=rounds,
        item=next(item for item in disputes if item.rival_id is None),
        pair=next(item for item in disputes if item.rival_id),
        judge=project.judges.first(),
        steadfast=steadfast,
        experiments=experiments,
        negatives=negatives,
        attacked=_attacked(by=owner),
    )


def _attacked(*, by: User) -> Project:
    """A project of its own whose items were attacked."""
    project = create_project("Attacked", by=by)
    make_attacked_project(project, n_queries=8)
    return project


def _rounds(project: Project, *, by: User) -> dict[str, Round]:
    items = freeze_all_items(project)
    references = Reference.objects.filter(query__project=project).order_by("item_id")
    gold = dict(references.values_list("item_id", "grade")[:8])
    quality, better = (add_rubric(project, template=name) for name in ("criteria", "preference"))
    pairs = draw_pairs(items, per_query=4, seed=1)
    made = {
        "First pass": {"item_set": items, "overlap": 3, "gold": gold, "gold_share": 0.1, "blind": False},
        "Quality": {"item_set": items, "overlap": 2, "rubric": quality},
        "Which is better": {"item_set": pairs, "overlap": 2, "rubric": better},
        "Over": {"item_set": items, "overlap": 1},
        "Not yet": {"item_set": items, "overlap": 2},
    }
    rounds = {name: create_round(project, name=name, by=by, **options) for name, options in made.items()}
    for name in ("First pass", "Quality", "Which is better", "Over"):
        rounds[name] = open_round(rounds[name], by=by)
    close_round(rounds["Over"])
    return rounds


def _label(round: Round, user: User, chance: np.random.Generator, *, highest: int, n_marks: int = 0) -> None:
    me = join_round(round, user=user)
    for number in range(N_LABELS):
        holds = next_items(me)
        if not holds:
            return
        usual = holds[0].slot.item_id % (highest + 1)
        grade = (
            usual if user.username != LONG_NAME and chance.random() < 0.8 else chance.integers(highest + 1)
        )
        is_dark = number % 17 == 16
        save_label(
            holds[0].slot,
            by=me,
            grade=None if is_dark else int(grade),
            marks=[] if is_dark else [int(mark) for mark in chance.integers(highest + 1, size=n_marks)],
            reason="text" if is_dark else "",
            rationale="It names the cause, but not what to do about it." if number % 5 == 0 else "",
            seconds=float(chance.uniform(2, 40)),
            client_key=uuid4(),
        )


def _judges(project: Project, chance: np.random.Generator) -> None:
    """A steady judge and one that always says 1, each with a complete run."""
    sync_shipped_prompts()
    engine, items = register_engine("local", kind="local"), freeze_all_items(project)
    references = dict(Reference.objects.filter(query__project=project).values_list("item_id", "grade"))
    for name, noise in (("steady", 0.15), ("always one, and with a long name", None)):
        prompt = find_prompt(project, "grade-basic")
        judge = create_judge(project, name=name, engine=engine, prompt=prompt, scoring="grade")
        n = items.n_items
        job = Job.objects.create(
            project=project, kind=Job.Kind.JUDGE, state=Job.State.DONE, n_total=n, n_done=n
        )
        run = Run.objects.create(judge=judge, item_set=items, job=job, n_items=n, n_graded=n)
        verdicts = []
        for item in items.entries.values_list("item_id", flat=True):
            grade = references.get(item, 1) if noise and chance.random() > noise else 1
            score = float(grade + chance.normal() * 0.3)
            verdicts.append(
                Verdict(
                    run=run, item_id=item, outcome=Outcome.GRADED, grade=grade, score=score, label_mass=1.0
                )
            )
        Verdict.objects.bulk_create(verdicts)


def _systems(project: Project, chance: np.random.Generator) -> None:
    """Six systems, each a shuffle of the items that keeps more or less of people's order."""
    items = (
        Item.objects.for_project(project).single().values_list("query_id", "candidate_id", "reference__grade")
    )
    graded = [(query, candidate, grade or 0) for query, candidate, grade in items]
    for noise in range(6):
        system = System.objects.create(project=project, name=f"a system with a long name and noise {noise}")
        scores = [(query, candidate, grade + noise * chance.random()) for query, candidate, grade in graded]
        ranked = sorted(scores, key=lambda hit: -hit[2])
        Hit.objects.bulk_create(
            Hit(system=system, query_id=query, candidate_id=candidate, score=score, rank=rank)
            for rank, (query, candidate, score) in enumerate(ranked, start=1)
        )


def _releases(project: Project) -> list[Release]:
    """Two releases that differ, the later one proven."""
    made = [
        release(project, "triplet", "beir", "flagembedding", name="everyday", min_labels=n) for n in (1, 2)
    ]
    work_on_job(start_check(made[1]).pk)
    return made
