"""The vllm engine against its verified fake: what it asks, what it reads, and several servers at once."""

import math
import threading
import time

import pytest

from judges.engines import connect
from judges.engines.base import EngineClosed, EngineUnavailable, EngineUnsuited, ItemFault
from tests.judges.faulty_server import FaultyServer
from tests.judges.openai_server import serve
from tests.judges.small_model import ask
from tests.judges.vllm_stub import MODEL, VllmStub

GRADES = ["0", "1", "2", "3"]


@pytest.fixture
def server():
    return VllmStub()


@pytest.fixture
def make_engine():
    made = []

    def make(*urls, **settings):
        hasty = {"timeout_s": 5, "tries": 2, "patience_s": 5, **settings}
        made.append(connect("vllm", url=" ".join(urls), model=MODEL, api_key="sk-secret", settings=hasty))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(server, make_engine):
    with serve(server.application()) as url:
        yield make_engine(url)


def graded(name: str, grade: int) -> list[dict]:
    return ask(f"item {name} grade {grade} text")


def test_labels_are_asked_by_their_token_ids_and_keep_their_mass(engine, server):
    [answer] = engine.label_logprobs([graded("a", 2)], GRADES)
    assert max(answer.logprobs, key=answer.logprobs.__getitem__) == "2"
    assert answer.mass == pytest.approx(sum(map(math.exp, answer.logprobs.values())))
    assert answer.bounded == frozenset()
    assert answer.tokens_cached == answer.tokens_in // 2
    [body] = server.bodies
    assert body["logprob_token_ids"] == [server.vocabulary.ids[label] for label in GRADES]
    assert (body["max_tokens"], body["temperature"], body["logprobs"]) == (1, 0, True)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert "structured_outputs" not in body


def test_a_label_of_two_tokens_is_refused_by_its_name(engine):
    with pytest.raises(EngineUnsuited, match="“perfectly relevant” is not a single token"):
        engine.label_logprobs([graded("a", 2)], ["0", "perfectly relevant"])


def test_labels_are_resolved_once_for_prompts_that_end_alike(engine, server):
    engine.label_logprobs([graded("a", 2)], GRADES)
    n_words = len(server.vocabulary.words)
    engine.label_logprobs([graded("a", 2) for _ in range(5)], GRADES)
    assert len(server.vocabulary.words) == n_words


def test_the_likelihood_of_a_text_is_summed_over_its_own_tokens(engine):
    [answer] = engine.continuation_logprobs([ask("passage")], ["why so"])
    # Tokens why, a space, so: log(1/5) + log(1/3) + log(1/4).
    assert answer.logprob == pytest.approx(-math.log(5 * 3 * 4))
    assert answer.n_tokens == 3
    [nothing] = engine.continuation_logprobs([ask("passage")], [""])
    assert nothing.outcome == "empty"


def test_a_reply_is_held_to_its_schema_by_structured_outputs(engine, server):
    schema = {"type": "object", "properties": {"grade": {"enum": [0, 1, 2, 3]}}, "required": ["grade"]}
    [reply] = engine.generate([graded("a", 3)], max_tokens=50, schema=schema)
    assert reply.text == '{"grade": 3}'
    assert server.bodies[0]["structured_outputs"] == {"json": schema}
    assert not any(name.startswith("guided") for name in server.bodies[0])


def test_the_context_length_is_the_servers(engine):
    assert engine.context_tokens == 4096
    assert engine.count_tokens(ask("three words here")) == 13


def test_texts_become_vectors(engine):
    assert engine.embed(["a", "abc"]).tolist() == [[1.0, 1.0], [3.0, 1.0]]


def test_the_probe_passes_and_finds_a_16_bit_head(engine, server):
    checks = engine.probe(GRADES, abstain="X")
    assert all(check.passed for check in checks), checks
    names = [check.name for check in checks]
    assert names == [
        "reachable", "model", "context length", "labels are single tokens", "label for “cannot judge”",
        "exact log-probabilities", "distinct scores", "throughput",
    ]  # fmt: skip
    server.ties = True
    found = {check.name: check for check in engine.probe(GRADES)}
    assert not found["distinct scores"].passed
    assert "head_dtype" in found["distinct scores"].remedy


