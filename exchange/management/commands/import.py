import json
from argparse import RawDescriptionHelpFormatter
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from rich.console import Console
from rich.table import Table
from rich.text import Text

from corpus.deleting import delete_project
from corpus.how_many import how_many
from corpus.models import Job, Project
from corpus.services import create_project
from exchange.counted import COUNTED
from exchange.formats.kinds import KINDS
from exchange.formats.rows import FileProblem
from exchange.formats.sniffed import Sniffed
from exchange.importing import run_import
from exchange.importing.importer import bad_rows_path, sniff_import
from exchange.importing.preparing import prepare_import
from exchange.management.progress import cancelled_by_keyboard, progress_bar

LONGEST_SLUG = 100
EXAMPLES = """
examples:
  import soil pairs.jsonl
  import soil verdicts.csv.gz --as verdicts
  import soil attacks.jsonl.gz --as attacks
  import soil qrels.txt --as qrels --rater "Assessor 1"
  import soil qrels.txt --as verdicts --judge gpt-4o
  import soil ratings.csv --map docid=candidate_id relevance=grade --dry-run
  import soil project-1.json --as labelstudio --map question=query Good=3 Bad=0 Unsure=cannot_judge
  import soil alice.jsonl --as doccano --rater Alice
"""


class Command(BaseCommand):
    help = (
        "Import a file into a project: pairs, attacked candidates, verdicts made elsewhere, people's labels,"
        " TREC qrels, topics, collection or run files, Concord's own export, or what Label Studio, Argilla,"
        " doccano and Quepid export. All rows go in, or none."
    )
    requires_system_checks = []  # they load every page; `make check` runs them

    def create_parser(self, *args, **kwargs) -> CommandParser:
        return super().create_parser(
            *args, **kwargs, epilog=EXAMPLES, formatter_class=RawDescriptionHelpFormatter
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name; made when missing")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--as", dest="kind", choices=list(KINDS), default="", help="what the rows are (else guessed)"
        )
        parser.add_argument("--judge", default="", help="the judge whose verdicts these are")
        parser.add_argument("--rater", default="", help="the person whose grades these are")
        parser.add_argument("--condition", default="", help="the condition under which the judge was asked")
        parser.add_argument(
            "--map",
            nargs="+",
            action="extend",
            default=[],
            metavar="theirs=ours",
            help="their column = our field; of a labelling tool's file also their choice = our grade",
        )
        parser.add_argument("--encoding", default="", help="the file's encoding (else detected)")
        parser.add_argument("--dry-run", action="store_true", help="check every row, store nothing")
        parser.add_argument("--good-rows", action="store_true", help="store the good rows, leave out the bad")
        parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")

    def handle(self, *, project: str, file: Path, **options) -> None:
        self.console = Console(stderr=True, highlight=False)
        mapping = _mapping(options["map"])
        found = Project.objects.filter(slug=project).first()
        is_new = found is None
        if found and found.archived_at:
            raise CommandError(f"The project “{project}” is archived: nothing changes in it.")
        if is_new:
            _check_slug(project)
            found = create_project(project, slug=project)
        try:
            ended = self._import(found, file, mapping=mapping, **options)
        except BaseException:
            if is_new:
                delete_project(found)
            raise
        if is_new and not ended.result["stored"]:
            delete_project(found)
        elif is_new:
            self._say(f"Made project “{project}” (grades 0–3, cut 2).")

    def _import(self, project: Project, file: Path, *, mapping: dict[str, str], **options) -> Job:
        as_json = options["json"]
        names = {name: options[name].strip() for name in ("judge", "rater", "condition")}
        chosen = {name: options[name] for name in ("kind", "encoding", "good_rows", "dry_run")}
        job = prepare_import(project, file, filename=file.name, mapping=mapping, **names, **chosen)
        try:
            sniffed = sniff_import(job)
            _check_names(sniffed, **names)
        except (FileProblem, CommandError) as problem:
            Job.objects.filter(pk=job.pk).update(state=Job.State.FAILED, error=str(problem))
            if as_json:
                self.stdout.write(json.dumps({"job": job.pk, "state": "failed", "error": str(problem)}))
            raise CommandError(str(problem)) from problem
        self._say(f"Reading {file.name} as {sniffed.kind} ({sniffed.file_format}, {sniffed.encoding}).")
        for note in sniffed.notes:
            self._say(note)
        Job.objects.filter(pk=job.pk, state=Job.State.DRAFT).update(state=Job.State.QUEUED)
        with cancelled_by_keyboard(job), progress_bar("Importing") as show:
            ended = run_import(job.pk, on_update=show)
        if ended is None:
            raise CommandError("Another worker took this import over.")
        self._report(ended, as_json=as_json)
        return ended

    def _report(self, job: Job, *, as_json: bool) -> None:
        result = job.result
        if as_json:
            about = {"job": job.pk, "state": job.state, "error": job.error}
            self.stdout.write(json.dumps(about | result))
        if result.get("n_bad"):
            title = f"The first {len(result['bad_rows'])} of {result['n_bad']:,} bad rows"
            table = Table("line", "column", "reason", title=title if result["n_bad"] > 1 else "The bad row")
            for bad in result["bad_rows"]:
                table.add_row(f"{bad['line']:,}", _plain(bad["column"]), _plain(bad["reason"]))
            self.console.print(table)
            self._say(f"All of them: {bad_rows_path(job)}")
        if job.state != Job.State.DONE:
            raise CommandError(job.error or "The import was cancelled; nothing was stored.")
        if as_json:
            return
        counted = [how_many(n, *COUNTED.get(name, (name, name))) for name, n in result["counts"].items()]
        counts = ", ".join(counted) or "nothing new"
        said = "Would store" if result["dry_run"] else "Stored"
        rows = how_many(result["n_rows"], "row")
        self.stdout.write(f"{said} from {rows} in {result['seconds']} s: {counts}.")
        outcomes = {name: n for name, n in result["outcomes"].items() if name != "graded"}
        if outcomes:
            named = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in outcomes.items())
            self.stdout.write(f"Without a grade: {named}.")

    def _say(self, line: str) -> None:
        self.console.print(_plain(line))


