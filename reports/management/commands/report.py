import base64
import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string

from corpus.models import Project
from corpus.models.collection import Split
from reports.charts.figure import Figure
from reports.charts.rendering import render
from reports.nulls import nulled
from reports.scope import ScopeRefused, reported_split, scope_of
from reports.whole.report import whole_report


class Command(BaseCommand):
    help = (
        "Write the whole report of a project: one HTML file that needs no other file and no network, and the"
        " same figures as JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")
        parser.add_argument("--out", required=True, type=Path, help="a folder; made when missing")
        parser.add_argument("--cut", type=int, help="the least grade that is relevant (else the rubric's)")
        parser.add_argument("--split", choices=[*Split.values, "all"], help="the queries to take")

    def handle(self, *, project, out, cut, split, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        try:
            scope = scope_of(found, cut=cut, split=reported_split(found, split))
        except ScopeRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        report = whole_report(found, scope=scope)
        context = {
            "report": report,
            "style": (settings.ROOT / "static" / "concord.css").read_text(encoding="utf-8"),
            "sections": [(each, [_drawn(figure) for figure in each.figures]) for each in report.sections],
        }
        files = {
            out / f"{found.slug}.html": render_to_string("reports/report_file.html", context),
            out / f"{found.slug}.json": json.dumps(nulled(report.data), ensure_ascii=False, indent=1),
        }
        try:
            out.mkdir(parents=True, exist_ok=True)
            for path, text in files.items():
                path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
        for path in files:
            self.stdout.write(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB).")


def _drawn(figure: Figure) -> tuple[Figure, str]:
    """The figure, and its picture as an address that holds all of it."""
    picture = base64.b64encode(render(figure, file_format="svg")).decode()
    return figure, f"data:image/svg+xml;base64,{picture}"
