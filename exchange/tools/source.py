"""What labelling tools are told of each item, as SQL: its texts, what people and what judges said of it.

All items go out, graded or not; pairs do not, and variants only where an item set that holds them is asked
for: then every task says of what its candidate is a variant. Of a person the latest label counts, of a judge
the latest plain verdict of a finished run that is no experiment's; answers to gold items stay here.
"""

from django.db.models import Exists, OuterRef, Q

from annotate.models import Label, Rater
from corpus.models import ItemSetEntry, Project
from corpus.variants import is_plain, no_variant
from exchange.formats.answers import VARIANT_FIELDS
from exchange.importing.reading_grades import spellings_of
from exchange.long_form import VARIANT, VARIANT_COLUMNS
from exchange.tools.file import Source
from exchange.tools.names import RATER, judge_names, pseudonym
from judges.models import Run

CANNOT_JUDGE_WORDS = "Cannot judge"

ORDER = "q.external_id, c.external_id"
COMMA = f"CASE WHEN row_number() OVER (ORDER BY {ORDER}) > 1 THEN ',' ELSE '' END || "
"""Before every entry of a JSON list but the first."""

ITEMS = """
FROM corpus_query q JOIN corpus_item i ON i.query_id = q.id JOIN corpus_candidate c ON c.id = i.candidate_id
LEFT JOIN corpus_reference f ON f.item_id = i.id{variant}
LEFT JOIN LATERAL ({people}) people ON true
LEFT JOIN LATERAL ({judges}) judges ON true
WHERE q.project_id = %(project)s AND i.rival_id IS NULL AND {taken}
ORDER BY {order}"""
"""An item a row; `PEOPLE` and `JUDGES` make one row each of what was said of it, with aggregates."""

PEOPLE = """
SELECT {made} FROM (
SELECT DISTINCT ON (l.rater_id) l.id, l.rater_id, {name} AS name, l.grade, l.rationale, l.marks, l.seconds,
l.created_at FROM annotate_label l JOIN annotate_rater a ON a.id = l.rater_id
LEFT JOIN annotate_round o ON o.id = l.round_id
WHERE l.item_id = i.id AND l.superseded_at IS NULL AND l.gold_grade IS NULL AND %(with_labels)s
AND (l.round_id IS NULL OR o.rubric_id = %(rubric)s)
ORDER BY l.rater_id, l.created_at DESC, l.id DESC) l"""

JUDGES = """
SELECT {made} FROM (
SELECT DISTINCT ON (r.judge) r.run, r.judge, r.name, v.outcome, v.grade, v.score FROM
unnest(%(runs)s::bigint[], %(judges)s::bigint[], %(names)s::text[]) AS r (run, judge, name)
JOIN judges_verdict v ON v.run_id = r.run AND v.item_id = i.id
ORDER BY r.judge, r.run DESC) v WHERE v.outcome IN ('graded', 'abstained')"""


def source_of(
    project: Project,
    *,
    what: str,
    pseudonyms: bool,
    judge_id: int | None = None,
    item_set: int | None = None,
) -> Source:
    """What goes out of a project; with a judge, only its verdicts beside people's labels.

    what: "both", "labels" or "verdicts"; "items" for neither.
    """
    names = {judge.pk: name for judge, name in judge_names(project).items()}
    if judge_id is not None:
        names = {judge_id: names[judge_id]}
    return Source(
        project,
        project.rubric,
        names,
        pseudonyms,
        with_labels=what in ("both", "labels"),
        with_verdicts=what in ("both", "verdicts"),
        item_set=item_set,
    )


def keys_of(source: Source) -> dict[str, object]:
    """The parameters of `ITEMS`, `PEOPLE` and `JUDGES`."""
    runs = (
        Run.objects.complete()
        .filter(judge__in=list(source.judges), judge__rubric=source.rubric, condition=None, experiment=None)
        .order_by("pk")
        .values_list("pk", "judge")
        if source.with_verdicts
        else []
    )
    pairs = list(runs)
    return {
        "project": source.project.pk,
        "item_set": source.item_set,
        "rubric": source.rubric.pk,
        "with_labels": source.with_labels,
        "runs": [run for run, _ in pairs],
        "judges": [judge for _, judge in pairs],
        "names": [source.judges[judge] for _, judge in pairs],
    }


def raters_of(source: Source) -> dict[int, str]:
    """The people whose labels go out, by key, as they are called."""
    if not source.with_labels:
        return {}
    on_its_scale = Q(round=None) | Q(round__rubric=source.rubric)
    labelled = Label.objects.current().without_gold().filter(on_its_scale, rater=OuterRef("pk"))
    if source.item_set is None:
        labelled = labelled.filter(is_plain())
    else:
        entries = ItemSetEntry.objects.filter(item_set=source.item_set, item=OuterRef("item"))
        labelled = labelled.filter(Exists(entries))
    raters = Rater.objects.filter(Exists(labelled), project=source.project).order_by("pk")
    return {pk: pseudonym(pk) if source.pseudonyms else name for pk, name in raters.values_list("pk", "name")}


def items(source: Source, *, people: str, judges: str) -> str:
    """SQL from FROM on; the arguments are what is selected of `l` and `v`, as `people.…` and `judges.…`."""
    return ITEMS.format(
        variant="" if source.item_set is None else VARIANT,
        people=PEOPLE.format(made=people, name=RATER[source.pseudonyms]),
        judges=JUDGES.format(made=judges),
        taken=taken(source),
        order=ORDER,
    )


def taken(source: Source) -> str:
    """SQL for which items `i` go out."""
    if source.item_set is None:
        return no_variant("i.id")
    return "i.id IN (SELECT e.item_id FROM corpus_itemsetentry e WHERE e.item_set_id = %(item_set)s)"


def told_of_variants(source: Source) -> str:
    """SQL for keys and values of a JSON object that say of what the item is a variant, a comma before each.

    Empty where only plain items go out; the names are those by which tools' files are read.
    """
    if source.item_set is None:
        return ""
    sql = {name: value for name, value, _ in VARIANT_COLUMNS}
    names = {field.name: field.name.removeprefix("variant_") for field in VARIANT_FIELDS}
    return "".join(f", '{theirs}', {sql[ours]}" for theirs, ours in names.items())


def spelled(source: Source) -> dict[str, str]:
    """Each grade of the project's scale as it is spelt in files of tools, by its value."""
    return spellings(source.rubric.grades)


def spellings(grades: list[dict]) -> dict[str, str]:
    """The same of any scale's grades."""
    return {str(grade["value"]): spellings_of(grade["value"], grade["name"])[0] for grade in grades}
