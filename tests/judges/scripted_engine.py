"""An engine whose log-probabilities a test writes down, so that the arithmetic after it can be shown."""

import inspect
import math

from judges.engines.base import Check, ContinuationLogprob, Engine, ItemFault, LabelLogprobs, Reply


class ScriptedEngine:
    """`labels` maps a word of the prompt to label probabilities (or a fault); `bounded` labels are bounds.

    `texts` maps a word of the prefix to log p(text | prefix), `replies` one of the prompt to what is written
    (a text ending in "…" was cut). `asked` lists what was asked, in order.
    """

    def __init__(self, *, labels=None, texts=None, replies=None, bounded=(), context_tokens=None) -> None:
        self.replies = replies or {}
        self.labels = labels or {}
        self.texts = texts or {}
        self.bounded = frozenset(bounded)
        self.context_tokens = context_tokens
        self.asked: list = []

    def count_tokens(self, prompt) -> int:
        """One token a word."""
        texts = [prompt] if isinstance(prompt, str) else [message["content"] for message in prompt]
        return sum(len(text.split()) for text in texts)

    def label_logprobs(self, prompts, labels) -> list[LabelLogprobs | ItemFault]:
        self.asked += prompts
        return [self._answer(prompt, labels) for prompt in prompts]

    def _answer(self, prompt, labels) -> LabelLogprobs | ItemFault:
        text = prompt[-1]["content"]
        found = next(value for word, value in self.labels.items() if word in text)
        if isinstance(found, ItemFault):
            return found
        mass = sum(found[label] for label in labels if label not in self.bounded)
        logprobs = {label: math.log(found[label]) for label in labels}
        return LabelLogprobs(logprobs, self.bounded, mass, 100, 1, 64, 7)

    def continuation_logprobs(self, prefixes, texts) -> list[ContinuationLogprob | ItemFault]:
        self.asked += zip(prefixes, texts, strict=True)
        answers = []
        for prefix, text in zip(prefixes, texts, strict=True):
            found = next(value for word, value in self.texts.items() if word in prefix[-1]["content"])
            n_tokens = len(text.split())
            answers.append(
                found if isinstance(found, ItemFault) else ContinuationLogprob(found, n_tokens, 50, 10, 5)
            )
        return answers

    def generate(self, prompts, *, max_tokens, schema=None) -> list[Reply | ItemFault]:
        self.asked += [(prompt, max_tokens, schema) for prompt in prompts]
        written = []
        for prompt in prompts:
            text = next(value for word, value in self.replies.items() if word in prompt[-1]["content"])
            if isinstance(text, ItemFault):
                written.append(text)
                continue
            finish = "length" if text.endswith("…") else "stop"
            written.append(Reply(text, finish, 100, len(text.split()), 64, 9))
        return written

    n_at_once = 1

    def probe(self, labels, *, abstain="") -> list[Check]:
        return []

    def close(self) -> None:
        pass


def engine_shape(kind: type) -> dict[str, list[str]]:
    """The parameters of every call an engine answers."""
    calls = [name for name, value in vars(Engine).items() if inspect.isfunction(value) and name[0] != "_"]
    return {name: list(inspect.signature(getattr(kind, name)).parameters) for name in calls}
