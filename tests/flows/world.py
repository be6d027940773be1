"""A project with one of everything, every text of it chosen by the test."""

from types import SimpleNamespace

from django.utils import timezone

from annotate.models import Flag, KeyMap, Label, Rater
from annotate.references import refresh_references
from annotate.services.adjudicating import adjudicate
from annotate.services.labels import save_label
from annotate.services.opening import open_round
from annotate.services.queue import join_round, next_items
from annotate.services.rounds import create_round
from corpus.invitations import invite
from corpus.models import Candidate, Hit, Item, Job, Membership, Project, Query, Rubric, System, User
from corpus.rubrics import add_rubric
from corpus.services import create_project, freeze_all_items
from mining.counting import count_pool
from mining.models import Pool, PoolEntry
from mining.pool_settings import PoolSettings
from mining.rules import Rule
from mining.sampling import Sampling
from mining.selections import freeze_selection
from tests.flows.words import MARKDOWN, Words
from tests.flows.world_files import add_files
from tests.flows.world_judges import add_verdicts


def make_world(slug: str, words: Words, *, folder) -> SimpleNamespace:
    """Fills a new project. `words(place)` gives the text that stands at that place."""
    user = User(username=words("username"), first_name=words("full name"))
    user.set_password("a long test password")
    user.save()
    project = create_project(words("project name"), slug=slug, description=words("description"))
    project.guidelines = words("guidelines") + "\n\n" + MARKDOWN.format(words=words("guidelines link"))
    project.save()
    rubric = project.rubric
    rubric.name = words("rubric name")
    rubric.grades = [grade | {"name": words(f"grade {grade['value']} name")} for grade in rubric.grades]
    rubric.grades[1]["meaning"] = words("grade meaning")
    rubric.save()
    member = Membership.objects.create(project=project, user=user, role="annotator")
    items = _items(project, words)
    world = SimpleNamespace(project=project, user=user, member=member, item=items[0], items=items)
    world.rubric = _further_rubric(project, words)
    _labels(world, words)
    add_verdicts(world, words)
    _negatives(world, words)
    add_files(world, words, folder)
    world.invitation, _ = invite(project, role="viewer", by=user, note=words("invitation note"))
    return world


def _further_rubric(project: Project, words: Words) -> Rubric:
    rubric = add_rubric(project, template="criteria", name=words("further rubric"))
    for number, criterion in enumerate(rubric.criteria):
        criterion |= {"name": words(f"criterion {number}"), "meaning": words("criterion meaning")}
        criterion["grades"] = [grade | {"name": words("criterion grade")} for grade in criterion["grades"]]
    rubric.save()
    return rubric


def _items(project: Project, words: Words) -> list[Item]:
    query = Query.objects.create(
        project=project,
        external_id=words("query id"),
        text=words("query"),
        need=words("need"),
        metadata={words("query metadata name"): words("query metadata")},
    )
    system = System.objects.create(project=project, name=words("system"))
    items = []
    for number in range(5):
        candidate = Candidate.objects.create(
            project=project,
            external_id=f"{words('candidate id')} {number}",
            title=words("title"),
            text=words("candidate"),
            metadata={words("metadata name"): words("metadata")},
        )
        items.append(Item.objects.create(query=query, candidate=candidate))
        Hit.objects.create(system=system, query=query, candidate=candidate, rank=number, score=1.0)
    return items


def _labels(world: SimpleNamespace, words: Words) -> None:
    """Two people of a file on all but the last two items; a round in which a member has labelled one."""
    project = world.project
    for number in range(2):
        rater = Rater.objects.create(project=project, name=f"{words('rater')} {number}")
        for place, item in enumerate(world.items[:3]):
            Label.objects.create(
                item=item, rater=rater, grade=(place + number) % 3, rationale=words("imported rationale")
            )
    refresh_references(project)
    item_set = freeze_all_items(project)
    item_set.name = words("item set")
    item_set.save()
    world.item_set = item_set
    world.round = open_round(
        create_round(project, name=words("round"), item_set=item_set, overlap=2, by=world.user),
        by=world.user,
    )
    me = join_round(world.round, user=world.user)
    world.slot = next_items(me)[0].slot
    world.label = save_label(
        world.slot,
        by=me,
        grade=1,
        client_key="11111111-1111-4111-8111-111111111111",
        rationale=words("rationale"),
    )
    Flag.objects.create(slot=world.slot, rater=world.label.rater, note=words("flag"))
    KeyMap.objects.create(user=world.user, keys={"skip": words("key")})
    adjudicate(world.item, project=project, by=world.user, grade=2, note=words("decision"))
    unsure = Rater.objects.create(project=project, name=words("unsure rater"))
    for item in world.items[:3]:
        Label.objects.create(
            item=item, rater=unsure, cannot_judge=True, rationale=words("cannot-judge rationale")
        )
    project.refresh_from_db()


def _negatives(world: SimpleNamespace, words: Words) -> None:
    """A pool with a near-duplicate, and a selection of it whose negatives are to be checked."""
    project, (query, candidate) = world.project, (world.item.query, world.item.candidate)
    job = Job.objects.create(project=project, kind=Job.Kind.MINE, state=Job.State.DONE)
    world.pool = Pool.objects.create(
        project=project,
        name=words("pool"),
        settings=PoolSettings().as_json(),
        miners=[{"kind": "bm25", "name": words("miner")}, {"kind": "random", "name": "chance"}],
        item_set=world.item_set,
        job=job,
        created_by=world.user,
    )
    for place, item in enumerate(world.items):
        PoolEntry.objects.create(
            pool=world.pool,
            query=query,
            candidate=item.candidate,
            item=None if place == 4 else item,
            kind=("positive", "pooled", "pooled", "pooled", "duplicate")[place],
            miner=0,
            rank=place + 1,
            like=candidate if place == 4 else None,
            likeness=0.9 if place == 4 else None,
        )
    world.pool.counts = count_pool(world.pool, n_queries=1)
    world.pool.frozen_at = timezone.now()
    world.pool.save()
    world.selection = freeze_selection(
        world.pool, name=words("selection"), run=world.run, rule=Rule(), sampling=Sampling(), by=world.user
    )
