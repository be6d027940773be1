"""README.md and manifest.json of a release: what it says of itself, made of its facts alone."""

from collections.abc import Sequence
from typing import Any

import orjson

from exchange.datasets.plan import Plan
from exchange.models import Release
from exchange.releases.card import Card, front_matter, make_card

README, MANIFEST = "README.md", "manifest.json"
PAPERS = "papers"


def card_of(release: Release) -> Card:
    """The release's facts as the card reads them."""
    facts = {"tally": {"queries": {}, "rows": []}, "missed": {}, "selection": None} | release.facts
    return Card(
        facts,
        name=release.name,
        version=release.version,
        plan=Plan.from_json(release.plan),
        licence=release.licence,
        day=f"{release.made_at:%Y-%m-%d}" if release.made_at else "",
    )


def make_readme(release: Release, files: Sequence[dict[str, Any]]) -> bytes:
    """The card with its head; `files` are the data files."""
    card = card_of(release)
    return (front_matter(card, files) + "\n" + make_card(card, files)).encode()


def make_manifest(release: Release, files: Sequence[dict[str, Any]]) -> bytes:
    """All that is known of the release as JSON; `files` are all but the manifest itself."""
    told = {
        "release": {"name": release.name, "version": release.version},
        "made_at": release.made_at.isoformat() if release.made_at else None,
        "plan": release.plan,
        "licence": release.licence,
        **release.facts,
        "files": list(files),
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
