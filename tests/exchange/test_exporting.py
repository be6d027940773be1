import hashlib
import json
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection

from annotate.models import Label
from corpus.formula_guard import guard_cell
from corpus.jobs import cancel
from corpus.models import Item, Job
from corpus.services import create_project, freeze_all_items
from exchange import exporting
from exchange.exporting import CannotExport, export_path, prepare_export, run_export
from exchange.long_form import COLUMNS, GUARD_REGEX, guarded
from exchange.long_form_guide import COLUMN_WORDS
from judges.models import Engine, Judge, Prompt, Run, Verdict
from tests.exchange.bringing import export, in_order, lines, read_csv, table
from tests.exchange.labelling import label_everything

NASTY = [
    *(
        "",
        "plain",
        "Text",
        "7 rows",
        "-",
        "-5",
        "-5 apples",
        "+1e-3",
        "+1e-3x",
        "=1+1",
        "@SUM(A1)",
        "x=1",
        "0",
    ),
    *("'", "''=x", "'=x", "\t=x", "\r=x", "\n=x", " =x", "  -1", "\v+x", "\f@x", "-0.5e", "=\x01"),
    *("＝x", "＋1", "－1", "＠x", "\u3000=x", "\ufeff=x", "\u00a0=x", '"=x', "=x\nsecond", "é=x"),
    *("עברית", "🎉", "\\", "\\N", "\\.", ",", ";=x"),
]


@pytest.mark.django_db
@pytest.mark.parametrize("text", NASTY)
def test_the_guard_in_sql_is_the_guard_of_the_readers(text):
    with connection.cursor() as cursor:
        expression = "(%(text)s::text)"
        cursor.execute(f"SELECT {guarded(expression)}", {"text": text, "guard": GUARD_REGEX})

        assert cursor.fetchone() == (guard_cell(text),)


@pytest.mark.django_db
def test_no_text_stays_no_text_under_the_guard():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {guarded('NULL::text')}", {"guard": GUARD_REGEX})
        assert cursor.fetchone() == (None,)


def test_every_column_is_explained_where_exports_are_made():
    assert list(COLUMN_WORDS) == [column.name for column in COLUMNS]


PAIRS = lines(
    {"query_id": "q1", "query": "what, why", "need": "a need", "candidate_id": "c1", "title": "T"}
    | {"candidate": 'say "so"\nand so', "human_grade": 3, "rater": "Ann", "url": "https://x"},
    {"query_id": "q1", "query": "what, why", "need": "a need", "candidate_id": "c2", "title": ""}
    | {"candidate": "text 2"},
    {"query_id": "q2", "query": "=cmd()", "candidate_id": "-c3", "title": "", "candidate": "@c3"}
    | {"human_grade": 0, "rater": "+Ben"},
)
VERDICTS = table(
    [
        *({"query_id": "q1", "candidate_id": "c1", "grade": "2", "score": "1.5", "condition": ""},),
        *({"query_id": "q1", "candidate_id": "c2", "grade": "", "score": "", "condition": "=suffix"},),
        *({"query_id": "q2", "candidate_id": "-c3", "grade": "=boom", "score": "", "condition": ""},),
    ]
)


@pytest.fixture
def graded(project, stored):
    stored(PAIRS, name="pairs.jsonl")
    stored(VERDICTS.replace("=boom", '"=boom"'), kind="verdicts", judge="-gpt")
    return project


