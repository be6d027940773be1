import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from corpus.models import Job, Project
from corpus.services import freeze_all_items
from judges.describing import judge_figures, outcome_sentence, run_figures
from judges.following import has_worker, watch, work_here
from judges.models import Engine, Judge, Run
from judges.scoring import SCORINGS
from judges.scoring.jury import RULES
from judges.services import (
    JudgeRefused,
    RunRefused,
    create_judge,
    create_jury,
    find_prompt,
    resume_run,
    start_run,
    unfinished_run,
)
from judges.services.prompts import prompts_for
from judges.settings_lines import LineRefused, read_pairs

USAGE = """
  judge PROJECT --judge NAME [--item-set NAME] [--wait] [--json]
  judge add PROJECT NAME --engine E --prompt P --scoring S [--scale NAME] [--option name=value …] [--json]
  judge add PROJECT NAME --member JUDGE --member JUDGE [--rule RULE] [--json]"""


class Command(BaseCommand):
    help = "Run a judge over a project's items, or (“judge add”) make a judge."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs) -> CommandParser:
        return super().create_parser(prog_name, subcommand, usage=USAGE, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name, or the word add")
        parser.add_argument("added", nargs="*", metavar="PROJECT NAME", help="after add: project and judge")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON on stdout")
        running = parser.add_argument_group("running a judge")
        running.add_argument("--judge", help="the judge's name; its newest version is run")
        running.add_argument("--item-set", help="name of an item set (default: all items)")
        running.add_argument("--wait", action="store_true", help="follow the run until it has ended")
        making = parser.add_argument_group("judge add")
        making.add_argument("--engine", help="name of an engine")
        making.add_argument("--prompt", help="name of a prompt")
        making.add_argument("--scoring", choices=list(SCORINGS))
        making.add_argument(
            "--member", action="append", default=[], help="of a jury: a judge's name; again for each member"
        )
        making.add_argument("--rule", choices=RULES, help="of a jury (default: majority)")
        making.add_argument("--scale", help="name of a further scale (default: the project's own)")
        making.add_argument("--option", action="append", default=[], metavar="name=value")

    def handle(self, *, project: str, added: list[str], **options) -> None:
        if project == "add":
            if len(added) != 2:
                raise CommandError("Say “judge add PROJECT NAME”.")
            self.add(_find_project(added[0]), name=added[1], **options)
        elif added:
            raise CommandError(f"One project at a time; “{' '.join(added)}” is too much.")
        else:
            self.run(_find_project(project), **options)

    def add(self, project: Project, *, name: str, as_json: bool, **options) -> None:
        if options["member"]:
            self.add_jury(project, name=name, as_json=as_json, **options)
            return
        for needed in ("engine", "prompt", "scoring"):
            if not options[needed]:
                raise CommandError(f"judge add needs --{needed}.")
        engine = Engine.objects.filter(name=options["engine"]).first()
        if engine is None:
            raise CommandError(f"There is no engine called “{options['engine']}”; see `engine list`.")
        prompt = find_prompt(project, options["prompt"])
        if prompt is None:
            known = ", ".join(each.name for each in prompts_for(project))
            raise CommandError(f"There is no prompt called “{options['prompt']}”; there are {known}.")
        rubric = project.rubrics.filter(name=options["scale"]).first() if options["scale"] else None
        if options["scale"] and rubric is None:
            known = ", ".join(project.rubrics.order_by("pk").values_list("name", flat=True))
            raise CommandError(f"There is no scale called “{options['scale']}”; there are {known}.")
        try:
            judge = create_judge(
                project,
                name=name,
                rubric=rubric,
                engine=engine,
                prompt=prompt,
                scoring=options["scoring"],
                options=read_pairs(options["option"]),
            )
        except (JudgeRefused, LineRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        if as_json:
            self.stdout.write(json.dumps(judge_figures(judge)))
        else:
            self.stdout.write(f"The judge “{judge}”, version {judge.version}, is ready.")

    def add_jury(
        self, project: Project, *, name: str, as_json: bool, member: list[str], rule: str | None, **_options
    ) -> None:
        found = {each: project.judges.filter(name=each).order_by("-version").first() for each in member}
        if unknown := [each for each, judge in found.items() if judge is None]:
            raise CommandError(f"There is no judge called {', '.join(unknown)} in this project.")
        try:
            jury = create_jury(project, name=name, members=list(found.values()), rule=rule or "majority")
        except JudgeRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        said = (
            json.dumps(judge_figures(jury))
            if as_json
            else f"The jury “{jury}”, version {jury.version}, is ready."
        )
        self.stdout.write(said)

    def run(
        self,
        project: Project,
        *,
        judge: str | None,
        item_set: str | None,
        wait: bool,
        as_json: bool,
        **_options,
    ) -> None:
        console = Console(stderr=True)
        if not judge:
            raise CommandError("Say which judge: --judge NAME.")
        run = self._take_up(_find_judge(project, judge), item_set=item_set, console=console)
        if not has_worker(run):
            work_here(run, console=console)
        elif wait:
            watch(run, console=console)
        run = Run.objects.select_related("job", "judge__project", "judge__prompt", "item_set").get(pk=run.pk)
        if as_json:
            self.stdout.write(json.dumps(run_figures(run)))
        else:
            self.stdout.write(f"{run} of “{run.judge}” is {run.job.state}: {outcome_sentence(run)}.")
        if run.job.state in (Job.State.FAILED, Job.State.CANCELLED):
            raise CommandError(run.job.error or f"{run} was cancelled.")

    def _take_up(self, judge: Judge, *, item_set: str | None, console: Console) -> Run:
        """The run of this judge over this set that is under way, else a new one."""
        chosen = (
            judge.project.item_sets.filter(name=item_set).first()
            if item_set
            else freeze_all_items(judge.project)
        )
        if chosen is None:
            raise CommandError(f"This project has no item set called “{item_set}”.")
        run = unfinished_run(judge, item_set=chosen)
        if run is None:
            try:
                return start_run(judge, item_set=chosen)
            except RunRefused as refusal:
                raise CommandError(str(refusal)) from refusal
        console.print(f"{run} of this judge over “{chosen}” is under way already; going on with it.")
        if run.job.state == Job.State.PAUSED:
            resume_run(run)
        return run


def _find_project(slug: str) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        raise CommandError(f"There is no project “{slug}”.")
    if project.archived_at:
        raise CommandError(f"The project “{slug}” is archived: nothing changes in it.")
    return project


def _find_judge(project: Project, name: str) -> Judge:
    judge = project.judges.newest(name)
    if judge is None:
        raise CommandError(
            f"Project “{project.slug}” has no judge “{name}” that can be run; see `judge add`."
        )
    return judge
