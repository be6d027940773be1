"""An export that comes in again: the same data, the same agreement."""

import math
import resource
import sys

import pytest
from django.db import connection

from annotate.models import Label
from corpus.models import Job, Project, Reference
from corpus.services import create_project, freeze_all_items
from exchange.exporting import export_path, prepare_export, run_export
from judges.models import Condition, Engine, Judge, Prompt, Run, Verdict
from reports.agreement import agreement
from reports.ceiling import ceiling
from reports.scope import scope_of
from tests.exchange.bringing import export, lines, read_csv, snapshot, table
from tests.exchange.labelling import label_everything

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = [
    "plain",
    "two\nlines\r\nand a third\r",
    'a "quoted" word, and a comma; a\ttab',
    "=1+1",
    "'apostrophe",
    "-5",
    " leading and trailing ",
    "\\N",
    "\\.",
    "back\\slash \\t",
    "bell \x07 and unit \x1f separator \x01\x02",
    "עברית \u202eright to left\u202c",
    "👩‍🔬 e\u0301 ﷽",
    "\u2028 line separator \x85",
    "nbsp\u00a0=x",
    "{}",
    "null",
    "NaN",
]
SCORES = [0.1, -0.1, 1 / 3, math.pi, 5e-324, 1.7976931348623157e307, 1e-7, 123456789.123456789, 2.0]


@pytest.fixture
def rich(project, stored, ann, bob):
    """A project with everything a long form can hold."""
    rows = [
        {
            "query_id": f"q{n % 6}",
            "query": TEXTS[n % 6],
            "need": TEXTS[-(n % 6) - 1],
            "candidate_id": f"c {n}",
        }
        | {"candidate": text, "title": TEXTS[(n + 3) % len(TEXTS)], "url": {"a": None, "b": [n, 0.1]}}
        | {"human_grade": n % 4, "rater": "Zoë, 1st"}
        for n, text in enumerate(TEXTS)
    ]
    stored(lines(*rows), name="pairs.jsonl")
    labels = [
        {"query_id": f"q{n % 6}", "candidate_id": f"c {n}", "rater": "=Max"}
        | {"grade": "" if n % 5 == 0 else (n + n % 2) % 4, "cannot_judge": n % 5 == 0, "rationale": text}
        for n, text in enumerate(TEXTS)
    ]
    stored(table(labels), kind="labels")
    for condition in ("", "=suffix"):
        verdicts = [
            {"judge": "gpt-4o", "prompt": "@umbrela", "query_id": f"q{n % 6}", "candidate_id": f"c {n}"}
            | {"grade": [n % 4, "", text, 9][n % 4 if n % 3 == 0 else 0], "reply": text if n % 2 else ""}
            | {"score": repr(SCORES[n % len(SCORES)]), "condition": condition}
            for n, text in enumerate(TEXTS)
        ]
        stored(table(verdicts), kind="verdicts")
    stored("q0 0 c_other 1\nq0 0 c_more 0\n", name="qrels.txt", judge="gpt-4o")
    changed = [row | {"grade": 3, "score": ""} for row in verdicts[:4]]
    stored(table(changed), kind="verdicts")
    everything = freeze_all_items(project)
    places = range(everything.n_items)
    anns, bobs = [n % 4 for n in places], [(n + 1) % 4 if n else None for n in places]
    label_everything(
        project,
        name="First: ⟨pass⟩",
        item_set=everything,
        rationale="clear\nenough",
        grades={ann: anns, bob: bobs},
    )
    label_everything(project, name="Second", item_set=everything, grades={ann: anns[::-1]})
    make_own_judges(project)
    return project


def make_own_judges(project: Project) -> None:
    """Two versions of a judge that runs here, the second with two runs, and one that is still running."""
    engine = Engine.objects.create(name="small", kind="local")
    condition = Condition.objects.create(project=project, name="framing")
    items = list(project.queries.order_by("pk").values_list("items", flat=True))
    for version in (1, 2):
        prompt = Prompt.objects.create(
            name="likelihood", version=version, content_hash=f"{version}" * 64, messages=[{"role": "user"}]
        )
        judge = Judge.objects.create(
            project=project, name="small", version=version, engine=engine, prompt=prompt,
            scoring="likelihood", rubric=project.rubric,
        )  # fmt: skip
        states = [(None, "done"), (None, "done"), (condition, "done"), (None, "running")]
        for offset, (shown, state) in enumerate(states[: 2 * version]):
            job = Job.objects.create(project=project, kind=Job.Kind.JUDGE, state=state)
            run = Run.objects.create(judge=judge, condition=shown, job=job)
            Verdict.objects.bulk_create(
                [
                    Verdict(run=run, item_id=item, outcome="scored", score=SCORES[(n + offset) % len(SCORES)])
                    if (n + offset) % 4
                    else Verdict(run=run, item_id=item, outcome="refused", raw="No.", reason="=It would not.")
                    for n, item in enumerate(items)
                ]
            )


