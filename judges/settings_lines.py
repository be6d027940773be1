"""Settings and options as people type them: name=value, the value read as YAML (0.1, true, [2, 0], text)."""

from collections.abc import Iterable
from typing import Any

import yaml


class LineRefused(Exception):
    """A line is not name=value; one sentence says which."""


def read_pairs(lines: Iterable[str]) -> dict[str, Any]:
    """The values by name; blank lines are left out. Raises LineRefused."""
    pairs = {}
    for line in lines:
        if not line.strip():
            continue
        name, sign, value = line.partition("=")
        if not sign or not name.strip():
            raise LineRefused(f"“{line.strip()}” is not name=value.")
        try:
            pairs[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise LineRefused(f"The value in “{line.strip()}” cannot be read.") from error
    return pairs