def test_a_probe_names_the_label_that_is_no_single_token(engine):
    found = {check.name: check for check in engine.probe(["Yes", "not really"])}
    assert "“not really”" in found["labels are single tokens"].detail
    found = {check.name: check for check in engine.probe(["Yes", "No"], abstain="no idea")}
    assert "“no idea”" in found["label for “cannot judge”"].detail


def test_several_servers_share_the_work_and_each_gets_no_more_than_its_bound(make_engine):
    servers = [VllmStub(delay_s=0.02) for _ in range(3)]
    with (
        serve(servers[0].application()) as one,
        serve(servers[1].application()) as two,
        serve(servers[2].application()) as three,
    ):
        engine = make_engine(one, two, three, concurrency=4)
        assert engine.n_at_once == 12
        answers = engine.label_logprobs([graded(str(n), n % 4) for n in range(120)], GRADES)
        assert not [answer for answer in answers if isinstance(answer, ItemFault)]
    shares = [server.asked.total() for server in servers]
    assert sum(shares) == 120
    assert min(shares) >= 30
    assert max(server.at_once for server in servers) <= 4


def test_a_server_that_dies_gives_its_requests_to_the_others_and_loses_none(make_engine):
    dying, healthy = VllmStub(delay_s=0.05), VllmStub(delay_s=0.05)
    with serve(dying.application()) as one, serve(healthy.application()) as two:
        engine = make_engine(one, two, concurrency=4)
        engine.label_logprobs([graded("first", 1)], GRADES)
        threading.Timer(0.2, lambda: setattr(dying, "down", True)).start()
        answers = engine.label_logprobs([graded(str(n), n % 4) for n in range(100)], GRADES)
        assert not [answer for answer in answers if isinstance(answer, ItemFault)]
        n_before = dying.asked.total()
        engine.label_logprobs([graded(str(n), n % 4) for n in range(20)], GRADES)
        assert dying.asked.total() == n_before  # it rests
        healthy.down = True
        with pytest.raises(EngineUnavailable):
            engine.label_logprobs([graded("last", 1)], GRADES)


def test_servers_with_different_models_are_found_by_the_probe(make_engine):
    with (
        serve(VllmStub().application()) as one,
        serve(VllmStub(max_model_len=512).application()) as two,
    ):
        checks = {check.name: check for check in make_engine(one, two).probe(GRADES)}
        assert checks["reachable"].detail == "all 2 servers answer"
        away = {check.name: check for check in make_engine(one, "http://127.0.0.1:9/v1").probe(GRADES)}
    assert not checks["model"].passed
    assert away["reachable"].detail.startswith("1 of 2 servers")


def test_closing_abandons_what_is_under_way(server, make_engine):
    server.delay_s = 2
    raised = []
    with serve(server.application()) as url:
        engine = make_engine(url)

        def wait() -> None:
            try:
                engine.label_logprobs([graded("a", 1)], GRADES)
            except EngineClosed as closed:
                raised.append(closed)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.3)
        engine.close()
        thread.join(5)
        assert raised
        with pytest.raises(EngineClosed):
            engine.label_logprobs([graded("a", 1)], GRADES)


def test_a_server_that_is_back_gets_work_again(make_engine, monkeypatch):
    monkeypatch.setattr("judges.engines.replicas.REST_S", 0.5)
    servers = [VllmStub(delay_s=0.02) for _ in range(2)]
    with serve(servers[0].application()) as one, serve(servers[1].application()) as two:
        engine = make_engine(one, two, concurrency=4)
        servers[0].down = True
        engine.label_logprobs([graded(str(n), 1) for n in range(20)], GRADES)
        assert servers[0].asked.total() == 0
        servers[0].down = False
        time.sleep(0.6)
        engine.label_logprobs([graded(str(n), 1) for n in range(100)], GRADES)
    assert servers[0].asked.total() > 30


def test_a_server_that_is_no_vllm_server_is_told_to_be_registered_otherwise():
    plain = FaultyServer()
    with serve(plain.application()) as url:
        engine = connect("vllm", url=url, model="stub", api_key="", settings={"tries": 1})
        found = {check.name: check for check in engine.probe(GRADES)}
        engine.close()
    assert "register it as an openai engine" in found["labels are single tokens"].detail
