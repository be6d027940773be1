"""A project with one of everything, every text of it chosen by the test; and URLs that name its parts."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace

from django.test import Client
from django.urls import get_resolver, reverse
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
from exchange.datasets.plan import Plan
from exchange.importing.bad_rows import BadRows
from exchange.importing.importer import bad_rows_path
from exchange.importing.preparing import prepare_import
from exchange.models import Release
from exchange.releases.agreement import FIGURES
from judges.models import Condition, Engine, Experiment, Judge, Prompt, Run, Verdict, Wording
from judges.services.schedules import create_schedule
from mining.counting import count_pool
from mining.models import Pool, PoolEntry
from mining.pool_settings import PoolSettings
from mining.rules import Rule
from mining.sampling import Sampling
from mining.selections import freeze_selection

Words = Callable[[str], str]

# What stands in the path before an object's number says what it is.
BEFORE_NUMBER = {
    "adjudicate": "item",
    "items": "item",
    "rounds": "round",
    "judges": "judge",
    "prompts": "prompt",
    "tried": "tried",
    "schedules": "schedule",
    "agreement": "judge",
    "compliance": "experiment",
    "experiments": "experiment",
    "runs": "run",
    "jobs": "job",
    "imports": "import_done",
    "exports": "export",
    "releases": "release",
    "members": "member",
    "invitations": "invitation",
    "engines": "engine",
    "users": "user",
    "rubric": "rubric",
    "negatives": "pool",
    "selections": "selection",
}
MARKDOWN = "[{words}](javascript:a()) ![](x) <img src=x onerror=a()> [b](data:text/html,a) <javascript:a()>"
WORDS_IN_PATHS = {"token": "none", "wording": "compliance-suffix", "path": "README.md"}


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
    _verdicts(world, words)
    _negatives(world, words)
    _files(world, words, folder)
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


def _verdicts(world: SimpleNamespace, words: Words) -> None:
    project = world.project
    world.engine = Engine.objects.create(
        name=words("engine")[:100],
        kind="openai",
        url="http://127.0.0.1:9/v1",
        model=words("model"),
        settings={words("engine setting"): words("engine setting value")},
        last_probe=[
            {
                "name": words("check"),
                "passed": False,
                "detail": words("check detail"),
                "remedy": words("remedy"),
            }
        ],
        created_by=world.user,
    )
    world.engine.api_key = "sk-never-shown-to-anybody"
    world.engine.save()
    world.prompt = Prompt.objects.create(
        project=project,
        name=words("prompt"),
        source=words("prompt source"),
        scoring="grade",
        messages=[{"role": "user", "content": words("prompt message")}],
    )
    condition = Condition.objects.create(project=project, name=words("condition"))
    _wordings(project, words)
    made = {"project": project, "rubric": project.rubric, "prompt": world.prompt, "created_by": world.user}
    world.judge = Judge.objects.create(
        name=words("judge"),
        engine=world.engine,
        model=words("judge model"),
        scoring="grade",
        options={words("option"): words("option value")},
        **made,
    )
    imported = Judge.objects.create(name=words("imported judge"), **made)
    for judge, named in ((world.judge, None), (imported, condition)):
        job = Job.objects.create(
            project=project,
            kind=Job.Kind.JUDGE,
            state=Job.State.DONE,
            note=words("job note"),
            error=words("job error"),
            created_by=world.user,
        )
        world.run = Run.objects.create(
            judge=judge,
            job=job,
            item_set=world.item_set,
            condition=named,
            n_items=5,
            n_graded=3,
            n_unreadable=1,
            n_failed=1,
        )
        for place, item in enumerate(world.items[:3]):
            Verdict.objects.create(
                run=world.run,
                item=item,
                outcome="graded",
                grade=place % 3,
                score=float(place),
                raw=words("raw reply"),
                probs=[0.1, 0.2, 0.3, 0.4],
                label_mass=1.0,
            )
        for item, outcome in zip(world.items[3:], ("unreadable", "error"), strict=True):
            Verdict.objects.create(
                run=world.run, item=item, outcome=outcome, raw=words("raw reply"), reason=words("reason")
            )
    world.run = Run.objects.get(judge=world.judge)
    world.job = world.run.job
    _experiment(world, words, judge=imported)
    check = {"name": words("run check"), "passed": False, "detail": words("run check detail"), "remedy": "-"}
    Run.objects.filter(pk=world.run.pk).update(probe=[check], probed_at=timezone.now())
    _workshop(world, words)


def _experiment(world: SimpleNamespace, words: Words, *, judge: Judge) -> None:
    """A compliance experiment with two cells complete, on the items that people have graded."""
    world.experiment_judge = judge
    world.experiment = Experiment.objects.create(
        project=world.project,
        name=words("experiment"),
        kind=Experiment.Kind.COMPLIANCE,
        item_set=world.item_set,
        created_by=world.user,
    )
    for cell in ("N0", "N1"):
        condition = Condition.objects.create(
            project=world.project, name=f"{words('condition of a cell')} {cell}", cell=cell
        )
        job = Job.objects.create(project=world.project, kind=Job.Kind.JUDGE, state=Job.State.DONE)
        run = Run.objects.create(
            judge=judge, job=job, condition=condition, experiment=world.experiment, item_set=world.item_set
        )
        for place, item in enumerate(world.items[:3]):
            Verdict.objects.create(
                run=run, item=item, outcome="graded", grade=place, raw=words("raw reply under pressure")
            )


def _wordings(project: Project, words: Words) -> None:
    """Two versions of the project's own text of a wording, and a condition that holds the newer one."""
    texts = [f"{words('wording')} 1", f"{words('wording')} 2"]
    for version, text in enumerate(texts, start=2):
        Wording.objects.create(project=project, name="compliance-suffix", version=version, text=text)
    part = {"name": "compliance-suffix", "version": 3, "kind": "suffix", "place": "after", "text": texts[1]}
    content = {"parts": [part], "may_abstain": True, "neutralises": True, "mark": ""}
    Condition.objects.create(project=project, name=words("condition with a wording"), content=content)


