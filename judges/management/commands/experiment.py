import json

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from corpus.models import Job, Project
from judges.conditions.attacks import ATTACKS, RANDOM_WORDS
from judges.conditions.boundary import BOUNDARY_KINDS
from judges.experiments.battery_items import BatteryItems, clean_set_of, make_battery_items
from judges.experiments.compliance_items import make_compliance_items
from judges.experiments.describing import describe_plan
from judges.experiments.following import progress_of
from judges.experiments.planning import (
    ARMS,
    DEFENCES,
    plan_compliance,
    plan_robustness,
    start_experiment,
)
from judges.experiments.refusing import ExperimentRefused
from judges.following import has_worker, watch, work_here
from judges.models import Experiment, Judge

USAGE = """
  experiment compliance PROJECT NAME --judge J [--judge K …] [--answerable N] [--boundary N] [--start]
  experiment robustness PROJECT NAME --judge J [--judge K …] [--items N] [--attack A …] [--start]
  experiment start PROJECT NAME [--json]
  experiment show PROJECT NAME [--json]"""


class Command(BaseCommand):
    help = "Plan an experiment (compliance or robustness), show it, and run all of it."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs) -> CommandParser:
        return super().create_parser(prog_name, subcommand, usage=USAGE, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["compliance", "robustness", "start", "show"])
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("name", help="the experiment's name")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print JSON on stdout")
        parser.add_argument("--judge", action="append", default=[], help="a judge's name; again for each")
        parser.add_argument("--item-set", help="items of an earlier experiment, instead of new ones")
        parser.add_argument("--seed", type=int, default=1, help="draws the same items again (default: 1)")
        parser.add_argument("--cap", type=float, help="US dollars for each run")
        parser.add_argument("--start", action="store_true", help="start at once and see it through")
        compliance = parser.add_argument_group("compliance")
        compliance.add_argument("--answerable", type=int, default=200, help="items as they are (200)")
        compliance.add_argument("--boundary", type=int, default=20, help="boundary items of each kind (20)")
        compliance.add_argument(
            "--kind", action="append", choices=list(BOUNDARY_KINDS), help="(default: all)"
        )
        compliance.add_argument("--repeats", type=int, default=1)
        compliance.add_argument("--within", type=int, choices=[0, 1], default=0)
        compliance.add_argument("--arm", action="append", choices=ARMS, default=[])
        compliance.add_argument("--ladder", action="store_true", help="five suffixes of rising force")
        robustness = parser.add_argument_group("robustness")
        robustness.add_argument("--items", type=int, default=50, help="items of each carrier (50)")
        robustness.add_argument("--attack", action="append", choices=list(ATTACKS), help="(default: all)")
        robustness.add_argument("--words", action="append", type=int, choices=RANDOM_WORDS, help="(100)")
        robustness.add_argument("--defence", action="append", choices=DEFENCES, default=[])
        robustness.add_argument("--no-noise", action="store_true", help="judge clean items once only")

    def handle(self, *, action: str, project: str, name: str, as_json: bool, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        if found.archived_at and action != "show":
            raise CommandError(f"The project “{project}” is archived: nothing changes in it.")
        try:
            if action in ("compliance", "robustness"):
                plan = self.plan_compliance if action == "compliance" else self.plan_robustness
                experiment = plan(found, name, _judges(found, options["judge"]), options)
            else:
                experiment = _find(found, name)
            if action == "start" or options["start"]:
                self.see_through(experiment)
        except ExperimentRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.show(experiment, as_json=as_json)

    def plan_compliance(self, project: Project, name: str, judges: list[Judge], options: dict) -> Experiment:
        item_set = (
            _item_set(project, options["item_set"])
            or make_compliance_items(
                project,
                n_answerable=options["answerable"],
                n_each=options["boundary"],
                kinds=options["kind"] or list(BOUNDARY_KINDS),
                seed=options["seed"],
            ).item_set
        )
        return plan_compliance(
            project,
            name=name,
            judges=judges,
            item_set=item_set,
            repeats=options["repeats"],
            within=options["within"],
            arms=options["arm"],
            ladder=options["ladder"],
            cap=options["cap"],
        )

    def plan_robustness(self, project: Project, name: str, judges: list[Judge], options: dict) -> Experiment:
        chosen = _item_set(project, options["item_set"])
        made = (
            BatteryItems(chosen, clean_set_of(chosen))
            if chosen
            else make_battery_items(
                project,
                n_each=options["items"],
                attacks=options["attack"] or list(ATTACKS),
                words=options["words"] or RANDOM_WORDS[:1],
                seed=options["seed"],
            )
        )
        return plan_robustness(
            project,
            name=name,
            judges=judges,
            item_set=made.item_set,
            clean_set=None if options["no_noise"] else made.clean_set,
            defences=options["defence"],
            cap=options["cap"],
        )

    def see_through(self, experiment: Experiment) -> None:
        """Start what has not started, and follow every run to its end, here where no worker is up."""
        console = Console(stderr=True)
        if experiment.started_at is None:
            start_experiment(experiment)
        for run in progress_of(experiment).runs:
            if not run.job.is_ended:
                if has_worker(run):
                    watch(run, console=console)
                else:
                    work_here(run, console=console)
        failed = [run for run in progress_of(experiment).runs if run.job.state in (Job.State.FAILED,)]
        if failed:
            raise CommandError(f"{failed[0]} failed: {failed[0].job.error}")

    def show(self, experiment: Experiment, *, as_json: bool) -> None:
        plan, progress = describe_plan(experiment), progress_of(experiment)
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "experiment": experiment.name,
                        "kind": experiment.kind,
                        "item_set": experiment.item_set.name,
                        "n_items": experiment.item_set.n_items,
                        "judges": [judge.name for judge in plan.judges],
                        "cells": experiment.plan.get("cells", []),
                        "repeats": plan.repeats,
                        "families": plan.families,
                        "n_verdicts": plan.n_verdicts,
                        "states": progress.states,
                        "n_done": progress.n_done,
                    }
                )
            )
            return
        self.stdout.write(" ".join(filter(None, [plan.sentence, plan.power])))
        for warning in plan.warnings:
            self.stdout.write(warning)
        if not progress.n_runs:
            self.stdout.write(
                f"{plan.n_verdicts:,} verdicts in {plan.n_runs} runs. Nothing has started yet:"
                f" `experiment start {experiment.project.slug} “{experiment.name}”`."
            )
            return
        states = ", ".join(f"{n} {state}" for state, n in progress.states.items())
        self.stdout.write(
            f"{progress.n_runs} runs ({states}), {progress.n_done:,} of {progress.n_items:,} verdicts."
        )


def _judges(project: Project, names: list[str]) -> list[Judge]:
    if not names:
        raise CommandError("Say which judges: --judge NAME, once for each.")
    found = [project.judges.newest(name) for name in names]
    if missing := [name for name, judge in zip(names, found, strict=True) if judge is None]:
        raise CommandError(
            f"Project “{project.slug}” has no judge “{missing[0]}” that can be run; see `judge add`."
        )
    return [judge for judge in found if judge is not None]


def _item_set(project: Project, name: str | None):
    if not name:
        return None
    found = project.item_sets.filter(name=name).first()
    if found is None:
        raise CommandError(f"This project has no item set called “{name}”.")
    return found


def _find(project: Project, name: str) -> Experiment:
    found = project.experiments.select_related("item_set", "project").filter(name=name).first()
    if found is None:
        known = ", ".join(f"“{each}”" for each in project.experiments.values_list("name", flat=True))
        raise CommandError(f"There is no experiment “{name}” in this project; there are {known or 'none'}.")
    return found