LONG_FORM_OF_A_PROJECT = """
    SELECT q.external_id, q.text, q.need, c.external_id, c.title, c.text, c.metadata::text, c.content_hash,
           g.* FROM ({grades}) g JOIN corpus_item i ON i.id = g.item_id
    JOIN corpus_query q ON q.id = i.query_id JOIN corpus_candidate c ON c.id = i.candidate_id
    WHERE q.project_id = %s ORDER BY 1, 4"""
LABELS = """SELECT l.item_id, a.name, r.name, l.grade, l.cannot_judge, l.rationale, l.created_at,
    l.reason, l.guidelines_version, l.drawn_with, l.seconds
    FROM annotate_label l JOIN annotate_rater a ON a.id = l.rater_id
    LEFT JOIN annotate_round r ON r.id = l.round_id WHERE l.superseded_at IS NULL"""
VERDICTS = """SELECT v.item_id, j.name, j.version, j.scoring, p.name, p.content_hash, k.name,
    (SELECT count(*) FROM judges_run o JOIN corpus_job b ON b.id = o.job_id WHERE o.judge_id = r.judge_id
     AND b.state = 'done' AND o.condition_id IS NOT DISTINCT FROM r.condition_id AND o.id <= r.id) AS which,
    v.outcome, v.grade, float8send(v.score), v.raw, v.reason, v.created_at
    FROM judges_verdict v JOIN judges_run r ON r.id = v.run_id JOIN judges_judge j ON j.id = r.judge_id
    JOIN corpus_job b ON b.id = r.job_id AND b.state = 'done'
    LEFT JOIN judges_prompt p ON p.id = j.prompt_id LEFT JOIN judges_condition k ON k.id = r.condition_id"""
REFERENCES = "SELECT item_id, grade, n_labels FROM corpus_reference"


def everything_graded(project: Project) -> dict[str, list[tuple]]:
    """All that the long form is about, without keys of rows."""
    found = {}
    with connection.cursor() as cursor:
        for name, grades in (("labels", LABELS), ("verdicts", VERDICTS), ("references", REFERENCES)):
            cursor.execute(LONG_FORM_OF_A_PROJECT.format(grades=grades), [project.pk])
            rows = [row[:8] + row[9:] for row in cursor.fetchall()]
            found[name] = sorted(rows, key=repr)
    return found


def figures(project: Project) -> tuple:
    scope = scope_of(project)
    judged = [
        (each.name, str(each.judge.prompt), str(each.condition), repr(each.figures))
        for each in agreement(project, scope=scope)
    ]
    return judged, repr(ceiling(project, scope=scope))


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_an_export_into_an_empty_project_gives_the_same_data_and_the_same_agreement(
    rich, stored, file_format
):
    copy = create_project("Copy")

    job = stored(export(rich, file_format=file_format), name=f"e.{file_format}", kind="grades", into=copy)

    before, after = everything_graded(rich), everything_graded(copy)
    assert {name: len(rows) for name, rows in before.items()} == {
        name: len(rows) for name, rows in after.items()
    }
    for name in before:
        assert after[name] == before[name]
    assert figures(copy) == figures(rich)
    assert job.result["n_bad"] == 0


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_it_is_recognised_without_being_told(rich, stored, file_format):
    job = stored(export(rich, file_format=file_format), name=f"e.{file_format}", into=create_project("Copy"))

    assert job.result["kind"] == "grades"


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_twice_is_once(rich, stored, file_format):
    copy = create_project("Copy")
    data = export(rich, file_format=file_format)
    stored(data, name=f"e.{file_format}", into=copy)
    before = snapshot()

    job = stored(data, name=f"e.{file_format}", into=copy)

    assert snapshot() == before
    assert job.result["counts"] == {"unchanged": job.result["n_rows"]}


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_into_its_own_project_it_changes_nothing(rich, stored, file_format):
    before = snapshot()

    job = stored(export(rich, file_format=file_format), name=f"e.{file_format}")

    assert snapshot() == before
    assert job.result["counts"] == {"unchanged": job.result["n_rows"]}


def test_the_copy_exports_the_same_but_for_the_numbers_of_runs(rich, stored):
    copy = create_project("Copy")
    stored(export(rich, file_format="csv"), kind="grades", into=copy)

    first, second = (read_csv(export(each, file_format="csv")) for each in (rich, copy))

    def without_run(rows: list[dict]) -> list[tuple]:
        return sorted(tuple(value for name, value in row.items() if name != "run") for row in rows)

    assert without_run(second) == without_run(first)


