import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus.how_many import how_many
from corpus.models import ItemSet, Job, Project, Rubric
from exchange.exporting import FILE_FORMATS, WHAT, CannotExport, beside_path, prepare_export, run_export
from exchange.management.judges import find_judge
from exchange.management.progress import cancelled_by_keyboard, progress_bar


class Command(BaseCommand):
    help = (
        "Write a project's grades into a file: the long form, one row per grade, as CSV or JSON lines, or"
        " TREC qrels; items that nobody has graded are not in it. Or all items for Label Studio, Argilla,"
        " doccano or Quepid, with what people and judges said, and a second file that the tool wants."
    )
    requires_system_checks = []  # they load every page; `make check` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project")
        parser.add_argument("--as", dest="file_format", choices=FILE_FORMATS, required=True)
        parser.add_argument("--out", type=Path, required=True, help="the file to write")
        parser.add_argument(
            "--what", choices=WHAT, default="both", help="whose grades; items: none, for labelling tools"
        )
        parser.add_argument("--scale", default="", help="only the labels of rounds on this further scale")
        parser.add_argument(
            "--item-set",
            default="",
            help="only the items of this set, with what each is a variant of (else all, without variants)",
        )
        parser.add_argument(
            "--judge",
            default="",
            help="qrels: this judge's grades instead of the reference; files for labelling tools: no other's",
        )
        parser.add_argument("--prompt", default="", help="which of the judge's prompts")
        parser.add_argument("--pseudonyms", action="store_true", help="numbers instead of people's names")
        parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")

    def handle(self, *, project: str, file_format: str, out: Path, what: str, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        if out.is_dir() or not out.absolute().parent.is_dir():
            raise CommandError(f"--out {out}: name a file in a folder that exists.")
        judge = find_judge(found, options["judge"], options["prompt"]) if options["judge"] else None
        scale = _scale(found, options["scale"]) if options["scale"] else None
        item_set = _item_set(found, options["item_set"]) if options["item_set"] else None
        chosen = {"what": what, "file_format": file_format, "judge": judge, "scale": scale}
        try:
            job = prepare_export(
                found, **chosen, item_set=item_set, pseudonyms=options["pseudonyms"], out=out
            )
        except CannotExport as problem:
            raise CommandError(str(problem)) from problem
        with cancelled_by_keyboard(job), progress_bar("Exporting") as show:
            ended = run_export(job.pk, on_update=show)
        if ended is None:
            raise CommandError("Another worker took this export over.")
        if options["json"]:
            about = {"job": ended.pk, "state": ended.state, "error": ended.error, "file": str(out)}
            self.stdout.write(json.dumps(about | ended.result))
        if ended.state != Job.State.DONE:
            raise CommandError(ended.error or "The export was cancelled.")
        if not options["json"]:
            result = ended.result
            rows, size = how_many(result["n_rows"], "row"), how_many(result["n_bytes"], "byte")
            self.stdout.write(f"{rows}, {size} in {out} ({result['seconds']} s).")
            if beside := beside_path(ended):
                self.stdout.write(f"Beside it: {beside}")


def _scale(project: Project, name: str) -> Rubric:
    """The further scale of this name."""
    scale = project.rubrics.filter(name=name).first()
    if scale is None or scale.is_main:
        raise CommandError(f"Project “{project.slug}” has no further scale “{name}”.")
    return scale


def _item_set(project: Project, name: str) -> ItemSet:
    """The item set of this name."""
    item_set = project.item_sets.filter(name=name).first()
    if item_set is None:
        raise CommandError(f"Project “{project.slug}” has no item set “{name}”.")
    return item_set
