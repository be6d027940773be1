"""Tables and their items: what other libraries take is one row an item."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

# A slow or busy machine is no failure of a measure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def random_tables() -> NDArray[np.int64]:
    """Forty tables (40, 4, 4): full ones, sparse ones, and some with an unused grade."""
    generator = np.random.default_rng(7)
    tables = generator.poisson(generator.choice([0.4, 3, 40], size=(40, 1, 1)), size=(40, 4, 4))
    tables[::5, 2, :] = 0
    tables[::7, :, 0] = 0
    return tables


@pytest.fixture
def items_of() -> Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """A function from one table (K, J) to the row and the column position of every item in it."""

    def expand(table: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows, columns = np.indices(table.shape)
        return np.repeat(rows.ravel(), table.ravel()), np.repeat(columns.ravel(), table.ravel())

    return expand
