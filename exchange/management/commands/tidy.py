from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from corpus.how_many import how_many
from exchange.tidying import tidy


class Command(BaseCommand):
    help = "Delete uploaded and exported files of jobs that ended long ago, and files of deleted projects."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=settings.FILES_KEPT_DAYS,
            help=f"keep the last so many days' files (default: FILES_KEPT_DAYS, {settings.FILES_KEPT_DAYS})",
        )

    def handle(self, *args, days: int, **options) -> None:
        n = tidy(days=days)
        self.stdout.write(f"{how_many(n, 'file')} deleted.")
