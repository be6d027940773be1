import secrets
import signal
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console

from config.embedded.ports import first_free_port
from judges import serving
from judges.management.commands.engine import show_probe
from judges.services import EngineRefused, offer_engine
from judges.serving import ServingProblem


class Command(BaseCommand):
    help = (
        "Start vLLM with the flags that make scores exact (a 32-bit head, prefix caching, cached tokens told)"
        " and register it as an engine. Ctrl-C stops it. Flags of vLLM's own follow after “--”."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="a Hugging Face folder or name")
        parser.add_argument("--name", help="the engine's name (default: the model's last word)")
        parser.add_argument("--port", type=int, help="default: the first free one from 8100")
        parser.add_argument("--gpu-memory", type=float, help="share of the GPU's memory, from 0 to 1")
        parser.add_argument("--tensor-parallel", type=int, default=1, help="number of GPUs to split over")
        parser.add_argument("--max-model-len", type=int, help="tokens of context")
        parser.add_argument("--vllm", type=Path, help="the Python that has vLLM (default: found)")
        parser.add_argument("flags", nargs="*", help="vLLM's own flags, after “--”")

    def handle(self, *, model: str, name: str | None, **options) -> None:
        console = Console(stderr=True)
        name = name or model.rstrip("/").rsplit("/", 1)[-1]
        port = options["port"] or first_free_port(8100)
        key = secrets.token_urlsafe(24)
        logs = Path(settings.VAR) / "log"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"vllm-{port}.log"
        try:
            argv = serving.serve_argv(
                model,
                vllm=options["vllm"] or serving.find_vllm(),
                name=name,
                port=port,
                gpu_memory=options["gpu_memory"],
                tensor_parallel=options["tensor_parallel"],
                max_model_len=options["max_model_len"],
                flags=options["flags"],
            )
            process = serving.start(argv, api_key=key, log=log)
        except (ServingProblem, OSError) as problem:
            raise CommandError(str(problem)) from problem
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # a supervisor's stop ends vLLM too
        try:
            with console.status(f"vLLM loads {model} …"):
                serving.wait_for(process, port, log=log)
            engine = offer_engine(name, url=f"http://127.0.0.1:{port}/v1", model=name, api_key=key)
            self.stdout.write(f"Serving {model} as the engine “{engine}” on port {port}; Ctrl-C stops it.")
            self.stdout.flush()
            show_probe(engine)
            process.wait()
            raise CommandError(f"vLLM ended by itself; what it said is in {log}.")
        except (ServingProblem, EngineRefused) as problem:
            raise CommandError(str(problem)) from problem
        except KeyboardInterrupt:
            console.print("Stopping vLLM.")
        finally:
            serving.stop(process)
