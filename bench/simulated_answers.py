"""Answers of made-up judges in the six cells of a compliance experiment, with a truth that is known."""

import numpy as np
from numpy.typing import NDArray

CELLS = ("N0", "N1", "B0", "B1", "T0", "T1")
PLANNED = [(0, 1), (4, 5), (0, 4), (1, 3), (0, 5)]  # N1−N0, T1−T0, T0−N0, B1−N1, T1−N0


def simulate(
    shifts: dict[str, float],
    *,
    n_items: int = 1_000,
    repeats: int = 1,
    accuracy: float = 0.75,
    discordance: float = 0.2,
    seed: int = 0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correct answers and answers (6, N) of one judge; a cell's shift is how much its accuracy moves.

    Two cells with the same accuracy differ on `discordance` of the items: an item keeps its own answer with
    a chance, and is else answered anew with the cell's accuracy. So for two cells with accuracy a the
    discordance is (1 − keep²) · 2a(1 − a), which gives `keep`. Repeats of one cell differ in the same way.
    A shift of −s turns so many of the right answers wrong.
    """
    generator = np.random.default_rng(seed)
    keep = np.sqrt(1 - discordance / (2 * accuracy * (1 - accuracy)))
    own = generator.random(n_items) < accuracy
    shape = (len(CELLS), n_items, repeats)
    anew = generator.random(shape) < accuracy
    right = np.where(generator.random(shape) < keep, own[None, :, None], anew)
    for place, cell in enumerate(CELLS):
        shift = shifts.get(cell, 0.0)
        turned = generator.random(shape[1:]) < abs(shift) / (accuracy if shift < 0 else 1 - accuracy)
        right[place] = np.where(turned, shift > 0, right[place])
    return right.sum(axis=2).astype(float), np.full(shape[:2], float(repeats))
