"""The local engine: any Hugging Face folder, run in this process by transformers and torch.

Log-probabilities are exact: a softmax over the full vocabulary in float32. Settings (all optional):
`device` ("cpu", "cuda"; default: a GPU where there is one), `dtype` ("float32", "bfloat16", "float16";
default float32: bfloat16 ties scores, and is a hundred times slower on most CPUs), `batch_size` (8 on a
CPU, 32 on a GPU), `context_tokens` (less than the model's own), `chat_template_kwargs`, and `var`, the
folder under which the default model is kept (else CONCORD_VAR, else "var").
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import torch
import transformers
from transformers.cache_utils import DynamicCache, DynamicLayer

from judges.engines.base import (
    Check,
    ContinuationLogprob,
    EngineClosed,
    EngineUnsuited,
    ItemFault,
    LabelLogprobs,
    Prefix,
    Prompt,
    Reply,
)
from judges.engines.local_batches import Group, Limits, Sequenced, plan_groups
from judges.engines.local_model import DEFAULT_MODEL, default_model_folder
from judges.engines.local_text import Renderer
from judges.engines.probing import (
    check_abstain,
    check_context,
    check_distinct_scores,
    check_full_vocabulary,
    check_labels,
    check_throughput,
)

SETTINGS = {"device", "dtype", "batch_size", "context_tokens", "chat_template_kwargs", "var"}
Answer = TypeVar("Answer")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Loaded(NamedTuple):
    """Weights and tokenizer of one folder on one device; `can_share` where beginnings may be run once."""

    model: Any
    tokenizer: Any
    accepts: frozenset[str]
    can_share: bool


class LocalEngine:
    """Runs a causal language model in this process; batches are padded on the left."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        name: str,
        batch_size: int,
        context_tokens: int | None = None,
        chat_template_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.loaded = loaded
        self.name = name
        self.limits = Limits(rows=batch_size)
        self.renderer = Renderer(loaded.tokenizer, chat_template_kwargs or {})
        self.context_tokens = context_tokens or _context_of(loaded.model)
        self._closed = threading.Event()

    @classmethod
    def from_settings(cls, model: str, settings: Mapping[str, Any]) -> Self:
        """Load the model's folder (empty or "SmolLM2-135M-Instruct": the default model, made where missing).

        Raises EngineUnsuited for an unknown setting, a folder without a model or a device that is not there.
        """
        if unknown := set(settings) - SETTINGS:
            raise EngineUnsuited(f"The local engine has no setting {', '.join(sorted(unknown))}.")
        if model in ("", DEFAULT_MODEL):
            folder = default_model_folder(Path(settings.get("var") or os.environ.get("CONCORD_VAR") or "var"))
        else:
            folder = Path(model).expanduser()
        device = settings.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = settings.get("dtype") or "float32"
        if dtype not in DTYPES:
            raise EngineUnsuited(f"The setting dtype is one of {', '.join(DTYPES)}, not “{dtype}”.")
        with _LOADING:
            loaded = _load(folder.resolve(), device, dtype)
        return cls(
            loaded,
            name=folder.name,
            batch_size=int(settings.get("batch_size") or (8 if device == "cpu" else 32)),
            context_tokens=settings.get("context_tokens"),
            chat_template_kwargs=settings.get("chat_template_kwargs"),
        )

    def count_tokens(self, prompt: Prefix) -> int:
        """How many tokens the prompt takes once rendered."""
        return len(self.renderer.encode(prompt))

    def label_logprobs(
        self, prompts: Sequence[Prompt], labels: Sequence[str]
    ) -> list[LabelLogprobs | ItemFault]:
        """Exact log-probability of each label as the next token; see Engine."""
        answers: list[LabelLogprobs | ItemFault | None] = [None] * len(prompts)
        sequences = [Sequenced(self.renderer.encode(prompt), wanted=1) for prompt in prompts]
        fitting = self._mark_long(sequences, answers)
        label_ids = {i: self.renderer.label_ids(prompts[i], sequences[i].tokens, labels) for i in fitting}
        for i, logprobs, n_cached, latency_ms in self._run(sequences, fitting):
            values = logprobs[0, label_ids[i]].tolist()
            answers[i] = LabelLogprobs(
                logprobs=dict(zip(labels, values, strict=True)),
                bounded=frozenset(),
                mass=min(1.0, sum(math.exp(value) for value in values)),
                tokens_in=len(sequences[i].tokens),
                tokens_out=0,
                tokens_cached=n_cached,
                latency_ms=latency_ms,
            )
        return _all_answered(answers)

    def continuation_logprobs(
        self, prefixes: Sequence[Prefix], texts: Sequence[str]
    ) -> list[ContinuationLogprob | ItemFault]:
        """log p(text | prefix), summed over the text's tokens; see Engine."""
        answers: list[ContinuationLogprob | ItemFault | None] = [None] * len(prefixes)
        sequences = []
        for i, (prefix, text) in enumerate(zip(prefixes, texts, strict=True)):
            tokens, n_text = self.renderer.continuation(prefix, text)
            if not n_text:
                answers[i] = ItemFault("empty", "there is no text whose likelihood could be taken")
            # The last token's own logits say what follows it and are dropped: one position more is run.
            sequences.append(Sequenced(tokens, wanted=n_text + 1))
        fitting = self._mark_long(sequences, answers)
        for i, logprobs, n_cached, latency_ms in self._run(sequences, fitting):
            n_text = sequences[i].wanted - 1
            targets = torch.tensor(sequences[i].tokens[-n_text:], device=logprobs.device)
            answers[i] = ContinuationLogprob(
                logprob=float(logprobs[:-1].gather(1, targets[:, None]).sum(dtype=torch.float64)),
                n_tokens=n_text,
                tokens_in=len(sequences[i].tokens),
                tokens_cached=n_cached,
                latency_ms=latency_ms,
            )
        return _all_answered(answers)

    def generate(
        self, prompts: Sequence[Prompt], *, max_tokens: int, schema: Mapping[str, Any] | None = None
    ) -> list[Reply | ItemFault]:
        """The greedy reply to each prompt; a schema raises EngineUnsuited: nothing here could hold to it."""
        if schema is not None:
            raise EngineUnsuited(
                "The local engine cannot hold a reply to a JSON schema: "
                "use a prompt whose reply is a pattern, or an engine served over HTTP."
            )
        answers: list[Reply | ItemFault | None] = [None] * len(prompts)
        sequences = [Sequenced(self.renderer.encode(prompt), wanted=1) for prompt in prompts]
        fitting = self._mark_long(sequences, answers, n_more=max_tokens)
        group = plan_groups([sequences[i] for i in fitting], self.limits, shortest_shared=10**9)
        for batch in (batch for planned in group for batch in planned.batches):
            for i, reply in self._generate_batch([fitting[n] for n in batch], sequences, max_tokens):
                answers[i] = reply if reply.text.strip() else ItemFault("empty", "the model wrote nothing")
        return _all_answered(answers)

    @property
    def n_at_once(self) -> int:
        """One: a batch fills the machine."""
        return 1

    def probe(self, labels: Sequence[str], *, abstain: str = "") -> list[Check]:
        """The model answers, labels are single tokens, log-probabilities exact, scores distinct."""
        weights = next(self.loaded.model.parameters())
        where = f"{weights.dtype} on {weights.device}".replace("torch.", "")
        checked = check_labels(self, labels)
        found = [
            Check("reachable", True, f"{self.name} is loaded as {where}", ""),
            Check("model", True, f"{self.name}, {weights_in_words(self.loaded.model)}", ""),
            check_context(self.context_tokens),
            checked,
        ]
        if not checked.passed:
            return found
        return [
            *found,
            *([check_abstain(self, labels, abstain)] if abstain else []),
            check_full_vocabulary(self._probability_of_everything()),
            check_distinct_scores(
                self,
                labels,
                remedy="Set the engine's dtype to float32: a 16-bit head rounds scores into ties.",
            ),
            check_throughput(self, labels),
        ]

    def close(self) -> None:
        """Stop after the batch, or the token, at hand; the weights stay for this process's next engine."""
        self._closed.set()

    def _mark_long(self, sequences: Sequence[Sequenced], answers: list[Any], *, n_more: int = 0) -> list[int]:
        """Give prompts that don't fit their fault; return the indices of those left to run."""
        for i, sequence in enumerate(sequences):
            n_tokens = len(sequence.tokens) + n_more
            if answers[i] is None and self.context_tokens and n_tokens > self.context_tokens:
                answers[i] = ItemFault("error", f"{n_tokens} tokens; the model takes {self.context_tokens}")
        return [i for i, answer in enumerate(answers) if answer is None]

    def _run(
        self, sequences: Sequence[Sequenced], indices: Sequence[int]
    ) -> Iterator[tuple[int, torch.Tensor, int, int]]:
        """For each index: log-probabilities (wanted, vocabulary), tokens not run again, milliseconds."""
        chosen = [sequences[i] for i in indices]
        shortest = {} if self.loaded.can_share else {"shortest_shared": 10**9}
        for group in plan_groups(chosen, self.limits, **shortest):
            for n, logprobs, n_cached, latency_ms in self._run_group(group, chosen):
                yield indices[n], logprobs, n_cached, latency_ms

    def _run_group(
        self, group: Group, sequences: Sequence[Sequenced]
    ) -> Iterator[tuple[int, torch.Tensor, int, int]]:
        began = time.monotonic()
        kept = self._keep_beginning(sequences[group.batches[0][0]].tokens[: group.n_shared])
        n_cached = 0  # the first prompt of a group pays for its beginning
        for batch in group.batches:
            if self._closed.is_set():
                raise EngineClosed("The engine was closed.")
            logits = self._logits([sequences[i] for i in batch], group.n_shared, kept)
            latency_ms = round((time.monotonic() - began) * 1000)
            for row, i in enumerate(batch):
                wanted = logits[row, -sequences[i].wanted :].float()
                yield i, torch.log_softmax(wanted, dim=-1), n_cached, latency_ms
                n_cached = group.n_shared
            began = time.monotonic()

    def _keep_beginning(self, tokens: list[int]) -> DynamicCache | None:
        if not tokens:
            return None
        with torch.inference_mode():
            ids = torch.tensor([tokens], device=self.loaded.model.device)
            kept: DynamicCache = self._forward(
                input_ids=ids, use_cache=True, logits_to_keep=1
            ).past_key_values
            return kept

    def _logits(self, batch: Sequence[Sequenced], n_shared: int, kept: DynamicCache | None) -> torch.Tensor:
        """Logits (rows, most wanted, vocabulary), rows aligned at their ends."""
        rest = [sequence.tokens[n_shared:] for sequence in batch]
        ids, mask = self._pad_left(rest)
        mask = torch.cat([mask.new_ones(len(batch), n_shared), mask], dim=1)
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, n_shared:]
        wanted = max(sequence.wanted for sequence in batch)
        with torch.inference_mode():
            if kept is not None:
                kept = copy.deepcopy(kept)
                kept.batch_repeat_interleave(len(batch))
            logits: torch.Tensor = self._forward(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=kept,
                use_cache=kept is not None,
                logits_to_keep=wanted,
            ).logits
        return logits[:, -wanted:]

    def _forward(self, **inputs: Any) -> Any:
        return self.loaded.model(
            **{name: value for name, value in inputs.items() if name in self.loaded.accepts}
        )

    def _pad_left(self, rows: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(row) for row in rows)
        ids = torch.zeros(len(rows), width, dtype=torch.long)
        mask = torch.zeros(len(rows), width, dtype=torch.long)
        for n, row in enumerate(rows):
            ids[n, width - len(row) :] = torch.tensor(row)
            mask[n, width - len(row) :] = 1
        device = self.loaded.model.device
        return ids.to(device), mask.to(device)

    def _generate_batch(
        self, batch: list[int], sequences: Sequence[Sequenced], max_tokens: int
    ) -> Iterator[tuple[int, Reply]]:
        began = time.monotonic()
        ids, mask = self._pad_left([sequences[i].tokens for i in batch])
        tokenizer = self.loaded.tokenizer
        with torch.inference_mode():
            written = self.loaded.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max_tokens,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                pad_token_id=tokenizer.pad_token_id
                if tokenizer.pad_token_id is not None
                else tokenizer.eos_token_id,
                stopping_criteria=[lambda _ids, _scores, **_more: self._closed.is_set()],
            )[:, ids.shape[1] :]
        if self._closed.is_set():
            raise EngineClosed("The engine was closed.")
        latency_ms = round((time.monotonic() - began) * 1000)
        ends = self.loaded.model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, list) else [ends])
        for row, i in zip(written.tolist(), batch, strict=True):
            n_out = next((n for n, token in enumerate(row) if token in ends), len(row))
            yield (
                i,
                Reply(
                    text=tokenizer.decode(row[:n_out], skip_special_tokens=True),
                    finish_reason="stop" if n_out < len(row) else "length",
                    tokens_in=len(sequences[i].tokens),
                    tokens_out=min(n_out + 1, len(row)),
                    tokens_cached=0,
                    latency_ms=latency_ms,
                ),
            )

    def _probability_of_everything(self) -> float:
        tokens = self.renderer.encode([{"role": "user", "content": "Good morning."}])
        _, logprobs, *_ = next(self._run([Sequenced(tokens, wanted=1)], [0]))
        return float(logprobs.exp().sum())