@pytest.mark.django_db(transaction=True)
class TestLongForm:
    def test_has_one_row_per_grade_labels_first(self, graded):
        written = read_csv(export(graded, file_format="csv"))

        assert [row["rater_kind"] for row in written] == ["person"] * 2 + ["judge"] * 3
        rows = [*in_order(written[:2]), *in_order(written[2:])]
        kinds = [(row["rater_kind"], row["candidate_id"], row["outcome"], row["grade"]) for row in rows]
        assert kinds == [
            ("person", "c1", "graded", "3"),
            ("person", "'-c3", "graded", "0"),
            ("judge", "c1", "graded", "2"),
            ("judge", "'-c3", "unreadable", ""),
            ("judge", "c2", "empty", ""),
        ]

    def test_tells_all_about_a_label(self, graded):
        row = in_order(read_csv(export(graded, file_format="csv", what="labels")))[0]

        assert row.pop("created_at").endswith("+00")
        assert {name: value for name, value in row.items() if value} == {
            "query_id": "q1",
            "query": "what, why",
            "need": "a need",
            "candidate_id": "c1",
            "title": "T",
            "candidate": 'say "so"\nand so',
            "rater_kind": "person",
            "rater": "Ann",
            "outcome": "graded",
            "grade": "3",
            "metadata": '{"url": "https://x"}',
        }

    def test_tells_all_about_a_verdict(self, graded):
        engine = Engine.objects.create(name="small", kind="local")
        prompt = Prompt.objects.create(name="p", content_hash="abc", messages=[{}])
        judge = Judge.objects.create(
            project=graded, name="ours", version=2, engine=engine, prompt=prompt, scoring="likelihood",
            rubric=graded.rubric,
        )  # fmt: skip
        job = Job.objects.create(project=graded, kind=Job.Kind.JUDGE, state=Job.State.DONE)
        run = Run.objects.create(judge=judge, job=job)
        Verdict.objects.create(run=run, item=Item.objects.first(), outcome="scored", score=-0.1, raw="r")

        (row,) = [row for row in read_csv(export(graded, file_format="csv")) if row["rater"] == "ours"]

        told = (
            "prompt",
            "judge_version",
            "prompt_hash",
            "scoring",
            "condition",
            "run",
            "outcome",
            "score",
            "raw",
        )
        assert [row[name] for name in told] == [
            *("p", "2", "abc", "likelihood", "", str(run.pk), "scored", "-0.1", "r")
        ]

    def test_as_json_lines_says_the_same_without_guards(self, graded):
        written = [json.loads(line) for line in export(graded, file_format="jsonl").splitlines()]
        rows = [*in_order(written[:2]), *in_order(written[2:])]

        assert [row["candidate_id"] for row in rows] == ["c1", "-c3", "c1", "-c3", "c2"]
        assert (rows[0]["candidate"], rows[0]["metadata"]) == ('say "so"\nand so', {"url": "https://x"})
        assert "judge_version" not in rows[0]
        assert (rows[2]["rater"], rows[2]["grade"], rows[2]["score"], rows[2]["condition"]) == (
            "-gpt",
            2,
            1.5,
            None,
        )
        assert (rows[3]["outcome"], rows[3]["grade"], rows[3]["raw"]) == ("unreadable", None, "=boom")
        assert rows[4]["condition"] == "=suffix"

    def test_of_csv_runs_no_formula(self, graded):
        dangerous = tuple("=+-@\t\r")
        written = read_csv(export(graded, file_format="csv"))
        rows = [*in_order(written[:2]), *in_order(written[2:])]

        assert not [cell for row in rows for cell in row.values() if cell.startswith(dangerous)]
        last = rows[3]
        assert (last["query"], last["candidate"], last["rater"], last["raw"]) == (
            "'=cmd()",
            "'@c3",
            "'-gpt",
            "'=boom",
        )
        assert rows[4]["condition"] == "'=suffix"
        assert rows[1]["rater"] == "'+Ben"

    @pytest.mark.parametrize(("what", "kinds"), [("labels", {"person"}), ("verdicts", {"judge"})])
    def test_may_be_only_people_or_only_judges(self, graded, what, kinds):
        assert {row["rater_kind"] for row in read_csv(export(graded, file_format="csv", what=what))} == kinds

    def test_leaves_out_superseded_labels_and_unfinished_runs(self, graded, ann):
        label_everything(graded, name="First", item_set=freeze_all_items(graded), grades={ann: [1, 1, 1]})
        Label.objects.filter(rater__name="ann").update(superseded_at="2026-01-01T00:00Z")
        Job.objects.filter(params__judge="-gpt").update(state=Job.State.RUNNING)

        assert len(read_csv(export(graded, file_format="csv"))) == 2

    def test_names_the_round_and_says_cannot_judge(self, graded, ann):
        label_everything(graded, name="First", item_set=freeze_all_items(graded), grades={ann: [1, None, 2]})

        rows = in_order([row for row in read_csv(export(graded, file_format="csv")) if row["round"]])

        assert {(row["round"], row["rater"]) for row in rows} == {("First", "ann")}
        assert [(row["outcome"], row["grade"]) for row in rows] == [
            *(("graded", "1"), ("abstained", ""), ("graded", "2"))
        ]

    def test_of_an_empty_project_is_its_header(self, project):
        data = export(project, file_format="csv", what="verdicts")

        assert data.decode() == ",".join(column.name for column in COLUMNS) + "\n"
        assert export(project, file_format="jsonl") == b""

    def test_knows_nothing_of_other_projects(self, graded):
        assert export(create_project("Water"), file_format="jsonl") == b""

    def test_writes_times_and_numbers_the_same_whatever_the_server_prefers(self, graded):
        usual = export(graded, file_format="csv")
        name = connection.settings_dict["NAME"]
        settings = {"timezone": "Asia/Tokyo", "extra_float_digits": "-5"}
        with connection.cursor() as cursor:
            for key, value in settings.items():
                cursor.execute(f"ALTER DATABASE \"{name}\" SET {key} = '{value}'")
        connection.close()
        try:
            assert export(graded, file_format="csv") == usual
        finally:
            with connection.cursor() as cursor:
                for key in settings:
                    cursor.execute(f'ALTER DATABASE "{name}" RESET {key}')
            connection.close()


