"""All formats by name, in the order in which they are shown."""

from exchange.datasets.writers import (
    beir,
    binary,
    criteria,
    flagembedding,
    jsonl,
    labelled_list,
    labelled_pair,
    listwise,
    ltr,
    margin_mse,
    ntuple,
    preference,
    tevatron,
    trec,
    triplet,
)
from exchange.datasets.writers.base import Format

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        triplet.FORMAT,
        ntuple.FORMAT,
        ntuple.SCORED,
        labelled_pair.FORMAT,
        labelled_pair.SCORED,
        labelled_list.FORMAT,
        labelled_list.SCORED,
        flagembedding.FORMAT,
        flagembedding.SCORED,
        tevatron.FORMAT,
        tevatron.SCORED,
        tevatron.LISTWISE,
        margin_mse.FORMAT,
        beir.FORMAT,
        trec.QRELS,
        trec.RUN,
        ltr.FORMAT,
        preference.FORMAT,
        preference.OF_GRADES,
        binary.FORMAT,
        criteria.FORMAT,
        listwise.FORMAT,
        jsonl.FORMAT,
    )
}
PARQUET = "parquet"
"""The long table itself, which every release keeps: no format of its own to choose."""