_LOADING = threading.Lock()


@lru_cache(maxsize=2)
def _load(folder: Path, device: str, dtype: str) -> Loaded:
    if not (folder / "config.json").is_file():
        raise EngineUnsuited(
            f"{folder} holds no Hugging Face model (no config.json in it): give the folder that "
            f"“save_pretrained” or a download made, or leave the model empty for {DEFAULT_MODEL}."
        )
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=DTYPES[dtype], local_files_only=True
        )
        model.to(device).eval()  # type: ignore[arg-type]
    except (OSError, ValueError, RuntimeError) as problem:
        raise EngineUnsuited(
            f"{folder} cannot be loaded on “{device}”: {str(problem).splitlines()[0]}"
        ) from problem
    return Loaded(model, tokenizer, frozenset(inspect.signature(model.forward).parameters), _can_share(model))


def _can_share(model: Any) -> bool:
    """Whether keys and values of a beginning can be kept: plain attention in every layer."""
    with torch.inference_mode():
        kept = getattr(
            model(torch.zeros(1, 1, dtype=torch.long, device=model.device)), "past_key_values", None
        )
    return isinstance(kept, DynamicCache) and all(type(layer) is DynamicLayer for layer in kept.layers)


def weights_in_words(model: Any) -> str:
    """The checkpoint's own revision, or a fingerprint: SHA-256 over the first values of every parameter."""
    if revision := getattr(model.config, "_commit_hash", None):
        return f"revision {revision[:12]}"
    digest = hashlib.sha256()
    for name, values in model.named_parameters():
        digest.update(name.encode() + values.detach().flatten()[:64].float().cpu().numpy().tobytes())
    return f"weights {digest.hexdigest()[:12]}"


def _context_of(model: Any) -> int | None:
    return getattr(model.config.get_text_config(), "max_position_embeddings", None)


def _all_answered(answers: Sequence[Answer | None]) -> list[Answer]:
    done = [answer for answer in answers if answer is not None]
    assert len(done) == len(answers)
    return done
