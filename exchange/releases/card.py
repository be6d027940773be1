"""The dataset card: Markdown made of a release's facts and files and of nothing else, so that it comes again.

The head is what Hugging Face's hub and `datasets.load_dataset(FOLDER, FORMAT)` read.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from exchange.datasets.frozen import FILES
from exchange.datasets.plan import SOURCES, Plan
from exchange.datasets.writers.formats import FORMATS

SPLIT_OF = re.compile(r"(?:^|/)(train|dev|test)\.(?:jsonl|tsv|txt)$")
SPLITS = ("train", "dev", "test")
LOADABLE = ".jsonl"
FIGURES = (
    ("kappa", "κ"),
    ("kappa_quadratic", "κ quadratic"),
    ("kappa_binary", "κ at the cut"),
    ("alpha_ordinal", "α ordinal"),
    ("accuracy_binary", "accuracy at the cut"),
)
SCORE_FIGURES = (("auc", "AUC at the cut"), ("spearman", "Spearman’s ρ"))
NBSP = "\u00a0"
UNITS = {"log_odds": "log-odds of relevance", "score": "the judge’s score as it is"}


class Card(dict[str, Any]):
    """The facts of a release, with its name, version, plan, licence and day."""


def front_matter(card: Card, files: Sequence[Mapping[str, Any]]) -> str:
    """The YAML head: licence and which files are which format and split.

    `datasets` reads all of a folder's configurations with one reader: the Parquet table is named only where
    nothing else is.
    """
    configs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for file in files:
        if file["path"].endswith(LOADABLE) and (found := SPLIT_OF.search(file["path"])):
            configs[file["format"]].append((found[1], file["path"]))
    lines = ["---", "license: other", f"pretty_name: {json.dumps(_title(card), ensure_ascii=False)}"]
    as_lines = any(file["path"] == "table.jsonl" for file in files)
    lines += ["configs:"]
    if as_lines or not configs:
        lines += ["- config_name: table", "  data_files:", "  - split: table"]
        lines += [f"    path: {'table.jsonl' if as_lines else FILES['rows']}"]
    for name, members in sorted(configs.items()):
        lines += [f"- config_name: {name}", "  data_files:"]
        for split, path in sorted(members, key=lambda member: SPLITS.index(member[0])):
            lines += [f"  - split: {split}", f"    path: {path}"]
    return "\n".join([*lines, "---", ""])


def make_card(card: Card, files: Sequence[Mapping[str, Any]]) -> str:
    """The card without its head."""
    return _joined([f"# {md(_title(card))}", *_about(card), *_files(card, files), *_rest(card)])


def make_page_card(card: Card) -> str:
    """What a page shows that has the title and the files already."""
    return _joined([*_about(card), *_rest(card)])


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _about(card: Card) -> Iterator[str]:
    yield (
        f"Made with Concord from the project {md(card['project']['name'])}, {card['day']}."
        f" Source: {_source(card)}."
    )
    for section in (_counts, _labels, _trust, _splits, _soft):
        yield from section(card)


def _rest(card: Card) -> Iterator[str]:
    yield from _missed(card)
    yield "## Licence"
    yield md_text(card["licence"]) or "None was given. Ask the project’s owners before you use or share it."


def md(text: object) -> str:
    """Text from outside on one line of Markdown: nothing in it is markup."""
    plain = " ".join(str(text).split())
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&])", r"\\\1", plain)


def md_text(text: str) -> str:
    """The same for several paragraphs."""
    return "\n\n".join(md(part) for part in re.split(r"\n\s*\n", text) if part.strip())


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _title(card: Card) -> str:
    return f"{card['name']} (version {card['version']})" if card["version"] > 1 else str(card["name"])


def _source(card: Card) -> str:
    plan: Plan = card["plan"]
    said = SOURCES[plan.source][0].lower() + SOURCES[plan.source][1:]
    if plan.source == "selection":
        chosen = card["selection"]
        said += f" “{md(chosen['name'])}” out of the pool “{md(chosen['pool'])}”"
    if card["item_set"]:
        said += f"; only items of the set “{md(card['item_set'])}”"
    if plan.min_labels > 1 and plan.uses_people:
        said += f"; references that rest on {plan.min_labels} labels or more, or on a decision"
    return said


def _counts(card: Card) -> Iterator[str]:
    tally = card["tally"]
    states: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for split, state, graded_by, n in tally["rows"]:
        states[state, graded_by][split] = n
    splits = [split for split in SPLITS if split in tally["queries"]]
    rows: list[Sequence[object]] = [
        ["queries", *(f"{tally['queries'][split]:,}" for split in splits)],
        *(
            [f"{state.replace('_', ' ')}{f', by {by}' if by else ''}", *(f"{n.get(s, 0):,}" for s in splits)]
            for (state, by), n in sorted(states.items())
        ),
    ]
    yield "## What is in it"
    yield table(["candidates", *splits], rows)
    yield "Unjudged is never “not relevant”: such candidates are neither positives nor negatives."


def _labels(card: Card) -> Iterator[str]:
    rubric, guidelines = card["rubric"], card["guidelines"]
    grades = "; ".join(f"{grade['value']} {md(grade['name'])}" for grade in rubric["grades"])
    if chosen := card["selection"]:
        yield "## How candidates were chosen"
        yield f"By the scores of run {chosen['run']}, s: {md(chosen['rule'])}"
        if chosen["second_judge"]:
            yield f"What was flagged went to {md(chosen['second_judge'])}: {md(chosen['second_rule'])}"
        yield f"Taken: {md(chosen['sampling'])}"
    yield "## How it was graded"
    yield f"Scale “{md(rubric['name'])}”: {grades}. From {rubric['cut']} on a candidate is relevant."
    if card["plan"].uses_people:
        versions = ", ".join(
            f"{n:,} under {f'version {version}' if version else 'none'}"
            for version, n in guidelines["of_labels"]
        )
        yield (
            f"One reference an item out of people’s labels, by this rule: {card['reference_rule']}."
            f" Guidelines: {'version ' + str(guidelines['current']) if guidelines['current'] else 'none'} now"
            f"{f'; labels of rounds were given: {versions}' if versions else ''}."
        )
    if card["judges"]:
        yield table(
            ["judge", "for", "model", "asked for", "prompt", "content hash of the prompt", "runs"],
            [
                [
                    md(f"{each['name']} (version {each['version']})"),
                    each["used_for"],
                    md(each["model"] or "–"),
                    md(each["scoring"]),
                    md(each["prompt"] or "–"),
                    f"`{each['prompt_hash'][:16]}`" if each["prompt_hash"] else "–",
                    ", ".join(str(run) for run, _ in each["runs"]),
                ]
                for each in card["judges"]
            ],
        )


def _trust(card: Card) -> Iterator[str]:
    known = [
        (words, card["agreement"][who])
        for who, words in (("people", "two people"), ("judge", "the judge and people"))
        if card["agreement"][who]
    ]
    yield "## How far the labels can be trusted"
    if not known:
        yield "Nothing tells: no item has grades of two people, nor one of a person and one of the judge."
        return
    graded = [(words, each) for words, each in known if each["n_graded"] or not each.get("n_scored")]
    if graded:
        yield _figures(graded, FIGURES, of=("n", "n_graded"), head="with a grade")
    scored = [(words, each) for words, each in known if each.get("n_scored")]
    if scored:
        yield _figures(scored, SCORE_FIGURES, of=("n", "n_scored"), head="with a score")
        yield (
            "AUC is how often the judge’s score puts a relevant item above one that is not (0.5 is chance), ρ"
            " how its scores go along with people’s grades. The judge gives no grades, so they cannot be"
            " compared."
        )
    yield (
        "n is what was compared on the items that this dataset was chosen from; intervals (95 %) are from"
        " resamples of the queries. Grades without a counterpart are not in it."
    )


def _figures(
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    figures: Sequence[tuple[str, str]],
    *,
    of: Sequence[str],
    head: str,
) -> str:
    """A table of estimates with what they are over."""
    return table(
        ["agreement of", "n", head, "queries", *(words for _, words in figures)],
        [
            [
                words,
                *(f"{each[name]:,}" for name in (*of, "n_queries")),
                *(_estimate(each[name]) for name, _ in figures),
            ]
            for words, each in rows
        ],
    )


def _estimate(estimate: Sequence[float | None]) -> str:
    value, low, high = estimate
    if value is None:
        return "–"
    if low is None or high is None:
        return _two_places(value)
    return f"{_two_places(value)} \\[{_two_places(low)},{NBSP}{_two_places(high)}\\]"


def _two_places(value: float) -> str:
    """With a minus sign, and none before a zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _splits(card: Card) -> Iterator[str]:
    plan: Plan = card["plan"]
    yield "## Splits"
    if card["keeps_test"]:
        total = plan.train + plan.dev
        shares = (
            f"The test split is the project’s own. Its other queries are {plan.train / total:.0%} train and"
            f" {plan.dev / total:.0%} dev"
        )
    else:
        shares = (
            f"Queries are {plan.train} % train, {plan.dev} % dev and {100 - plan.train - plan.dev} % test"
        )
    yield (
        f"{shares}, by the first 32 bits of SHA-256(“{plan.seed}:id of the query”). Queries of the same words"
        " stay together. No file of a train or dev split holds a query of the test split."
    )


