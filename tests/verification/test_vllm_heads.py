"""The probe tells a 16-bit head from a 32-bit one, on real servers."""

from judges.engines import connect
from tests.verification.conftest import MODEL, run_vllm

GRADES = ["0", "1", "2", "3"]


def test_the_probe_finds_the_default_head_of_a_bfloat16_server(vllm, tmp_path):
    with run_vllm(vllm, "--dtype", "bfloat16", "--hf-overrides", "{}", log=tmp_path / "bf16.log") as url:
        engine = connect("vllm", url=url, model=MODEL, api_key="", settings={"timeout_s": 600})
        found = {check.name: check for check in engine.probe(["Yes", "No"])}
        engine.close()
    print(f"\n{found['distinct scores'].detail}")
    assert not found["distinct scores"].passed
    assert "head_dtype" in found["distinct scores"].remedy


def test_vectors_come_from_a_pooling_server(vllm, tmp_path):
    import numpy as np

    with run_vllm(vllm, "--runner", "pooling", "--convert", "embed", log=tmp_path / "pool.log") as url:
        engine = connect("vllm", url=url, model=MODEL, api_key="", settings={})
        vectors = engine.embed(["bees in a hive", "bees in the hive", "the price of iron ore in 1912"])
        engine.close()
    assert vectors.shape == (3, 576)
    norms = np.linalg.norm(vectors, axis=1)
    close, far = (vectors[0] @ vectors[n] / (norms[0] * norms[n]) for n in (1, 2))
    assert close > far
