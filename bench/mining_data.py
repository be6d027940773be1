"""A collection for mining: numbered texts, vectors in clusters, and a model that returns them."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

N_CANDIDATES, N_QUERIES, N_CLUSTERS, DIMENSIONS = 200_000, 2_000, 2_000, 384
SPREAD = 0.8  # length of what is a vector's own, beside 1 for its cluster


class Collection(NamedTuple):
    """Files in one folder: a vector a row, float32; a text a line."""

    folder: Path

    def texts(self, kind: str) -> list[str]:
        return (self.folder / f"{kind}.txt").read_text().splitlines()

    def vectors(self, kind: str, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows of the file, read and not mapped, so that they count as what a model has made."""
        found = np.empty((rows.size, DIMENSIONS), dtype=np.float32)
        starts = np.flatnonzero(np.append(True, np.diff(rows) != 1))
        with (self.folder / f"{kind}.f32").open("rb") as file:
            for start, end in zip(starts, np.append(starts[1:], rows.size), strict=True):
                file.seek(int(rows[start]) * DIMENSIONS * 4)
                read = np.fromfile(file, dtype=np.float32, count=(end - start) * DIMENSIONS)
                found[start:end] = read.reshape(-1, DIMENSIONS)
        return found


def make(folder: Path) -> Collection:
    """Candidates of 2,000 clusters, and queries that lie where a cluster lies; seeded.

    Real embeddings differ most along few directions: the scale of a direction falls with its place.
    """
    folder.mkdir(exist_ok=True)
    chance = np.random.default_rng(11)
    scale = 1 / np.sqrt(1 + np.arange(DIMENSIONS) / 16)
    centres = _unit(chance.normal(size=(N_CLUSTERS, DIMENSIONS)) * scale)
    for kind, n in (("candidates", N_CANDIDATES), ("queries", N_QUERIES)):
        with (folder / f"{kind}.f32").open("wb") as file:
            for start in range(0, n, 20_000):
                rows = np.arange(start, min(n, start + 20_000))
                own = _unit(chance.normal(size=(rows.size, DIMENSIONS)) * scale)
                _unit(centres[rows % N_CLUSTERS] + SPREAD * own).astype(np.float32).tofile(file)
    _write_texts(folder)
    return Collection(folder)


def _write_texts(folder: Path) -> None:
    """A candidate has 40 to 90 words of 5,000; its number stands first."""
    chance = random.Random(11)
    words = [
        "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 11))) for _ in range(5000)
    ]
    for kind, n, least, most in (("candidates", N_CANDIDATES, 40, 90), ("queries", N_QUERIES, 6, 12)):
        with (folder / f"{kind}.txt").open("w") as file:
            for number in range(n):
                said = " ".join(chance.choices(words, k=chance.randint(least, most)))
                file.write(f"{number} {kind} {said}\n")


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class StandIn:
    """What both sides take for the model: a text's vector is the row that its first word counts."""

    device = "cpu"

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As Concord asks."""
        kind = texts[0].split(" ", 2)[1]
        rows = np.array([int(text.split(" ", 1)[0]) for text in texts])
        return self.collection.vectors(kind, rows)

    def close(self) -> None:
        pass

    def encode_document(self, texts: Sequence[str], **_settings: object) -> NDArray[np.float32]:
        """As sentence-transformers asks."""
        return self.embed(texts)

    encode_query = encode_document

    def get_embedding_dimension(self) -> int:
        return DIMENSIONS

    def similarity_pairwise(self, one: NDArray[np.float32], other: NDArray[np.float32]):
        import torch

        return torch.from_numpy((one * other).sum(axis=1))
