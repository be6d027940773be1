"""From messages to token ids for the local engine: chat template, labels in context, texts after a prefix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judges.engines.base import EngineUnsuited, Prefix

ENDING = 64  # characters of a prompt's end that decide how a label after it is tokenised


class Renderer:
    """Renders prompts with the tokenizer's chat template; a model without one reads the bare messages."""

    def __init__(self, tokenizer: Any, template_settings: Mapping[str, Any]) -> None:
        self.tokenizer = tokenizer
        self.template_settings = {"enable_thinking": False, **template_settings}
        self._labels_after: dict[tuple[str, tuple[str, ...]], list[int]] = {}

    def render(self, prefix: Prefix) -> str:
        """The text the model reads; messages end where its reply would begin."""
        if isinstance(prefix, str):
            return prefix
        if self.tokenizer.chat_template:
            return str(
                self.tokenizer.apply_chat_template(
                    prefix, tokenize=False, add_generation_prompt=True, **self.template_settings
                )
            )
        return "\n\n".join(message["content"] for message in prefix)

    def encode(self, prefix: Prefix, text: str = "") -> list[int]:
        """Token ids of the rendered prefix with `text` after it, tokenised as one string."""
        templated = not isinstance(prefix, str) and bool(self.tokenizer.chat_template)
        # A chat template writes the beginning-of-text token itself.
        encoded = self.tokenizer(self.render(prefix) + text, add_special_tokens=not templated)
        return list(encoded["input_ids"])

    def label_ids(self, prefix: Prefix, tokens: Sequence[int], labels: Sequence[str]) -> list[int]:
        """The token each label is right after this prompt; `tokens` are the prompt's.

        Tokenisers write a word differently after a space, a line end or another word, hence "right after
        this prompt". Raises EngineUnsuited where a label is not one token, or two labels are the same one.
        """
        ending = self.render(prefix)[-ENDING:]
        key = (ending, tuple(labels))
        if key not in self._labels_after:
            ids = [self._label_id(prefix, tokens, label, ending) for label in labels]
            if len(set(ids)) < len(ids):
                shown = ", ".join(labels)
                raise EngineUnsuited(f"Two of the labels {shown} are one token after “{_show_end(ending)}”.")
            self._labels_after[key] = ids
        return self._labels_after[key]

    def _label_id(self, prefix: Prefix, tokens: Sequence[int], label: str, ending: str) -> int:
        n_prompt = len(tokens)
        together = self.encode(prefix, label)
        if label and together[:n_prompt] == list(tokens) and len(together) == n_prompt + 1:
            return together[n_prompt]
        raise EngineUnsuited(
            f"The label “{label}” is not a single token for this model after a prompt that ends in "
            f"“{_show_end(ending)}”: choose a shorter label, or another ending."
        )

    def continuation(self, prefix: Prefix, text: str) -> tuple[list[int], int]:
        """Token ids of prefix and text, tokenised as one string, and how many of them are the text's.

        A token that spans the border belongs to the text. With nothing at all before the text, it stands
        after the model's beginning-of-text token, as log p(text) needs something to stand after.
        """
        before = self.encode(prefix)
        together = self.encode(prefix, text)
        n_before = 0
        for left, right in zip(before, together, strict=False):
            if left != right:
                break
            n_before += 1
        if n_before == 0:
            start = self.tokenizer.bos_token_id
            start = self.tokenizer.eos_token_id if start is None else start
            if start is None:
                raise EngineUnsuited("This model has no beginning-of-text token: give the text a prefix.")
            return [int(start), *together], len(together)
        return together, len(together) - n_before


def _show_end(ending: str) -> str:
    """The last characters on one line, as they stand in messages to people."""
    return "…" + ending[-40:].replace("\n", "⏎")
