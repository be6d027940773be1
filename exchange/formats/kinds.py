"""The kinds of file that can be read, by name."""

from exchange.formats import attacks, collection, grades, labels, pairs, qrels, system, topics, verdicts
from exchange.formats.kind import Kind
from exchange.formats.rows import FileProblem

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (pairs, attacks, verdicts, labels, grades, qrels, topics, collection, system)
}


def kind_named(name: str) -> Kind:
    """The kind of that name; raises FileProblem with the names there are."""
    try:
        return KINDS[name]
    except KeyError:
        raise FileProblem(
            f"There is no kind of file named {name!r}. Name one of: {', '.join(KINDS)}."
        ) from None