def _workshop(world: SimpleNamespace, words: Words) -> None:
    """An older version of the prompt, a try of a draft that is done, and a schedule."""
    Prompt.objects.filter(pk=world.prompt.pk).update(version=2)
    Prompt.objects.create(
        project=world.project,
        name=world.prompt.name,
        version=1,
        scoring="grade",
        messages=[{"role": "user", "content": words("prompt message of another version")}],
    )
    row = {
        "item": world.item.pk, "query": words("tried query"), "candidate": words("tried candidate"),
        "outcome": "graded", "grade": 1, "marks": None, "score": 0.5, "label_mass": 1.0, "reference": 1,
        "probs": {words("tried label"): 1.0}, "reason": words("tried reason"), "raw": words("tried reply"),
    }  # fmt: skip
    world.tried = Job.objects.create(
        project=world.project,
        kind=Job.Kind.TRY,
        state=Job.State.DONE,
        result={
            "rows": [row], "n": 1, "n_graded": 1, "n_compared": 1, "n_equal": 1, "kappa_quadratic": None,
            "label_mass": 1.0, "tokens_in": 1, "tokens_out": 1, "dollars": 0, "seconds": 1,
        },
        created_by=world.user,
    )  # fmt: skip
    world.schedule = create_schedule(world.judge, scope="new", every_minutes=60, by=world.user)
    world.schedule.last_at, world.schedule.last_note = timezone.now(), words("schedule note")
    world.schedule.save()


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


def _files(world: SimpleNamespace, words: Words, folder) -> None:
    """A draft import, one that ended with bad rows, and an export that is done."""
    project, name = world.project, words("file name")
    columns = ["query_id", "query", "candidate_id", "candidate", "human_grade", words("column")]
    quoted = [each.replace('"', '""') for each in columns]
    rows = [quoted, [words("cell").replace('"', '""')] * 6, ["q", "", "", "", "9", ""]]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{project.slug}.csv"
    path.write_text("".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows))
    choices = {"filename": name, "by": world.user, "rater": words("chosen rater")}
    world.import_draft = prepare_import(project, path, **choices)
    world.import_done = prepare_import(project, path, kind="pairs", **choices)
    bad = BadRows(bad_rows_path(world.import_done), columns={})
    bad.add(2, words("bad column"), words("bad reason"))
    bad.close()
    result = {"kind": "pairs", "n_rows": 2, "n_bad": 1, "bad_rows": bad.as_result(), "stored": False}
    Job.objects.filter(pk=world.import_done.pk).update(
        state=Job.State.FAILED, error=words("import error"), result=result
    )
    world.export = Job.objects.create(
        project=project,
        kind=Job.Kind.EXPORT,
        state=Job.State.DONE,
        params={"what": "both", "file_format": "qrels", "judge": world.judge.pk, "out": ""},
        result={"filename": words("export file name"), "n_rows": 1, "n_bytes": 1, "seconds": 1.0},
        created_by=world.user,
    )
    _release(world, words)