@pytest.mark.django_db(transaction=True)
class TestQrels:
    def test_hold_the_reference(self, graded):
        assert sorted(export(graded, file_format="qrels").splitlines()) == [b"q1 0 c1 3", b"q2 0 -c3 0"]

    def test_may_hold_a_judges_grades(self, graded):
        assert export(graded, file_format="qrels", judge=Judge.objects.get()) == b"q1 0 c1 2\n"

    def test_hold_the_judges_latest_plain_word(self, graded, stored):
        stored("query_id,candidate_id,grade\nq1,c1,0\nq1,c2,1\n", kind="verdicts", judge="-gpt")
        changed = "query_id,candidate_id,grade\nq1,c1,3\n"
        stored(changed, kind="verdicts", judge="-gpt", condition="attack")

        data = export(graded, file_format="qrels", judge=Judge.objects.get())

        assert sorted(data.splitlines()) == [b"q1 0 c1 0", b"q1 0 c2 1"]

    def test_leave_out_what_the_judge_now_fails_on(self, graded, stored):
        stored("query_id,candidate_id,grade\nq1,c1,\n", kind="verdicts", judge="-gpt")

        assert export(graded, file_format="qrels", judge=Judge.objects.get()) == b""

    def test_keep_backslashes_and_quotes(self, project, stored):
        stored(lines({"query_id": 'q"1', "candidate_id": "a\\b", "grade": 1}), name="l.jsonl", kind="labels")

        assert export(project, file_format="qrels").decode() == 'q"1 0 a\\b 1\n'

    @pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u2009"])
    def test_with_a_blank_in_an_id_are_refused_in_a_sentence(self, project, stored, blank):
        named = f"doc{blank}1"
        stored(lines({"query_id": "q1", "candidate_id": named, "grade": 1}), name="l.jsonl", kind="labels")

        job = run_export(prepare_export(project, file_format="qrels").pk)

        assert job.state == Job.State.FAILED
        assert job.error.startswith(f"The id “{named}” has a blank in it")
        assert not export_path(job).exists()

    def test_come_in_again(self, graded, stored):
        other = create_project("Water")
        data = export(graded, file_format="qrels")

        stored(data, name="qrels.txt", into=other)

        assert export(other, file_format="qrels") == data


@pytest.mark.django_db(transaction=True)
class TestJob:
    def test_knows_what_it_wrote(self, graded):
        job = run_export(prepare_export(graded, file_format="csv").pk)

        data = export_path(job).read_bytes()
        result = job.result
        assert (result["n_rows"], result["n_bytes"]) == (5, len(data))
        assert result["sha256"] == hashlib.sha256(data).hexdigest()
        assert (job.n_done, job.n_total, job.note) == (5, 5, "")

    def test_expects_as_many_rows_as_come(self, graded):
        told = []

        run_export(
            prepare_export(graded, file_format="csv").pk, on_update=lambda job: told.append(job.n_total)
        )

        assert set(told) == {5}

    def test_writes_where_the_command_wants_it(self, graded, tmp_path):
        out = tmp_path / "grades.csv"
        out.write_text("old")

        job = run_export(prepare_export(graded, file_format="csv", out=out).pk)

        assert export_path(job) == out
        assert out.read_text().startswith("query_id,")
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []

    def test_that_cannot_write_says_so(self, graded):
        job = run_export(prepare_export(graded, file_format="csv", out=Path("/proc/nothing/x.csv")).pk)

        assert job.state == Job.State.FAILED
        assert job.error == "The file x.csv could not be written: No such file or directory."

    def test_that_is_cancelled_leaves_the_old_file_alone(self, graded, tmp_path, monkeypatch):
        monkeypatch.setattr(exporting, "BLOCK_ROWS", 1)
        out = tmp_path / "grades.csv"
        out.write_text("old")
        job = prepare_export(graded, file_format="csv", out=out)

        def cancel_in_the_middle(told: Job) -> None:
            if told.n_done == 2:
                thread = Thread(target=lambda: (cancel(job), connection.close()))
                thread.start()
                thread.join()
            told.note = "" if told.n_done == 2 else told.note

        monkeypatch.setattr("corpus.jobs.time.monotonic", iter(range(10**6)).__next__)
        ended = run_export(job.pk, on_update=cancel_in_the_middle)

        assert ended.state == Job.State.CANCELLED
        assert out.read_text() == "old"
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []

    def test_sees_one_moment_only(self, graded, stored, monkeypatch):
        monkeypatch.setattr(exporting, "BLOCK_ROWS", 1)
        job = prepare_export(graded, file_format="csv")
        done = []

        def label_meanwhile(told: Job) -> None:
            if told.n_done == 1 and not done:
                done.append(True)
                thread = Thread(target=bring_more)
                thread.start()
                thread.join()

        def bring_more() -> None:
            stored("query_id,candidate_id,grade\nq1,c1,0\n", kind="verdicts", judge="late")
            connection.close()

        ended = run_export(job.pk, on_update=label_meanwhile)

        assert done
        assert ended.result["n_rows"] == 5
        assert len(read_csv(export(graded, file_format="csv"))) == 6

    def test_of_one_judge_makes_sense_as_qrels_only(self, graded):
        with pytest.raises(CannotExport, match="go out as qrels"):
            prepare_export(graded, file_format="csv", judge=Judge.objects.get())

    def test_of_a_judge_of_another_project_is_refused(self, graded):
        with pytest.raises(CannotExport, match="belongs to another project"):
            prepare_export(create_project("Water"), file_format="qrels", judge=Judge.objects.get())
