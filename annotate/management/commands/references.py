from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotate.consensus import remake_at_once
from corpus.models import Project, Reference


class Command(BaseCommand):
    help = (
        "Make all references of a project again by its rule, now. Only the Dawid–Skene rule needs it: there a"
        " job does it a while after labels have changed, where workers are up."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name")

    def handle(self, *, project: str, **options) -> None:
        found = Project.objects.filter(slug=project).first()
        if found is None:
            raise CommandError(f"There is no project “{project}”.")
        remake_at_once(found)
        n = Reference.objects.filter(query__project=found).count()
        self.stdout.write(f"{n:,} items have a reference ({found.get_reference_rule_display()}).")