def test_labels_and_verdicts_may_come_one_after_the_other(rich, stored):
    copy = create_project("Copy")
    for what in ("verdicts", "labels"):
        stored(export(rich, file_format="csv", what=what), kind="grades", into=copy)

    assert everything_graded(copy) == everything_graded(rich)


def test_a_new_label_for_a_round_of_the_project_is_refused(rich, refused):
    rows = [row for row in read_csv(export(rich, file_format="csv")) if row["round"] == "Second"]
    rows[0]["rater"], rows[1]["grade"] = "stranger", str((int(rows[1]["grade"]) + 1) % 4)

    bad = refused(table(rows), kind="grades")

    assert [(row["line"] > 1, row["column"]) for row in bad] == [(True, "round"), (True, "grade")]
    assert "The round “Second” is one of this project's own" in bad[0]["reason"]
    assert "has already given this item" in bad[1]["reason"]


def test_a_round_may_be_left_out(rich, stored):
    rows = [row for row in read_csv(export(rich, file_format="csv")) if row["round"] == "Second"]

    stored(table(rows), kind="grades", mapping={"round": "ignore"})

    assert Label.objects.filter(rater__name="ann (2)", round=None).count() == len(rows)


def test_rounds_come_closed_with_their_people(rich, stored):
    copy = create_project("Copy")
    stored(export(rich, file_format="csv"), kind="grades", into=copy)

    first, second = copy.rounds.order_by("pk")
    assert (first.name, first.state, first.overlap, second.name) == ("First: ⟨pass⟩", "closed", 2, "Second")
    assert first.item_set.n_items == first.item_set.entries.count() == len(TEXTS) + 2
    theirs = first.participations.values_list("rater__name", "n_labels")
    assert sorted(theirs) == [("ann", len(TEXTS) + 2), ("bob", len(TEXTS) + 2)]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("created_at", "yesterday", "“yesterday” is no time"),
        ("judge_version", "one", "“one” is no version"),
        ("judge_version", "1e300", "is no version"),
        ("judge_version", "0", "is no version"),
        ("scoring", "s" * 21, "21 characters; 20 is the most"),
        ("prompt_hash", "h" * 65, "65 characters; 64 is the most"),
        ("condition", "k" * 201, "201 characters; 200 is the most"),
        ("rater_kind", "robot", 'neither "person" nor "judge"'),
        ("score", "many", "is no finite number"),
    ],
)
def test_hand_made_mistakes_are_sentences(refused, column, value, words):
    row = {"query_id": "q", "candidate_id": "c", "rater_kind": "judge", "rater": "gpt", "grade": 2}

    (bad,) = refused(table([row | {column: value}]), kind="grades")

    assert (bad["line"], bad["column"]) == (2, column)
    assert words in bad["reason"]


def test_times_without_a_zone_are_utc(stored):
    row = {"query_id": "q", "candidate_id": "c", "rater_kind": "person", "rater": "Ann", "grade": 2}

    stored(table([row | {"created_at": "2026-03-29 02:30:00"}]), kind="grades")

    assert Label.objects.get().created_at.isoformat() == "2026-03-29T02:30:00+00:00"
    assert Reference.objects.get().grade == 2


def test_memory_stays_flat_while_two_hundred_thousand_rows_go_out(project, stored):
    stored(
        lines(*({"query_id": "q", "query": "q", "candidate_id": f"c{n}", "candidate": "x"} for n in range(2)))
    )
    with connection.cursor() as cursor:
        for statement in (
            "INSERT INTO corpus_candidate (project_id, external_id, title, text)"
            " SELECT %(project)s, 'new' || n, '', repeat('long text ', 50) FROM generate_series(1, 200000) n",
            "INSERT INTO corpus_item (query_id, candidate_id) SELECT q.id, c.id FROM corpus_query q"
            " JOIN corpus_candidate c USING (project_id) WHERE c.external_id LIKE 'new%%'",
            "INSERT INTO annotate_rater (project_id, name) VALUES (%(project)s, 'Ann')",
            "INSERT INTO annotate_label (item_id, rater_id, grade) SELECT i.id, a.id, 1"
            " FROM corpus_item i, annotate_rater a WHERE i.job_id IS NULL",
        ):
            cursor.execute(statement, {"project": project.pk})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    job = run_export(prepare_export(project, file_format="csv").pk)

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (
        1 if sys.platform == "darwin" else 1024
    )
    assert job.result["n_rows"] == 200_000
    assert export_path(job).stat().st_size > 100_000_000
    assert grown < 50_000_000
