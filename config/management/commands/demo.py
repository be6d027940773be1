import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg.conninfo import conninfo_to_dict
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.celery import app
from config.embedded.paths import Folders
from config.embedded.ports import first_free_port
from config.embedded.postgres import running_server
from config.embedded.supervisor import Child, Supervisor
from config.embedded.valkey import ensure_valkey
from config.sample import load_sample, sample_judges, sample_runs
from corpus.models import User
from judges.engines.local_model import default_model_folder
from judges.models import Run
from judges.services.engines import offer_embedding_engine


class Command(BaseCommand):
    help = "Everything on this machine: services, worker, web server, the sample project and its two judges."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="the first port to try (default 8000)")
        parser.add_argument(
            "--until-judged", action="store_true", help="stop when the agreement table is printed"
        )

    def handle(self, *, port: int, until_judged: bool, **options) -> None:
        self.console = Console()
        folders = Folders(settings.VAR)
        if not _uses_own_database(folders):
            raise CommandError("The demo runs on services of its own; unset DATABASE_URL.")
        try:
            self._run(folders, port=port, until_judged=until_judged)
        except KeyboardInterrupt:
            self.console.print()
        self._say("Stopped. Everything is kept; the next start goes on from here.")

    def _run(self, folders: Folders, *, port: int, until_judged: bool) -> None:
        with ensure_valkey(settings.VAR) as valkey:
            os.environ["BROKER_URL"] = valkey.url
            settings.CELERY_BROKER_URL = app.conf.broker_url = valkey.url
            admin = _first_admin()
            with self._phase("Sample project"):
                project, _ = load_sample(by=admin)
            with self._phase("Language model"):
                default_model_folder(settings.VAR, say=self._say)
                offer_embedding_engine()
            with self._phase("Static files"):
                call_command("collectstatic", interactive=False, verbosity=0)
            with Supervisor(folders, say=self._say) as supervisor:
                address = self._serve(supervisor, port)
                self._greet(address, admin)
                runs = sample_runs(sample_judges(project), by=admin)
                self._follow(runs)
                self.console.print()
                call_command("agreement", project.slug)
                if not until_judged:
                    self._say(f"Concord stays up at {address}; Ctrl-C stops it.")
                    while supervisor.is_running("web") or supervisor.is_running("worker"):
                        time.sleep(1)

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, soft_wrap=True)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._say(f"{name}: {time.monotonic() - began:.1f} s")

    def _serve(self, supervisor: Supervisor, wanted: int) -> str:
        with self._phase("Worker and web server"):
            supervisor.start(
                Child("worker", argv=_worker(), env=_worker_environment(), ready=_worker_answers, grace=20)
            )
            port = first_free_port(wanted)
            if port != wanted:
                self._say(f"Port {wanted} is taken; using {port}.")
            address = f"http://127.0.0.1:{port}"
            supervisor.start(Child("web", argv=_web(port), ready=lambda: _answers(f"{address}/login/")))
        return address

    def _greet(self, address: str, admin: User) -> None:
        """Say where and how to log in. A password is made only here, so that no Ctrl-C before loses it."""
        self.console.print()
        self._say(f"[bold]Concord is up: {address}[/bold]")
        if not admin.has_usable_password():
            password = secrets.token_urlsafe(12)
            admin.set_password(password)
            admin.save()
            self._say(
                f"Log in as [bold]{admin.username}[/bold] with [bold]{password}[/bold] (shown only now)"
            )
        else:
            self._say(
                f"Log in as {admin.username} with the password shown at the first start"
                f" (a new one: .venv/bin/python manage.py user password {admin.username})"
            )
        self.console.print()

    def _follow(self, runs: list[Run]) -> None:
        """Show the runs until all have ended; pages can be used meanwhile."""
        if all(run.job.is_ended for run in runs):
            return
        with (
            self._phase("Judging"),
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
                disable=not sys.stdout.isatty(),
            ) as progress,
        ):
            bars = {run.pk: progress.add_task(str(run.judge), total=run.n_items) for run in runs}
            noted: dict[int, str] = {}
            told_at = time.monotonic()
            while not all(run.job.is_ended for run in runs):
                time.sleep(0.5)
                for run in runs:
                    run.refresh_from_db()
                    run.job.refresh_from_db()
                    progress.update(bars[run.pk], completed=run.n_done)
                    if run.job.note and noted.get(run.pk) != run.job.note:
                        noted[run.pk] = run.job.note
                        self._say(f"{run.judge}: {run.job.note}")
                if not sys.stdout.isatty() and time.monotonic() - told_at > 15:
                    told_at = time.monotonic()
                    self._say(", ".join(f"{run.judge} {run.n_done}/{run.n_items}" for run in runs))
        for run in runs:
            if run.job.error:
                self._say(f"{run.judge}: {run.job.error}")


def _first_admin() -> User:
    """The oldest site admin; made, without a password yet, where there is none."""
    admin = User.objects.filter(is_superuser=True).order_by("pk").first()
    return admin or User.objects.create_superuser("admin")


def _uses_own_database(folders: Folders) -> bool:
    """Whether DATABASE_URL names the PostgreSQL of this CONCORD_VAR, which manage.py has started."""
    named, server = conninfo_to_dict(os.environ["DATABASE_URL"]), running_server(folders)
    return server is not None and (named["host"], str(named["port"])) == (server.host, str(server.port))


def _nice(argv: list[str]) -> list[str]:
    """The worker yields to the web server, so that pages stay quick while a model computes."""
    return ["nice", "-n", "10", *argv] if shutil.which("nice") else argv


def _worker() -> list[str]:
    return _nice(
        [
            *(sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--beat"),
            *("--queues", "judging,jobs", "--concurrency", "2", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle"),
        ]
    )


def _worker_environment() -> dict[str, str]:
    """The worker's two processes share the cores: with a thread for every core apiece they would fight."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"OMP_NUM_THREADS": str(max(1, n_cores // 2)), **os.environ}


def _worker_answers() -> bool:
    return bool(app.control.ping(timeout=0.5))


def _web(port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", "8", "--no-ws"),
        *("--log-level", "warning", "config.wsgi:application"),
    ]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, OSError):
        return False
