from mining.models.embedding import CandidateVector, Embedding, QueryVector
from mining.models.pool import Pool, PoolEntry, PoolHit
from mining.models.selection import STATES, Selection, SelectionEntry

__all__ = [
    "STATES",
    "CandidateVector",
    "Embedding",
    "Pool",
    "PoolEntry",
    "PoolHit",
    "QueryVector",
    "Selection",
    "SelectionEntry",
]
