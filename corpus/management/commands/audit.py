import json

from django.core.management.base import BaseCommand, CommandError, CommandParser

from corpus.models import AuditEntry, Project


class Command(BaseCommand):
    help = "Print who did what in a project, oldest first; without a project, what concerns the whole site."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", nargs="?", help="short name of the project")
        parser.add_argument("--json", action="store_true", help="print JSON lines on stdout and nothing else")

    def handle(self, *args, project: str | None, **options) -> None:
        found = Project.objects.filter(slug=project).first() if project else None
        if project and found is None:
            raise CommandError(f"There is no project {project}.")
        entries = AuditEntry.objects.filter(project=found).select_related("actor").order_by("id")
        for entry in entries.iterator(chunk_size=2000):
            self.stdout.write(
                json.dumps(_facts(entry), ensure_ascii=False)
                if options["json"]
                else f"{entry.at:%Y-%m-%d %H:%M:%S %Z}\t{entry}"
            )


def _facts(entry: AuditEntry) -> dict:
    return {
        "at": entry.at.isoformat(),
        "by": entry.actor.username if entry.actor else None,
        "verb": entry.verb,
        "object_kind": entry.object_kind or None,
        "object_id": entry.object_id,
        "object_name": entry.object_name or None,
        "details": entry.details,
    }
