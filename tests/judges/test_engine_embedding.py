"""The local engine for embeddings with its real small model, and which engines may embed."""

import numpy as np
import pytest

from judges.engines import connect, local_embedding
from judges.engines.base import EngineUnsuited
from judges.engines.local_embedding import LocalEmbedder
from judges.services import register_engine
from judges.services.engines import connect_embedder, may_embed, offer_embedding_engine
from tests.judges.scripted_engine import engine_shape

SETTINGS = {"embeds": True, "device": "cpu"}


def embedder(**settings) -> LocalEmbedder:
    return connect("local", url="", model="", api_key="", settings=SETTINGS | settings)


@pytest.mark.model
def test_texts_of_one_meaning_have_nearer_vectors_than_others():
    vectors = embedder().embed(["What slows soil carbon loss?", "Keeping carbon in soils", "Bread recipes"])
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


@pytest.mark.model
def test_it_says_what_it_is_and_refuses_to_judge():
    engine = embedder()
    checks = engine.probe(["0", "1"])
    assert [check.name for check in checks] == ["reachable", "model", "embeds"]
    assert all(check.passed for check in checks)
    assert "384 dimensions" in checks[1].detail
    with pytest.raises(EngineUnsuited, match="judges nothing"):
        engine.label_logprobs([], ["0"])
    with pytest.raises(EngineUnsuited, match="judges nothing"):
        engine.generate([], max_tokens=1)


def test_it_has_the_shape_of_an_engine():
    from judges.engines.base import Engine

    assert engine_shape(LocalEmbedder) | {"embed": None} == engine_shape(Engine) | {"embed": None}


def test_a_folder_without_a_model_and_an_unknown_setting_are_refused_in_words(tmp_path):
    with pytest.raises(EngineUnsuited, match="no folder"):
        connect("local", url="", model=str(tmp_path / "none"), api_key="", settings=SETTINGS)
    with pytest.raises(EngineUnsuited, match="no setting colour"):
        embedder(colour="red")


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(local_embedding, "WHEEL", "no_such_wheel")
    with pytest.raises(EngineUnsuited, match=r"\[dense\]"):
        embedder()
    assert not local_embedding.is_installed()


def test_the_shipped_model_is_offered_once(db):
    engine = offer_embedding_engine()
    assert (engine.name, engine.model, engine.settings) == ("minilm", "all-MiniLM-L6-v2", {"embeds": True})
    assert offer_embedding_engine() == engine


def test_a_local_engine_that_judges_may_not_embed_and_servers_may(db):
    judging = register_engine("small", kind="local")
    assert not may_embed(judging)
    with pytest.raises(EngineUnsuited, match="embeds=true"):
        connect_embedder(judging)
    assert may_embed(register_engine("server", kind="openai", url="http://127.0.0.1:9/v1", model="m"))
