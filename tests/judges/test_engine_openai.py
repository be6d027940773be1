import math
import time

import pytest

from judges.engines import connect
from judges.engines.base import EngineUnavailable, EngineUnsuited, ItemFault
from tests.judges.faulty_server import FaultyServer
from tests.judges.openai_server import ModelServer, serve
from tests.judges.small_model import ask, small_engine, small_model_var

LABELS = ["Yes", "No"]


@pytest.fixture(scope="module")
def local_engine():
    return small_engine()


@pytest.fixture
def server():
    return FaultyServer()


@pytest.fixture
def http_engine(server):
    """http_engine(**settings): an engine against the faulty server, with little patience."""
    made = []

    with serve(server.application()) as url:

        def make(**settings):
            hasty = {"timeout_s": 0.5, "tries": 3, "patience_s": 5, **settings}
            made.append(connect("openai", url=url, model="stub", api_key="sk-secret", settings=hasty))
            return made[-1]

        yield make
        for engine in made:
            engine.close()


def test_tokens_that_differ_by_white_space_only_count_for_one_label(http_engine):
    [answer] = http_engine().label_logprobs([ask("plain")], LABELS)
    assert answer.logprobs["Yes"] == pytest.approx(math.log(math.exp(-0.7) + math.exp(-2.0)))
    assert answer.logprobs["No"] == pytest.approx(math.log(math.exp(-1.5) + math.exp(-3.0)))
    assert answer.mass == pytest.approx(sum(math.exp(value) for value in (-0.7, -2.0, -1.5, -3.0)))
    assert answer.bounded == frozenset()
    assert (answer.tokens_in, answer.tokens_out, answer.tokens_cached) == (40, 1, 32)


def test_a_label_outside_the_likeliest_tokens_is_a_bound_and_has_no_mass(http_engine):
    [answer] = http_engine().label_logprobs([ask("plain")], ["Yes", "Maybe"])
    assert answer.bounded == {"Maybe"}
    assert answer.logprobs["Maybe"] == -5.0
    assert answer.mass == pytest.approx(math.exp(-0.7) + math.exp(-2.0))


def test_a_request_asks_for_one_token_with_its_alternatives_and_carries_the_key(http_engine, server):
    http_engine(extra_body={"chat_template_kwargs": {"enable_thinking": False}}).label_logprobs(
        [ask("plain")], LABELS
    )
    [body] = server.bodies
    assert body == {
        "model": "stub",
        "messages": ask("plain"),
        "max_tokens": 1,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": 20,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    assert server.headers[0]["Authorization"] == "Bearer sk-secret"


@pytest.mark.parametrize("fault", ["500", "503", "garbage", "close", "hang"])
def test_a_passing_fault_is_tried_again(http_engine, server, fault):
    prompt = ask(f"fault={fault}*1")
    [answer] = http_engine().label_logprobs([prompt], LABELS)
    assert answer.mass > 0
    assert server.seen[prompt[-1]["content"]] == 2


@pytest.mark.parametrize(
    ("fault", "outcome", "words"),
    [
        ("400", "error", "HTTP 400"),
        ("422", "error", "HTTP 422"),
        ("500", "error", "HTTP 500"),
        ("garbage", "error", "not a JSON object"),
        ("close", "error", "closed"),
        ("hang", "error", "no answer within"),
        ("shape", "error", "shape"),
        ("no-logprobs", "error", "no log-probabilities"),
        ("filter", "refused", "content filter"),
        ("blocked", "refused", "content filter"),
        ("refusal", "refused", "refused"),
        ("empty", "empty", "nothing"),
    ],
)
def test_a_fault_of_one_item_leaves_the_others_alone(http_engine, fault, outcome, words):
    good, bad, fine = http_engine().label_logprobs(
        [ask("first"), ask(f"fault={fault}"), ask("third")], LABELS
    )
    assert good.mass > 0
    assert fine.mass > 0
    assert isinstance(bad, ItemFault)
    assert bad.outcome == outcome
    assert words in bad.reason
    assert "secret" not in bad.reason


def test_an_item_that_is_asked_alone_and_always_fails_is_told_from_a_dead_engine(http_engine):
    """Nothing else is under way, so a small request of the engine's own finds out."""
    [bad] = http_engine().label_logprobs([ask("fault=500")], LABELS)
    assert isinstance(bad, ItemFault)
    assert "for this item alone" in bad.reason


def test_an_engine_that_is_down_is_unavailable(http_engine, server):
    server.down = True
    with pytest.raises(EngineUnavailable, match="HTTP 503") as caught:
        http_engine().label_logprobs([ask(str(n)) for n in range(20)], LABELS)
    assert "secret" not in str(caught.value)


def test_an_engine_that_nobody_runs_is_unavailable():
    engine = connect("openai", url="http://127.0.0.1:9/v1", model="stub", api_key="", settings={"tries": 2})
    with pytest.raises(EngineUnavailable, match="no connection"):
        engine.label_logprobs([ask("anything")], LABELS)
    engine.close()


def test_a_rate_limit_holds_everybody_back_for_as_long_as_it_says(http_engine, server):
    server.limited_until = time.monotonic() + 0.6
    answers = http_engine(concurrency=4).label_logprobs([ask(str(n)) for n in range(12)], LABELS)
    assert all(answer.mass > 0 for answer in answers)
    refused = [at for at in server.arrivals if at < server.limited_until]
    assert len(refused) == 4, "one try for each of the four at once, then they wait"


def test_a_rate_limit_longer_than_our_patience_says_when_to_come_back(http_engine, server):
    server.limited_until = time.monotonic() + 90
    with pytest.raises(EngineUnavailable, match="limits") as caught:
        http_engine().label_logprobs([ask("one"), ask("two")], LABELS)
    assert caught.value.retry_after == pytest.approx(90, abs=5)


def test_an_engine_can_be_asked_again_after_it_was_away(http_engine, server):
    engine = http_engine(tries=1)
    server.down = True
    with pytest.raises(EngineUnavailable):
        engine.label_logprobs([ask("one")], LABELS)
    server.down = False
    assert engine.label_logprobs([ask("one")], LABELS)[0].mass > 0


@pytest.mark.parametrize(
    ("fault", "words"), [("401", "key"), ("404", "no such address or model"), ("redirect", "redirects")]
)
def test_what_can_never_succeed_is_said_at_once(http_engine, server, fault, words):
    with pytest.raises(EngineUnsuited, match=words) as caught:
        http_engine().label_logprobs([ask(f"fault={fault}")], LABELS)
    assert server.seen.total() == 1
    assert "invalid" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_more_requests_than_agreed_are_open_at_once(http_engine, server):
    server.delay_s = 0.02
    answers = http_engine(concurrency=5).label_logprobs([ask(str(n)) for n in range(40)], LABELS)
    assert len(answers) == 40
    assert server.at_once == 5


def test_answers_come_back_in_the_order_of_the_prompts(http_engine):
    prompts = [ask(f"{n} fault={'400' if n % 3 else 'none'}") for n in range(30)]
    answers = http_engine().label_logprobs(prompts, LABELS)
    assert [isinstance(answer, ItemFault) for answer in answers] == [bool(n % 3) for n in range(30)]


def test_likelihood_is_refused_with_a_way_out(http_engine):
    with pytest.raises(EngineUnsuited, match="local engine"):
        http_engine().continuation_logprobs([ask("a")], ["b"])


def test_a_schema_goes_along_as_response_format(http_engine, server):
    schema = {"type": "object", "properties": {"grade": {"type": "integer"}}}
    [reply] = http_engine().generate([ask("grade it")], max_tokens=50, schema=schema)
    assert reply.text == '{"grade": 2}'
    assert reply.finish_reason == "stop"
    sent = server.bodies[0]["response_format"]
    assert sent["json_schema"]["schema"] == schema
    assert server.bodies[0]["max_tokens"] == 50


def test_an_empty_or_filtered_reply_is_no_text(http_engine):
    empty, filtered = http_engine().generate([ask("fault=empty"), ask("fault=filter")], max_tokens=9)
    assert (empty.outcome, filtered.outcome) == ("empty", "refused")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"url": "ftp://somewhere/v1"}, "http"),
        ({"model": ""}, "model"),
        ({"settings": {"retries": 3}}, "retries"),
    ],
)
def test_a_wrong_set_up_is_said_in_words(given, words):
    good = {"url": "http://127.0.0.1:9/v1", "model": "stub", "api_key": "", "settings": {}}
    with pytest.raises(EngineUnsuited, match=words):
        connect("openai", **{**good, **given})