def _soft(card: Card) -> Iterator[str]:
    plan: Plan = card["plan"]
    if plan.judge is None and plan.source != "selection":
        return
    yield "## Soft labels"
    yield (
        f"Where a loss compares margins: {UNITS[card['choices']['margin']]}. Where it has a target: the"
        " probability, 1 / (1 + e^−log-odds). Of a judge that gives one grade, the log-odds are those of a"
        " grade at the cut or above, from the probabilities of the grades."
    )


def _files(card: Card, files: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Files"
    yield table(
        ["file", "for", "lines", "bytes", "SHA-256"],
        [
            [
                f"`{file['path']}`",
                md(FORMATS[file["format"]].title) if file["format"] in FORMATS else "the table as it was",
                f"{file['n_rows']:,}",
                f"{file['n_bytes']:,}",
                f"`{file['sha256'][:16]}`",
            ]
            for file in files
        ],
    )
    yield (
        "`table.parquet` is the long table that all others are made of; `manifest.json` has the whole"
        f" checksums. At most {card['choices']['negatives']:,} negatives a query, the hardest first."
    )


def _missed(card: Card) -> Iterator[str]:
    if not card["missed"]:
        return
    yield "## Left out"
    yield table(
        ["of", "what", "how many"],
        [
            [md(FORMATS[name].title), reason, f"{n:,}"]
            for name, reasons in sorted(card["missed"].items())
            for reason, n in sorted(reasons.items())
        ],
    )
