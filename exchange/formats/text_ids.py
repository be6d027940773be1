"""Ids for queries and candidates that a file knows by their texts alone: the same text, the same id."""

from hashlib import blake2b

LONGEST_QUERY = 200


def id_of_query(text: str) -> str:
    """The text itself where it can be an id, as Quepid has it; else a digest of it."""
    stripped = text.strip()
    if 0 < len(stripped) <= LONGEST_QUERY and stripped.isprintable():
        return stripped
    return f"query-{_digest(text)}"


def id_of_candidate(title: str, text: str) -> str:
    """A digest of title and text."""
    return f"text-{_digest(chr(0).join((title, text)))}"


def _digest(text: str) -> str:
    """Sixteen hex digits (BLAKE2b, 8 bytes)."""
    return blake2b(text.encode(), digest_size=8).hexdigest()
