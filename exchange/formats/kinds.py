"""The kinds of file that can be read, by name."""

from exchange.formats import (
    argilla,
    attacks,
    collection,
    doccano,
    grades,
    labels,
    labelstudio,
    pairs,
    qrels,
    quepid,
    system,
    topics,
    verdicts,
)
from exchange.formats.kind import Kind
from exchange.formats.rows import FileProblem

KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (
        *(pairs, attacks, verdicts, labels, grades, qrels, topics, collection, system),
        *(labelstudio, argilla, doccano, quepid),
    )
}
TOOLS = tuple(kind for kind in KINDS.values() if kind.tool is not None)


def kind_named(name: str) -> Kind:
    """The kind of that name; raises FileProblem with the names there are."""
    try:
        return KINDS[name]
    except KeyError:
        raise FileProblem(
            f"There is no kind of file named {name!r}. Name one of: {', '.join(KINDS)}."
        ) from None
