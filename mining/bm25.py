"""The BM25 miner: all candidates as one sparse matrix of word scores in memory.

It needs about 4 bytes for every word of every candidate and 28 for every different word of each while it is
made (200,000 passages of 60 words: about 300 MB); texts themselves are read in pieces and dropped.
"""

import logging
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import bm25s
import numpy as np
from numpy.typing import NDArray

from mining.hits import Hits
from mining.texts import Text
from mining.words import words


class Documents(Sequence):
    """The candidates' words as numbers, in one array; one candidate's become a list when it is looked at."""

    def __init__(self) -> None:
        self.words = array("i")
        self.ends = array("q")

    def add(self, numbers: Iterable[int]) -> None:
        self.words.extend(numbers)
        self.ends.append(len(self.words))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, place):
        start = self.ends[place - 1] if place else 0
        return self.words[start : self.ends[place]].tolist()

    def __iter__(self) -> Iterator[list[int]]:
        start = 0
        for end in self.ends:
            yield self.words[start:end].tolist()
            start = end


class WordIndex:
    """Candidates by their words. `look` is called as texts come in, with how many have."""

    def __init__(self, texts: Iterable[Sequence[Text]], *, look: Callable[[int], None]) -> None:
        self.keys = array("q")
        self.vocabulary: dict[str, int] = {}
        documents, number = Documents(), self.vocabulary.setdefault
        for block in texts:
            for text in block:
                self.keys.append(text.id)
                documents.add([number(word, len(self.vocabulary)) for word in words(text.text)])
            look(len(self.keys))
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # its import makes it tell every step
        self.matrix = bm25s.BM25()
        if self.vocabulary:
            self.matrix.index(
                _Corpus(documents, self.vocabulary), show_progress=False, create_empty_token=False
            )

    def search(self, queries: Sequence[Text], *, depth: int) -> Hits:
        """The best candidates of each query, those without a common word left out."""
        keys = np.frombuffer(self.keys, dtype=np.int64)
        found = []
        for query in queries:
            known = [self.vocabulary[word] for word in words(query.text) if word in self.vocabulary]
            if not known:
                continue
            scores = self.matrix.get_scores_from_ids(known)
            best = _best(scores, depth)
            n = best.size
            found.append((np.full(n, query.id), keys[best], np.arange(1, n + 1), scores[best]))
        if not found:
            none = np.zeros(0, dtype=np.int64)
            return Hits(none, none, none, np.zeros(0))
        return Hits(*(np.concatenate(column) for column in zip(*found, strict=True)))


class _Corpus(NamedTuple):
    """What bm25s takes: words as numbers, and the words by number."""

    ids: Documents
    vocab: dict[str, int]


def _best(scores: NDArray[np.float32], depth: int) -> NDArray[np.intp]:
    """Where the highest scores above zero are, the highest first; equal ones in their order."""
    if scores.size > depth:
        floor = np.partition(scores, scores.size - depth)[scores.size - depth]
        places = np.flatnonzero(scores >= max(floor, np.finfo(np.float32).tiny))
    else:
        places = np.flatnonzero(scores > 0)
    return places[np.argsort(-scores[places], kind="stable")][:depth]
