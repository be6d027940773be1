"""What an import counts, as one of it and as several."""

COUNTED = {
    "queries": ("query", "queries"),
    "candidates": ("candidate", "candidates"),
    "items": ("item", "items"),
    "variants": ("variant", "variants"),
    "originals": ("original of them found here", "originals of them found here"),
    "texts": ("text filled in", "texts filled in"),
    "labels": ("label", "labels"),
    "preferences": ("preference", "preferences"),
    "pairs": ("pair of candidates", "pairs of candidates"),
    "judges": ("judge", "judges"),
    "verdicts": ("verdict", "verdicts"),
    "systems": ("system", "systems"),
    "hits": ("hit", "hits"),
    "skipped": (
        "answer left out, because it was skipped or given up",
        "answers left out, because they were skipped or given up",
    ),
}
