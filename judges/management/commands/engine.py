import json
import sys

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from judges.models import Engine
from judges.models.engine import KeyUnreadable
from judges.services import EngineRefused, probe_engine, register_engine
from judges.services.engines import encrypt_keys_anew
from judges.settings_lines import LineRefused, read_pairs


class Command(BaseCommand):
    help = "Register, list and probe engines, or encrypt their keys anew."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="register an engine and probe it")
        add.add_argument("name")
        add.add_argument("--kind", required=True, choices=Engine.Kind.values)
        add.add_argument(
            "--url",
            action="append",
            default=[],
            help="up to and with /v1; again for each server of the model",
        )
        add.add_argument("--model", default="", help="name on the server, or a Hugging Face folder")
        add.add_argument("--key-stdin", action="store_true", help="read the key from standard input")
        add.add_argument(
            "--setting", action="append", default=[], metavar="name=value", help="the kind's own settings"
        )
        add.add_argument("--price-in", type=float, default=0, help="dollars per million prompt tokens")
        add.add_argument("--price-out", type=float, default=0, help="dollars per million reply tokens")
        listing = verbs.add_parser("list", help="list the engines")
        listing.add_argument("--json", action="store_true", dest="as_json")
        probe = verbs.add_parser("probe", help="look at an engine; exit status 1 when something is missing")
        probe.add_argument("name")
        probe.add_argument("--json", action="store_true", dest="as_json")

        verbs.add_parser("rekey", help="encrypt all keys anew with the first key of ENGINE_KEY")

    def handle(self, *, verb: str, **options) -> None:
        {"add": self.add, "list": self.list, "probe": self.probe, "rekey": self.rekey}[verb](**options)

    def rekey(self, **_options) -> None:
        try:
            n = encrypt_keys_anew()
        except KeyUnreadable as problem:
            raise CommandError(f"Nothing was changed. {problem}") from problem
        self.stdout.write(
            f"{n} key{'' if n == 1 else 's'} encrypted anew; older keys can leave ENGINE_KEY now."
        )

    def add(self, *, name: str, key_stdin: bool, setting: list[str], **options) -> None:
        try:
            engine = register_engine(
                name,
                kind=options["kind"],
                url="\n".join(options["url"]),
                model=options["model"],
                api_key=sys.stdin.readline().strip() if key_stdin else "",
                engine_settings=read_pairs(setting),
                price_in=options["price_in"],
                price_out=options["price_out"],
            )
        except (EngineRefused, LineRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Registered the engine “{engine}” ({engine.get_kind_display()}, {engine.model_name})."
        )
        show_probe(engine)

    def list(self, *, as_json: bool, **_options) -> None:
        engines = list(Engine.objects.all())
        if as_json:
            rows = [
                {
                    "engine": engine.name,
                    "kind": engine.kind,
                    "model": engine.model_name,
                    "probed_at": engine.probed_at.isoformat() if engine.probed_at else None,
                    "probe": engine.last_probe,
                }
                for engine in engines
            ]
            self.stdout.write(json.dumps(rows))
        elif not engines:
            self.stdout.write("No engines yet: register one with `engine add`.")
        for engine in engines if not as_json else []:
            self.stdout.write(f"{engine.name}\t{engine.kind}\t{engine.model_name}\t{_verdict(engine)}")

    def probe(self, *, name: str, as_json: bool, **_options) -> None:
        engine = Engine.objects.filter(name=name).first()
        if engine is None:
            raise CommandError(f"There is no engine called “{name}”.")
        passed = show_probe(engine)
        if as_json:
            self.stdout.write(json.dumps(engine.last_probe))
        if not passed:
            raise CommandError(f"The engine “{engine}” is not as it should be.")


def _verdict(engine: Engine) -> str:
    if engine.last_probe is None:
        return "not probed"
    return f"{engine.n_missing} checks failed" if engine.n_missing else "all checks passed"


def show_probe(engine: Engine) -> bool:
    """Probe and print the checklist on stderr; whether everything passed."""
    console = Console(stderr=True)
    with console.status(f"Probing “{engine}” …"):
        checks = probe_engine(engine)
    table = Table("", "check", "found", "remedy", title=f"Probe of “{engine}”")
    for check in checks:
        table.add_row("✓" if check.passed else "✗", check.name, check.detail, check.remedy)
    console.print(table)
    return all(check.passed for check in checks)
