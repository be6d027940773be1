"""What the vllm engine says is what the model says: against the local engine with the same weights."""

import json
import urllib.error
import urllib.request

import pytest

from judges.engines import connect
from judges.engines.base import ItemFault
from judges.models import Verdict
from judges.running import load_run, work_on_run
from judges.services import create_judge, find_prompt, register_engine, start_run
from tests.judges.openai_server import serve
from tests.judges.small_model import ask, small_engine
from tests.judges.vllm_stub import MODEL as STUB_MODEL
from tests.judges.vllm_stub import VllmStub
from tests.verification.conftest import MODEL

GRADES = ["0", "1", "2", "3"]
THINGS = [
    "rain", "bridges", "soup", "the moon", "taxes", "a violin", "glaciers", "bees", "trains", "salt",
    "windmills", "paper", "volcanoes", "sleep", "maps", "iron", "tea", "owls", "canals", "chess",
    "lighthouses", "yeast", "comets", "wool", "harbours",
]  # fmt: skip


@pytest.fixture(scope="module")
def engine(fp32_url):
    made = connect("vllm", url=fp32_url, model=MODEL, api_key="", settings={})
    yield made
    made.close()


@pytest.fixture(scope="module")
def local():
    return small_engine()


def prompts() -> list[list[dict]]:
    """Fifty prompts of different lengths: twenty-five things, with and without a system turn."""
    plain = [
        ask(
            f"How well does a page about {thing} answer “what is it made of”? " * (1 + n % 3)
            + "Answer 0 to 3."
        )
        for n, thing in enumerate(THINGS)
    ]
    return plain + [[{"role": "system", "content": "You grade pages."}, *prompt] for prompt in plain]


def test_label_log_probabilities_are_the_models_own_to_a_thousandth(engine, local):
    over_http = engine.label_logprobs(prompts(), GRADES)
    here = local.label_logprobs(prompts(), GRADES)
    gap = max(
        abs(a.logprobs[g] - b.logprobs[g]) for a, b in zip(over_http, here, strict=True) for g in GRADES
    )
    print(f"\nlargest difference of {len(here)} × {len(GRADES)} log-probabilities: {gap:.1e}")
    assert gap < 1e-3
    for one, other in zip(over_http, here, strict=True):
        assert one.mass == pytest.approx(other.mass, abs=1e-3)
        assert one.tokens_in == other.tokens_in


def test_likelihoods_are_the_models_own(engine, local):
    asked = prompts()[:10]
    texts = [f"What is it that {thing} need?" for thing in THINGS[:10]]
    for one, other in zip(
        engine.continuation_logprobs(asked, texts), local.continuation_logprobs(asked, texts), strict=True
    ):
        assert one.n_tokens == other.n_tokens
        assert one.logprob == pytest.approx(other.logprob, abs=1e-2)  # a sum over a dozen tokens


def test_the_probe_passes_with_a_32_bit_head(engine):
    checks = engine.probe(GRADES, abstain="X")
    assert [check for check in checks if not check.passed] == []
    assert {check.name: check.detail for check in checks}["context length"] == "4,096 tokens"


def test_structured_outputs_bind(engine):
    schema = {
        "type": "object",
        "properties": {"animal": {"enum": ["zebra"]}, "grade": {"enum": [2]}},
        "required": ["animal", "grade"],
        "additionalProperties": False,
    }
    [held] = engine.generate([ask("Say hello.")], max_tokens=60, schema=schema)
    assert json.loads(held.text) == {"animal": "zebra", "grade": 2}
    [free] = engine.generate([ask("Say hello.")], max_tokens=20)
    assert "zebra" not in free.text


def test_a_beginning_that_was_read_before_is_taken_from_the_cache(engine):
    beginning = "Bees live in hives and carry pollen from flower to flower. " * 30  # over two blocks of 128
    first, second = (ask(beginning + ending) for ending in ("Is this about bees? Yes or No.", "About rain?"))
    [cold] = engine.label_logprobs([first], ["Yes", "No"])
    [warm] = engine.label_logprobs([second], ["Yes", "No"])
    assert cold.tokens_cached == 0
    assert warm.tokens_cached >= 128


def test_labels_of_more_than_one_token_are_named(engine):
    found = {check.name: check for check in engine.probe(["Yes", "perfectly relevant"])}
    assert "perfectly relevant" in found["labels are single tokens"].detail