def test_the_probe_says_what_is_missing_and_how_to_mend_it(http_engine, server):
    checks = {check.name: check for check in http_engine().probe(["Yes", "perfectly relevant"])}
    assert checks["reachable"].passed
    assert checks["model"].passed
    assert not checks["labels are single tokens"].passed
    assert "perfectly relevant" in checks["labels are single tokens"].detail
    assert not checks["exact log-probabilities"].passed
    # The server gives each prompt the same, as one with a 16-bit head would give many.
    assert not checks["distinct scores"].passed
    assert "head_dtype" in checks["distinct scores"].remedy
    assert all(check.remedy for check in checks.values() if not check.passed)


def test_the_probe_of_a_server_that_is_not_there_is_a_check_and_no_exception():
    engine = connect("openai", url="http://127.0.0.1:9/v1", model="stub", api_key="", settings={})
    reached, *_ = engine.probe(LABELS)
    engine.close()
    assert not reached.passed
    assert reached.remedy


def test_the_probe_names_the_models_there_are(server):
    with serve(server.application()) as url:
        engine = connect("openai", url=url, model="another", api_key="", settings={})
        checks = {check.name: check for check in engine.probe(LABELS)}
        engine.close()
    assert not checks["model"].passed
    assert "stub" in checks["model"].detail


@pytest.mark.model
def test_over_http_the_real_model_gives_the_log_probabilities_it_gives_locally(local_engine):
    prompts = [ask(f"Is {what} a food? Answer Yes or No.") for what in ("bread", "a chair", "soup", "rain")]
    model = ModelServer(small_model_var() / "models" / local_engine.name)
    with serve(model.application()) as url:
        engine = connect("openai", url=url, model=model.name, api_key="", settings={})
        over_http = engine.label_logprobs(prompts, LABELS)
        checks = engine.probe(LABELS)
        wrong = connect("openai", url=url, model="another", api_key="", settings={})
        with pytest.raises(EngineUnsuited, match="model_not_found"):
            wrong.label_logprobs(prompts[:1], LABELS)
        wrong.close()
        engine.close()
    locally = local_engine.label_logprobs(prompts, LABELS)
    for left, right in zip(over_http, locally, strict=True):
        assert left.bounded == frozenset()
        assert left.logprobs == pytest.approx(right.logprobs, abs=1e-3)
        assert left.tokens_in == right.tokens_in
    assert all(check.passed for check in checks), checks
