"""What a pool is made of: which miners look how deep, and how many candidates of a query are judged."""

from enum import StrEnum
from typing import Any, NamedTuple

MOST_DEPTH = 1000


class PoolRefused(ValueError):
    """The pool cannot be made like this; one sentence says why and what to choose."""


class Fusion(StrEnum):
    """How several miners' lists become one, for the cut to the budget alone."""

    RRF = "rrf"  # Σ 1/(60 + rank): Cormack, Clarke & Büttcher 2009
    PERCENTILE = "percentile"  # the mean, over all miners, of the share of a list that scores no higher


class Dense(NamedTuple):
    """A dense miner: an embedding engine by its key, and what its model wants before texts."""

    engine: int
    depth: int = 100
    query_prefix: str = ""
    candidate_prefix: str = ""


class PoolSettings(NamedTuple):
    """Depths are hits for each query; 0 leaves a miner out."""

    bm25: int = 100
    dense: Dense | None = None
    systems: tuple[int, ...] = ()
    system_depth: int = 100
    random: int = 10
    budget: int = 50
    fusion: Fusion = Fusion.RRF
    near_words: float = 0.8
    near_cosine: float = 0.97
    cut: int = 2
    split: str | None = None
    with_positives_only: bool = True
    seed: int = 0

    def as_json(self) -> dict[str, Any]:
        """The settings as plain data; `settings_of` reads them back."""
        return {
            **self._asdict(),
            "dense": self.dense._asdict() if self.dense else None,
            "systems": list(self.systems),
            "fusion": str(self.fusion),
        }


def settings_of(stored: dict[str, Any]) -> PoolSettings:
    """The settings that this data describes. Raises PoolRefused."""
    try:
        dense = stored.get("dense")
        found = PoolSettings(
            **stored
            | {
                "dense": Dense(**dense) if dense else None,
                "systems": tuple(stored.get("systems", ())),
                "fusion": Fusion(stored.get("fusion", Fusion.RRF)),
            }
        )
    except (TypeError, ValueError) as problem:
        raise PoolRefused(f"These are no settings of a pool: {problem}.") from problem
    depths = [found.bm25, found.random, *([found.dense.depth] if found.dense else [])]
    depths += [found.system_depth] if found.systems else []
    if not any(depths):
        raise PoolRefused("Choose at least one miner: BM25, embeddings, run files or chance.")
    if any(not 0 <= depth <= MOST_DEPTH for depth in depths):
        raise PoolRefused(f"A miner looks 0 to {MOST_DEPTH:,} hits deep.")
    if found.seed < 0:
        raise PoolRefused("A seed is zero or more.")
    if found.budget < 1:
        raise PoolRefused("The budget is at least one candidate of each query.")
    if not 0 < found.near_words <= 1 or not 0 < found.near_cosine <= 1:
        raise PoolRefused("A near-duplicate is told by a likeness above 0 and up to 1.")
    return found
