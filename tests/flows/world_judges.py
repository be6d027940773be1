"""What judges made in a world: an engine, prompts, judges, runs, verdicts, an experiment, a schedule."""

from types import SimpleNamespace

from django.utils import timezone

from corpus.models import Job, Project
from judges.models import Condition, Engine, Experiment, Judge, Prompt, Run, Verdict, Wording
from judges.services.schedules import create_schedule
from tests.flows.words import Words


def add_verdicts(world: SimpleNamespace, words: Words) -> None:
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
