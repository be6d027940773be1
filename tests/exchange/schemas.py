"""The shapes that labelling tools document for their files, as JSON Schemas of our own (schemas/*.json)."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).with_name("schemas")


def hold_to(name: str, value: object) -> None:
    """Fails, with the place and the reason, where the value is not of that shape."""
    schema = json.loads((FOLDER / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(value)
