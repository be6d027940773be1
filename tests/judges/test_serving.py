"""vLLM is started with the flags that make scores exact, by the command and in the compose file alike."""

import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command

from judges import serving
from judges.models import Engine
from judges.services import EngineRefused, offer_engine, register_engine
from judges.serving import ServingProblem, serve_argv

ROOT = Path(__file__).resolve().parents[2]


def argv(**changes) -> list[str]:
    return serve_argv("some/model", **({"vllm": Path("python"), "name": "m", "port": 8100} | changes))


def test_the_head_has_32_bits_and_cached_tokens_are_told():
    found = argv(gpu_memory=0.8, tensor_parallel=2, max_model_len=4096, flags=["--enable-lora"])
    assert found[found.index("--hf-overrides") + 1] == '{"head_dtype":"float32"}'
    assert "--enable-prompt-tokens-details" in found
    assert found[found.index("--gpu-memory-utilization") + 1] == "0.8"
    assert found[found.index("--tensor-parallel-size") + 1] == "2"
    assert found[-1] == "--enable-lora"
    assert not [word for word in found if "key" in word]  # it goes by the environment


def test_a_head_of_ones_own_is_not_overruled():
    found = argv(flags=["--hf-overrides", "{}"])
    assert found.count("--hf-overrides") == 1
    assert found[-2:] == ["--hf-overrides", "{}"]


def test_without_a_gpu_everything_is_float32(monkeypatch):
    monkeypatch.setattr(serving, "has_gpu", lambda: False)
    assert argv()[-3:] == ["--dtype", "float32", "--enforce-eager"]
    monkeypatch.setattr(serving, "has_gpu", lambda: True)
    assert "--dtype" not in argv()


def test_the_compose_file_starts_it_alike():
    flags = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["vllm"]["command"]
    wanted = [*serving.FP32_HEAD, *serving.ALWAYS]
    together = " ".join(flags).replace("=", " ")
    assert [word for word in wanted if word not in together] == []
    assert "--enable-prefix-caching" in flags


def test_a_server_that_ends_at_once_is_said_with_its_last_error(tmp_path):
    log = tmp_path / "log"
    process = serving.start([sys.executable, "-c", "raise ValueError('no such model')"], api_key="", log=log)
    with pytest.raises(ServingProblem, match="ValueError: no such model"):
        serving.wait_for(process, 9, log=log)


@pytest.mark.django_db
def test_serve_says_when_vllm_cannot_be_started(settings, tmp_path):
    settings.VAR = tmp_path
    with pytest.raises(CommandError, match="did not start"):
        call_command("serve", "some/model", vllm=Path("/bin/false"))
    assert not Engine.objects.exists()


@pytest.mark.django_db
def test_serving_again_gives_the_same_engine_its_new_address_and_key():
    first = offer_engine("m", url="http://127.0.0.1:8100/v1", model="m", api_key="one")
    second = offer_engine("m", url="http://127.0.0.1:8101/v1", model="m", api_key="two")
    assert first == second
    assert (second.urls, second.api_key) == (["http://127.0.0.1:8101/v1"], "two")
    register_engine("other", kind="openai", url="http://127.0.0.1:8100/v1", model="m")
    with pytest.raises(EngineRefused, match="choose a name"):
        offer_engine("other", url="http://127.0.0.1:8100/v1", model="m", api_key="x")