def _release(world: SimpleNamespace, words: Words) -> None:
    """A release that is made, without the files."""
    project = world.project
    made = {"project": project, "kind": Job.Kind.RELEASE, "state": Job.State.DONE}
    job = Job.objects.create(**made, created_by=world.user)
    figures = {name: [0.5, 0.4, 0.6] for name in FIGURES}
    judge = {
        "used_for": "verdicts and scores", "name": words("released judge"), "version": 1, "options": {},
        "model": words("released model"), "scoring": "-", "prompt": words("released prompt"),
        "prompt_hash": words("released hash"), "scores": "score", "runs": [[1, None]],
    }  # fmt: skip
    world.release = Release.objects.create(
        project=project,
        name=words("release")[:100],
        job=job,
        plan=Plan(source="both", judge=world.judge.pk, formats=("triplet",)).as_json(),
        licence=words("licence") + "\n\n" + MARKDOWN.format(words=words("licence link")),
        facts={
            "project": {"slug": project.slug, "name": words("released project")},
            "rubric": {"name": words("released rubric"), "grades": project.rubric.grades, "cut": 2},
            "reference_rule": words("released rule"),
            "guidelines": {"current": 1, "of_labels": [[1, 2]]},
            "item_set": words("released set"),
            "criteria": "",
            "judges": [judge],
            "keeps_test": False,
            "choices": {"negatives": 4, "margin": "score", "tag": "t", "seed": 0},
            "editions": {"triplet": 1},
            "agreement": {"people": None, "judge": {"n": 1, "n_graded": 1, "n_queries": 1} | figures},
            "tally": {"queries": {"train": 1}, "rows": [["train", "positive", "people", 1]]},
            "missed": {"triplet": {words("released reason"): 1}},
        },
        files=[{"path": "README.md", "format": "papers", "n_rows": 1, "n_bytes": 1, "sha256": "0" * 64}],
        made_at=timezone.now(),
        made_by=world.user,
    )


def address(name: str, arguments: list[str], world: SimpleNamespace, *, slug: str = "") -> str:
    """The URL of this name for the world's objects; under another project's slug where one is given."""
    values = dict.fromkeys(arguments, 0) | {"slug": slug or world.project.slug}
    values |= {each: word for each, word in WORDS_IN_PATHS.items() if each in arguments}
    if "pk" in arguments:
        values["pk"] = named_object(name, arguments, world).pk
    return reverse(name, kwargs={each: values[each] for each in arguments})


def named_object(name: str, arguments: list[str], world: SimpleNamespace):
    """The object that the number in this URL names."""
    if name in ("exchange:import-preview", "exchange:import-discard"):
        return world.import_draft
    blank = {each: WORDS_IN_PATHS.get(each, "x") for each in arguments} | {"pk": 0}
    parts = reverse(name, kwargs=blank).split("/")
    return getattr(world, BEFORE_NUMBER[parts[parts.index("0") - 1]])


def urls() -> dict[str, list[str]]:
    """(name, names of its arguments) of every URL of the site."""
    found: dict[str, list[str]] = {}

    def walk(resolver, namespace: str, arguments: list[str]) -> None:
        for pattern in resolver.url_patterns:
            names = arguments + list(pattern.pattern.regex.groupindex)
            if hasattr(pattern, "url_patterns"):
                walk(pattern, pattern.namespace or namespace, names)
            else:
                found[f"{namespace}:{pattern.name}" if namespace else str(pattern.name)] = names

    walk(get_resolver(), "", [])
    return found


def drain(response) -> None:
    """Read a file's response to its end, which closes the file."""
    if response.streaming:
        for _ in response.streaming_content:
            pass


def upload(client: Client, slug: str, *, name: str, content: str):
    file = BytesIO(content.encode())
    file.name = name
    return client.post(reverse("exchange:import-upload", args=[slug]), {"file": file})
