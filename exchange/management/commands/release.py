import json
import shutil
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus.how_many import how_many
from corpus.models import Job, Project
from exchange.datasets.plan import SOURCES, CannotRelease, Plan
from exchange.datasets.writers.formats import FORMATS
from exchange.management.judges import find_judge
from exchange.management.progress import cancelled_by_keyboard, progress_bar
from exchange.models import Release
from exchange.releases.comparing import compare
from exchange.releases.making import prepare_release, run_release
from exchange.releases.rebuilding import rebuild

EXAMPLES = f"""
formats: {", ".join(FORMATS)}; the long table itself is always there, as Parquet
"""


class Command(BaseCommand):
    help = (
        "Freeze a project's grades as a dataset: training and evaluation files with a card and checksums."
        " A release can be made again byte for byte (--rebuild) and compared with another (--compare)."
    )
    requires_system_checks = []  # they load every page; `make check` runs them

    def create_parser(self, *args, **kwargs) -> CommandParser:
        return super().create_parser(*args, **kwargs, epilog=EXAMPLES)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project")
        parser.add_argument("release", nargs="?", default="", help="a release that is there: NAME or NAME@2")
        parser.add_argument("--rebuild", action="store_true", help="make its files again and compare them")
        parser.add_argument("--compare", metavar="OTHER", help="what changed from OTHER to it")
        parser.add_argument("--name", default="", help="make a release of this name")
        parser.add_argument(
            "--format", nargs="+", action="extend", default=[], metavar="FORMAT", choices=list(FORMATS)
        )
        parser.add_argument("--source", default="references", help="references, judge, both, selection:NAME")
        parser.add_argument("--judge", default="", help="whose verdicts, or scores beside the references")
        parser.add_argument("--prompt", default="", help="which of the judge's prompts")
        parser.add_argument("--pair-judge", default="", help="the judge that compares candidates")
        parser.add_argument("--criteria-judge", default="", help="the judge that grades several criteria")
        parser.add_argument("--item-set", default="", help="only the items of this set")
        parser.add_argument("--min-labels", type=int, default=1, help="labels a reference rests on")
        parser.add_argument("--with-unjudged", action="store_true", help="keep unjudged candidates as such")
        parser.add_argument("--with-reasons", action="store_true", help="keep people's and judges' reasons")
        parser.add_argument("--train", type=int, default=80, help="percent of the queries")
        parser.add_argument("--dev", type=int, default=10, help="percent of the queries")
        parser.add_argument("--seed", type=int, default=0, help="draws the splits")
        parser.add_argument("--negatives", type=int, default=4, help="at most, for each query")
        parser.add_argument("--licence", default="", help="the licence in words, for the card")
        parser.add_argument("--out", type=Path, help="copy the files into this folder too")
        parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")

    def handle(self, *, project: str, release: str, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        out = options["out"]
        if out and (
            out.is_file() or (out.is_dir() and any(out.iterdir())) or not out.absolute().parent.is_dir()
        ):
            raise CommandError(f"--out {out}: name a folder that is new or empty, in one that exists.")
        try:
            if options["rebuild"] or options["compare"]:
                known = self._known(found, release)
                return (
                    self._rebuild(known, **options) if options["rebuild"] else self._compare(known, **options)
                )
            if release:
                raise CommandError(
                    "Say what to do with that release: --rebuild or --compare; --name makes one."
                )
            return self._make(found, **options)
        except CannotRelease as problem:
            raise CommandError(str(problem)) from problem

    def _make(self, project: Project, **options) -> None:
        made = prepare_release(
            project, name=options["name"], plan=_plan(project, **options), licence=options["licence"]
        )
        with cancelled_by_keyboard(made.job), progress_bar("Making the release") as show:
            ended = run_release(made.job_id, on_update=show)
        if ended is None:
            raise CommandError("Another worker took this release over.")
        made.refresh_from_db()
        done = ended.state == Job.State.DONE
        if done and options["out"]:
            shutil.copytree(made.folder, options["out"], dirs_exist_ok=True)
        if options["json"]:
            about = {"release": made.name, "version": made.version, "job": ended.pk, "state": ended.state}
            folder = {"folder": str(options["out"] or made.folder) if done else ""}
            self.stdout.write(
                json.dumps(about | {"error": ended.error} | folder | ended.result | {"files": made.files})
            )
        if not done:
            raise CommandError(ended.error or "The release was cancelled; nothing was kept.")
        if not options["json"]:
            result = ended.result
            size = how_many(result["n_bytes"], "byte")
            self.stdout.write(
                f"{made.typed}: {how_many(result['n_rows'], 'row')}, {how_many(result['n_files'], 'file')},"
                f" {size} in {options['out'] or made.folder} ({result['seconds']} s)."
            )
            written = {file["format"] for file in made.files}
            empty = [name for name in dict.fromkeys(options["format"]) if name not in written]
            if empty:
                self.stdout.write(f"No row fits {', '.join(empty)}: README.md says why, under “Left out”.")

    def _rebuild(self, release: Release, **options) -> None:
        with tempfile.TemporaryDirectory(prefix="concord-rebuild-") as temporary:
            folder = options["out"] or Path(temporary)
            folder.mkdir(exist_ok=True)
            checks = rebuild(release, folder)
        different = [check for check in checks if not check.is_same]
        if options["json"]:
            told = [check._asdict() | {"is_same": check.is_same} for check in checks]
            self.stdout.write(json.dumps({"release": release.typed, "same": not different, "files": told}))
        else:
            for check in checks:
                note = f" ({check.note})" if check.note else ""
                state = "same     " if check.is_same else "DIFFERENT" if check.found else "MISSING  "
                self.stdout.write(f"{state} {check.found or check.expected} {check.path}{note}")
        if different:
            files = how_many(len(checks), "file")
            raise CommandError(f"{len(different)} of {files} did not come out as before.")

    def _compare(self, release: Release, **options) -> None:
        other = self._known(release.project, options["compare"])
        changes = compare(other, release)
        if options["json"]:
            self.stdout.write(json.dumps(changes.as_json()))
            return
        self.stdout.write(f"From {other.typed} to {release.typed}: {changes.in_words}.")
        for query in changes.queries:
            self.stdout.write(f"  {query.query_id}: {query.in_words}")
        if changes.n_queries > len(changes.queries):
            more = changes.n_queries - len(changes.queries)
            self.stdout.write(f"  and {how_many(more, 'more query', 'more queries')}")
        for choice in changes.choices:
            self.stdout.write(f"Chosen otherwise: {choice.in_words}")
        for words, paths in changes.files.by_kind:
            for path in paths:
                self.stdout.write(f"This file {words}: {path}")
        if not changes.files.n:
            self.stdout.write("All files but the card and the manifest are the same.")

    def _known(self, project: Project, name: str) -> Release:
        release = project.releases.made().named(name)
        if release is None:
            names = ", ".join(
                f"“{each}”" for each in project.releases.made().values_list("name", flat=True)[:10]
            )
            raise CommandError(
                f"There is no finished release “{name}”{f'; there are {names}' if names else ''}."
            )
        return release


def _plan(project: Project, **options) -> Plan:
    source, _, selection = options["source"].partition(":")
    if source not in SOURCES:
        raise CommandError(f"--source is one of {', '.join(SOURCES)} (as selection:NAME).")
    item_set = project.item_sets.filter(name=options["item_set"]).first()
    if options["item_set"] and item_set is None:
        raise CommandError(f"Project “{project.slug}” has no item set “{options['item_set']}”.")
    judges = {
        field: find_judge(project, options[field], options["prompt"] if field == "judge" else "").pk
        for field in ("judge", "pair_judge", "criteria_judge")
        if options[field]
    }
    same = ("min_labels", "with_unjudged", "with_reasons", "train", "dev", "seed", "negatives")
    return Plan(
        source=source,
        formats=tuple(dict.fromkeys(options["format"])),
        selection=selection,
        item_set=item_set.pk if item_set else None,
        **judges,
        **{name: options[name] for name in same},
    )
