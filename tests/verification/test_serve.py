"""`manage.py serve`: vLLM comes up, is registered and probed, and goes when it is told to."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from django.db import connection

from judges.engines.local_model import default_model_folder
from judges.models import Engine
from judges.services import connect_engine
from tests.judges.small_model import ask, small_model_var

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(transaction=True)
def test_serve_starts_registers_probes_and_stops(vllm, tmp_path):
    name = connection.settings_dict["NAME"]
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    argv = [
        sys.executable,
        "manage.py",
        "serve",
        str(default_model_folder(small_model_var())),
        "--name",
        "small",
    ]
    argv += ["--vllm", str(vllm), "--max-model-len", "2048"]
    environment = os.environ | {"DATABASE_URL": database, "CONCORD_VAR": str(tmp_path)}
    serving = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert "Serving" in serving.stdout.readline()
        engine = Engine.objects.get(name="small")
        assert engine.api_key
        opened = connect_engine(engine)
        [answer] = opened.label_logprobs([ask("Is soup a food? Yes or No.")], ["Yes", "No"])
        opened.close()
        assert answer.mass > 0.1
        deadline = time.monotonic() + 120
        while engine.probed_at is None and time.monotonic() < deadline:
            time.sleep(1)
            engine.refresh_from_db()
        assert engine.n_missing == 0
        children = psutil.Process(serving.pid).children(recursive=True)
        assert children
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(60)
        serving.stdout.close()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