@pytest.mark.django_db(transaction=True)
def test_a_run_over_real_vllm_grades_every_item(fp32_url, project, make_items):
    make_items(project, 2, 6)
    engine = register_engine("vllm", kind="vllm", url=fp32_url, model=MODEL)
    judge = create_judge(
        project, name="real", engine=engine, prompt=find_prompt(project, "grade-basic"), scoring="grade"
    )
    run = start_run(judge)
    work_on_run(load_run(job_id=run.job_id))
    run.refresh_from_db()
    run.job.refresh_from_db()
    assert (run.job.state, run.n_done, run.n_failed) == ("done", 12, 0)
    assert len(run.probe) == 8
    assert len(set(Verdict.objects.filter(run=run).values_list("score", "label_mass"))) == 12


# ---- The stub that other tests and the bench use answers as the real server does.


def shape(value):
    """The value's structure: names and types, for a list those of its first entry that is not null."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in [part for part in value if part is not None][:1]]
    return type(value).__name__.replace("int", "float")


def differences(stub, real, at="") -> list[str]:
    """Where the stub's shape has something that the real one has not; token ids are names that may differ."""
    if stub == real or "NoneType" in (stub, real):
        return []
    if isinstance(stub, dict) and isinstance(real, dict):
        if stub and all(name.isdigit() for name in stub) and all(name.isdigit() for name in real):
            return differences(next(iter(stub.values())), next(iter(real.values())), f"{at}.id")
        missing = [f"{at}.{name}" for name in stub if name not in real]
        both = [name for name in stub if name in real]
        return missing + [
            each for name in both for each in differences(stub[name], real[name], f"{at}.{name}")
        ]
    if isinstance(stub, list) and isinstance(real, list):
        return differences(stub[0], real[0], f"{at}[]") if stub and real else []
    return [f"{at}: {stub} is {real} there"]


def post(url: str, body: dict | None) -> dict:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


CHAT = {"messages": ask("item a grade 2 text"), "max_tokens": 1, "temperature": 0}
REQUESTS = {
    "models": ("/v1/models", None),
    "tokens of messages": ("/tokenize", {"messages": ask("two words"), "add_generation_prompt": True}),
    "tokens of text": ("/tokenize", {"prompt": "two words", "add_special_tokens": False}),
    "text of tokens": ("/detokenize", {"tokens": [1, 2]}),
    "labels": (
        "/v1/chat/completions",
        CHAT | {"logprobs": True, "logprob_token_ids": [1, 2], "return_tokens_as_token_ids": True},
    ),
    "likeliest tokens": (
        "/v1/chat/completions",
        CHAT | {"logprobs": True, "top_logprobs": 5, "return_tokens_as_token_ids": True},
    ),
    "a reply": ("/v1/chat/completions", CHAT | {"max_tokens": 5}),
    "likelihoods": ("/v1/completions", {"prompt": [1, 2, 3], "max_tokens": 1, "prompt_logprobs": 0}),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_stub_answers_in_the_shapes_of_the_real_server(name, fp32_url):
    path, body = REQUESTS[name]
    with serve(VllmStub().application()) as stub_url:
        post(stub_url.removesuffix("/v1") + "/tokenize", {"prompt": "one two three four"})  # words 1, 2, 3
        answers = []
        for url, model in ((stub_url, STUB_MODEL), (fp32_url, MODEL)):
            asked = body if body is None else body | {"model": model}
            answers.append(shape(post(url.removesuffix("/v1") + path, asked)))
    assert differences(*answers) == []


def test_the_stub_refuses_an_unknown_model_as_the_real_server_does(fp32_url):
    with serve(VllmStub().application()) as stub_url:
        for url in (stub_url, fp32_url):
            other = connect("vllm", url=url, model="another", api_key="", settings={})
            found = {check.name: check for check in other.probe(GRADES)}
            other.close()
            assert not found["model"].passed
            with pytest.raises(urllib.error.HTTPError) as refused:
                post(url + "/chat/completions", CHAT | {"model": "another"})
            assert refused.value.code == 404
            refused.value.close()


def test_no_answer_is_an_item_fault_where_the_prompt_is_longer_than_the_context(engine):
    [answer] = engine.label_logprobs([ask("word " * 5000)], GRADES)
    assert isinstance(answer, ItemFault)
