"""Engines: registered by site admins, probed, and opened for work."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from corpus.audit import record
from corpus.models import User
from corpus.models.audit import Verb
from judges.engines import base, connect, local_embedding
from judges.engines.base import EngineUnavailable, EngineUnsuited
from judges.models import Engine
from judges.models.engine import KeyUnreadable
from judges.prompting import ABSTAIN_LABEL
from judges.services.addresses import AddressRefused, check_url, is_listed

PROBE_LABELS = ("0", "1", "2", "3")
EMBEDDING_ENGINE = "minilm"


class EngineRefused(Exception):
    """The engine cannot be registered like this; one sentence says why."""


def register_engine(
    name: str,
    *,
    kind: str,
    url: str = "",
    model: str = "",
    api_key: str = "",
    engine_settings: dict | None = None,
    price_in: float = 0,
    price_out: float = 0,
    by: User | None = None,
) -> Engine:
    """Store an engine; the key is encrypted. Asks the engine nothing: that is probe_engine's work.

    Raises EngineRefused for an unknown kind, a URL that may not be one, or a name that is taken.
    """
    if kind not in Engine.Kind.values:
        raise EngineRefused(
            f"There is no engine of kind “{kind}”; the kinds are {', '.join(Engine.Kind.values)}."
        )
    if not name.strip():
        raise EngineRefused("An engine needs a name.")
    if kind == Engine.Kind.LOCAL:
        if url or api_key:
            raise EngineRefused("A local engine runs in the worker: it has no URL and no key.")
    else:
        if not model:
            raise EngineRefused("Say which model the server is asked for.")
        if not url.split():
            raise EngineRefused("Say at which address the server is.")
        try:
            for each in url.split():
                check_url(each, private=settings.ENGINE_PRIVATE_ADDRESSES)
        except AddressRefused as refusal:
            raise EngineRefused(str(refusal)) from refusal
    engine = Engine(
        name=name.strip(),
        kind=kind,
        url="\n".join(url.split()),
        model=model,
        settings=engine_settings or {},
        price_in=price_in,
        price_out=price_out,
        created_by=by,
    )
    engine.api_key = api_key
    try:
        with transaction.atomic():
            engine.save()
            record(Verb.ENGINE_MADE, engine, by=by, kind=kind)
    except IntegrityError as error:
        raise EngineRefused(f"There is already an engine called “{name.strip()}”.") from error
    return engine


def offer_engine(name: str, *, url: str, model: str, api_key: str) -> Engine:
    """The vLLM engine of this name at this address: a new one, or the one that was served before.

    Raises EngineRefused where the name belongs to an engine of another kind or model.
    """
    engine = Engine.objects.filter(name=name).first()
    if engine is None:
        return register_engine(name, kind=Engine.Kind.VLLM, url=url, model=model, api_key=api_key)
    if (engine.kind, engine.model) != (Engine.Kind.VLLM, model):
        raise EngineRefused(f"There is another engine called “{name}”: choose a name with --name.")
    engine.url, engine.api_key = url, api_key
    engine.save(update_fields=["url", "encrypted_key"])
    return engine


@transaction.atomic
def encrypt_keys_anew() -> int:
    """Encrypt every engine's key with the first key of ENGINE_KEY; how many. Raises KeyUnreadable."""
    engines = list(Engine.objects.select_for_update().exclude(encrypted_key=None))
    for engine in engines:
        engine.api_key = engine.api_key
        engine.save(update_fields=["encrypted_key"])
    return len(engines)


def connect_engine(engine: Engine) -> base.Engine:
    """The engine, ready to be asked; close it afterwards.

    Raises EngineUnsuited where its address is no longer permitted, its key cannot be read or its model
    cannot be loaded.
    """
    engine_settings = dict(engine.settings)
    if engine.kind == Engine.Kind.LOCAL:
        engine_settings.setdefault("var", str(settings.VAR))
    else:
        try:
            for url in engine.urls:
                check_url(url, private=settings.ENGINE_PRIVATE_ADDRESSES)
        except AddressRefused as refusal:
            raise EngineUnsuited(str(refusal)) from refusal
    try:
        api_key = engine.api_key
    except KeyUnreadable as problem:
        raise EngineUnsuited(str(problem)) from problem
    return connect(engine.kind, url=engine.url, model=engine.model, api_key=api_key, settings=engine_settings)


def connect_embedder(engine: Engine) -> base.Embedder:
    """The engine as one that embeds texts; close it afterwards.

    Raises EngineUnsuited as connect_engine does, and for a local engine that was made for judging.
    """
    if not may_embed(engine):
        raise EngineUnsuited(
            f"The engine “{engine}” judges and gives no embeddings; a local one that does has the setting"
            " embeds=true and a sentence-transformers model."
        )
    opened = connect_engine(engine)
    assert hasattr(opened, "embed")
    return opened


def may_embed(engine: Engine) -> bool:
    """Whether it can be asked for embeddings: any server, or a local engine made for them."""
    return engine.kind != Engine.Kind.LOCAL or bool(engine.settings.get("embeds"))


def offer_embedding_engine() -> Engine | None:
    """The local engine of the embedding model that ships, made on first use; None without extra [dense]."""
    if not local_embedding.is_installed():
        return None
    return Engine.objects.filter(name=EMBEDDING_ENGINE).first() or register_engine(
        EMBEDDING_ENGINE,
        kind=Engine.Kind.LOCAL,
        model=local_embedding.DEFAULT_MODEL,
        engine_settings={"embeds": True},
    )


def probe_engine(engine: Engine) -> list[base.Check]:
    """Look at the engine and store what was found as its last probe; what is wrong is said by a check."""
    try:
        opened = connect_engine(engine)
    except (EngineUnsuited, EngineUnavailable) as problem:
        checks = [base.Check("can be used", False, str(problem), "Mend this and probe again.")]
    else:
        try:
            checks = opened.probe(PROBE_LABELS, abstain=ABSTAIN_LABEL)
        finally:
            opened.close()
    engine.last_probe = [check._asdict() for check in checks]
    engine.probed_at = timezone.now()
    engine.save(update_fields=["last_probe", "probed_at"])
    return checks


def is_outside(engine: Engine) -> bool:
    """Whether texts sent to the engine leave this machine.

    Addresses that the site's operator listed in ENGINE_PRIVATE_ADDRESSES count as inside.
    """
    return not all(is_listed(host, private=settings.ENGINE_PRIVATE_ADDRESSES) for host in engine.hosts)
