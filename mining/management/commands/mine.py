import json
import shlex
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from corpus import jobs
from corpus.how_many import how_many
from corpus.models import ItemSet, Job, Project
from judges.following import has_worker, work_here
from judges.models import Judge, Run
from judges.services import RunRefused, done_run, resume_run, start_run, unfinished_run
from mining.cascade import draw_check, send_to_judge, send_to_people
from mining.choices import choose, count, vectors_for
from mining.describing import (
    checked_sentence,
    pool_figures,
    pool_sentence,
    run_figures,
    say_states,
    selection_figures,
    selection_sentence,
)
from mining.management.options import add_acts, read_rule, read_sampling, read_settings
from mining.models import Pool, Selection
from mining.pool_settings import PoolRefused
from mining.pooling import run_pool
from mining.pools import prepare_pool
from mining.reading import read_pairs
from mining.rules import Margin, Rule, RuleRefused, rule_of
from mining.sampling import Sampling, SamplingRefused
from mining.selections import SelectionRefused, freeze_selection, runs_by_pool, runs_over, second_runs_over

REFUSALS = (PoolRefused, RuleRefused, SamplingRefused, SelectionRefused, RunRefused)


class Command(BaseCommand):
    help = (
        "Hard negatives: pool candidates, judge them, choose negatives by a rule, let others check.\n"
        "  mine P pool --name N     what miners find for each query\n"
        "  mine P judge POOL        a judge over the pool and its positives\n"
        "  mine P select POOL       states by a rule, negatives by a sampling; --name freezes them\n"
        "  mine P second|people|check SELECTION   flagged ones to a judge or to people; a checked sample\n"
        "  mine P show              all pools and selections"
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs) -> CommandParser:
        from argparse import RawDescriptionHelpFormatter

        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project")
        acts = parser.add_subparsers(dest="act", required=True)
        add_acts(acts)

    def handle(self, *, project: str, act: str, as_json: bool, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        if found.archived_at and act != "show":
            raise CommandError(f"The project “{project}” is archived: nothing changes in it.")
        try:
            figures, sentence = getattr(self, f"do_{act}")(found, **options)
        except REFUSALS as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(json.dumps(figures) if as_json else sentence)

    def do_pool(self, project: Project, *, name: str, **options) -> tuple[Any, str]:
        pool = project.pools.filter(name=name).select_related("job").first()
        if pool is None:
            pool = prepare_pool(project, name=name, settings=read_settings(project, **options), here=True)
        elif pool.frozen_at:
            raise CommandError(f"The pool “{name}” is made already; choose another name.")
        elif pool.job.state in (Job.State.FAILED, Job.State.CANCELLED):
            jobs.retry(pool.job)
        ended = _work(pool)
        pool = Pool.objects.select_related("job", "item_set").filter(pk=pool.pk).first()
        if pool is None:
            raise CommandError(f"The pool “{name}” was deleted while it was being made.")
        if ended is None:
            raise CommandError(f"A worker is making “{name}” already.")
        if ended.state != Job.State.DONE:
            raise CommandError(ended.error or "The pool was cancelled; the same command goes on with it.")
        return pool_figures(pool), (
            f"{pool_sentence(pool)}."
            f" Judge it with: mine {project.slug} judge {shlex.quote(pool.name)} --judge NAME"
        )

    def do_judge(
        self, project: Project, *, pool: str, judge: str, again: bool, **_options
    ) -> tuple[Any, str]:
        found, chosen = _pool(project, pool), _judge(project, judge)
        return self._go_on(
            chosen, found.item_set, lambda: start_run(chosen, item_set=found.item_set), again=again
        )

    def do_select(
        self, project: Project, *, pool: str, name: str | None, dry: bool, **options
    ) -> tuple[Any, str]:
        found = _pool(project, pool)
        rule, sampling = read_rule(**options), read_sampling(**options)
        run = _run(found, options["judge"], options["run"])
        second = _run(found, options["second"], None, of="second") if options["second"] else None
        second_rule = rule
        if second and (options["second_margin"] or options["second_amount"] is not None):
            margin = Margin(options["second_margin"] or rule.margin)
            amount = rule.amount if options["second_amount"] is None else options["second_amount"]
            second_rule = rule_of(rule._replace(margin=margin, amount=amount).as_json())
        if dry or name is None:
            counts, said = _preview(found, run, rule, sampling, second=second, second_rule=second_rule)
            return counts, said if name else f"{said} Nothing is stored without --name."
        selection = freeze_selection(
            found,
            name=name,
            run=run,
            rule=rule,
            sampling=sampling,
            second_run=second,
            second_rule=second_rule,
        )
        return selection_figures(selection), selection_sentence(selection)

    def do_second(
        self, project: Project, *, selection: str, judge: str, again: bool, **_options
    ) -> tuple[Any, str]:
        found, chosen = _selection(project, selection), _judge(project, judge)
        return self._go_on(chosen, found.flagged_set, lambda: send_to_judge(found, chosen), again=again)

    def do_people(self, project: Project, *, selection: str, overlap: int, **_options) -> tuple[Any, str]:
        return _drafted(send_to_people(_selection(project, selection), overlap=overlap))

    def do_check(
        self, project: Project, *, selection: str, n: int, seed: int, everything: bool, **_options
    ) -> tuple[Any, str]:
        return _drafted(draw_check(_selection(project, selection), n=n, seed=seed, everything=everything))

    def do_show(self, project: Project, **_options) -> tuple[Any, str]:
        pools = list(project.pools.select_related("job", "item_set"))
        selections = list(_selections(project))
        runs = runs_by_pool(project)
        figures = {each.pk: selection_figures(each) for each in selections}
        lines = []
        for pool in pools:
            lines.append(pool_sentence(pool))
            for run in runs.get(pool.pk, []):
                lines.append(f"  {run} of “{run.judge.name}”: {run.job.get_state_display().lower()}")
            for selection in (each for each in selections if each.pool_id == pool.pk):
                lines.append(f"  {selection_sentence(selection)}")
                if checked := figures[selection.pk]["checked"]:
                    lines.append(f"    {checked_sentence(checked)}")
        told = [
            pool_figures(pool) | {"runs": [run_figures(run) for run in runs.get(pool.pk, [])]}
            for pool in pools
        ]
        said = "\n".join(lines) or "No pool yet; see `mine PROJECT pool --help`."
        return {"pools": told, "selections": list(figures.values())}, said

    def _go_on(
        self, judge: Judge, item_set: ItemSet | None, start: Callable[[], Run], *, again: bool
    ) -> tuple[Any, str]:
        """Go on with the judge's run over the set, or start one where none is done or another is wanted."""
        run = unfinished_run(judge, item_set=item_set) if item_set else None
        if run is None and not again and (done := done_run(judge, item_set=item_set)):
            facts, said = _told(done)
            return facts, f"{said[:-1]} already. Give --again for another run."
        return self._follow(run or start())

    def _follow(self, run: Run) -> tuple[Any, str]:
        """See the run through here where no worker takes it."""
        if run.job.state == Job.State.PAUSED:
            resume_run(run)
        if not has_worker(run):
            work_here(run, console=Console(stderr=True))
        run = Run.objects.select_related("job", "judge", "item_set").get(pk=run.pk)
        if run.job.state in (Job.State.FAILED, Job.State.CANCELLED):
            raise CommandError(run.job.error or f"{run} was cancelled.")
        return _told(run)


def _told(run: Run) -> tuple[Any, str]:
    facts = {"run": run.pk, "state": run.job.state, "n_items": run.n_items, "item_set": run.item_set.name}
    return facts, f"{run} of “{run.judge}” over {how_many(run.n_items, 'item')} is {run.job.state}."


def _preview(pool: Pool, run: Run, rule: Rule, sampling: Sampling, *, second, second_rule) -> tuple[Any, str]:
    found = read_pairs(pool, run, second=second)
    chosen = choose(found, rule, sampling, second=second_rule, vectors=vectors_for(pool, found))
    counts = count(found, chosen, k=sampling.k)
    picked = how_many(counts["n_picked"], "negative")
    return counts, f"{say_states(counts['states'])}; {picked} would be picked."


def _work(pool: Pool) -> Job | None:
    """Make the pool in this process; an interruption leaves it cancelled, to go on with later."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("Pooling", total=None)

        def show(job: Job) -> None:
            bar.update(task, description=job.note or "Pooling", completed=job.n_done, total=job.n_total)

        try:
            return run_pool(pool.job_id, on_update=show)
        except KeyboardInterrupt:
            jobs.cancel(pool.job)
            raise CommandError(
                "Stopped. What was found is kept; the same command goes on with it.", returncode=130
            ) from None


def _pool(project: Project, name: str) -> Pool:
    pool = project.pools.filter(name=name).select_related("item_set", "job", "project").first()
    if pool is None:
        raise CommandError(f"Project “{project.slug}” has no pool “{name}”; see `mine {project.slug} show`.")
    if pool.frozen_at is None:
        raise CommandError(
            f"The pool “{name}” is not made yet: it is {pool.job.get_state_display().lower()}."
        )
    return pool


def _judge(project: Project, name: str) -> Judge:
    judge = project.judges.newest(name)
    if judge is None:
        raise CommandError(f"Project “{project.slug}” has no judge “{name}” that can be run.")
    return judge


def _run(pool: Pool, judge: str | None, number: int | None, *, of: str = "pool") -> Run:
    """The newest run over the pool, of this judge or this number; of a second judge over flagged ones too."""
    runs = [*second_runs_over(pool), *runs_over(pool)] if of == "second" else runs_over(pool)
    if number is not None:
        runs = [run for run in runs if run.pk == number]
    if judge is not None:
        runs = [run for run in runs if run.judge.name == judge]
    if not runs:
        whose = f" of “{judge}”" if judge else ""
        raise CommandError(f"There is no run{whose} over the pool “{pool}”: start one with `mine … judge`.")
    return runs[0]


def _selections(project: Project):
    return Selection.objects.filter(pool__project=project).select_related(
        "pool__project", "run__judge__prompt", "check_set", "flagged_set"
    )


def _selection(project: Project, name: str) -> Selection:
    selection = _selections(project).filter(name=name).first()
    if selection is None:
        raise CommandError(f"Project “{project.slug}” has no selection “{name}”.")
    return selection


def _drafted(round) -> tuple[Any, str]:
    facts = {"round": round.pk, "name": round.name, "n_items": round.item_set.n_items}
    items = how_many(round.item_set.n_items, "item")
    return facts, f"“{round}” is a draft with {items}; open it in the browser."