def _plain(text: str) -> Text:
    """Text from a file as a terminal may show it: no markup, no control characters."""
    return Text("".join(character if character.isprintable() else "�" for character in text))


def _check_slug(slug: str) -> None:
    try:
        validate_slug(slug)
    except ValidationError:
        slug = ""
    if not slug or len(slug) > LONGEST_SLUG:
        raise CommandError(
            "There is no such project, and a new one's short name has letters, digits, - and _ only"
            f" (at most {LONGEST_SLUG})."
        )


def _check_names(sniffed: Sniffed, *, judge: str, rater: str, condition: str) -> None:
    """Whose grades these are, where the file's kind leaves it open. Raises CommandError."""
    kind = sniffed.kind
    is_tools = KINDS[kind].tool is not None
    if judge and rater and not is_tools:
        raise CommandError("Grades are a judge's or a person's: give --judge or --rater, not both.")
    if judge and kind not in ("verdicts", "qrels") and not is_tools:
        raise CommandError(f"--judge goes with verdicts and qrels; this file was read as {kind}.")
    if rater and kind not in ("pairs", "attacks", "labels", "qrels") and not is_tools:
        raise CommandError(
            f"--rater goes with pairs, attacks, labels and qrels; this file was read as {kind}."
        )
    if condition and (is_tools or not (kind == "verdicts" or judge)):
        raise CommandError("--condition goes with a judge's verdicts.")
    if kind == "verdicts" and not judge and "judge" not in sniffed.mapping.values():
        raise CommandError("The file names no judge: say whose verdicts these are with --judge NAME.")
    for option, name in (("judge", judge), ("rater", rater), ("condition", condition)):
        if len(name) > 200 or not name.isprintable():
            raise CommandError(f"--{option} takes one line of at most 200 characters.")


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        theirs, sign, ours = pair.rpartition("=")
        if not sign or not theirs or not ours:
            raise CommandError(
                f"--map takes theirs=ours, for example docid=candidate_id; “{pair}” is not that."
            )
        mapping[theirs] = ours
    return mapping
