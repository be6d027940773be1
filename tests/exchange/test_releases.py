"""Releases: made whole or not at all, with facts, checksums and a card; made again; compared."""

import hashlib
import json
import shutil
import threading
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from django.conf import settings
from django.db import connection

from annotate.models import Label, Rater
from annotate.references import refresh_references
from corpus.deleting import delete_project
from corpus.jobs import cancel, retry
from corpus.models import Candidate, Job, Query, Reference
from exchange.datasets import frozen, reading
from exchange.datasets.frozen import Freezer, schema_of, text_array, thaw
from exchange.datasets.plan import CannotRelease, Plan
from exchange.datasets.splits import place_queries
from exchange.datasets.table import Row
from exchange.datasets.writers import triplet
from exchange.datasets.writers.formats import FORMATS
from exchange.models import Release
from exchange.releases import making
from exchange.releases.making import prepare_release, run_release
from exchange.releases.rebuilding import rebuild
from exchange.tidying import tidy
from measures.kappa import kappa
from tasks.work import work_on_job
from tests.exchange.releasing import (
    collect,
    compare_some,
    grade_criteria,
    judge_all,
    judge_items,
    make_judge,
    read_lines,
    release,
)

pytestmark = pytest.mark.django_db(transaction=True)
GRADES = {f"q{n}": [3, 2, 1, 0, 0, None] for n in range(12)}
ALL = tuple(FORMATS)


@pytest.fixture
def graded(project):
    items = collect(project, GRADES)
    project.judge = make_judge(project)
    judge_all(project.judge)
    compare_some(project)
    grade_criteria(project, list(items.values())[:30])
    return project


def everything(project, **more) -> Release:
    return release(project, *ALL, judge=project.judge.pk, negatives=2, **more)


def prepared(project, name: str = "first", **plan) -> Release:
    return prepare_release(project, name=name, plan=Plan(**plan))


class TestMaking:
    def test_writes_every_format_and_its_checksums(self, graded):
        made = everything(graded)
        assert {file["format"] for file in made.files} == {*ALL, "parquet", "papers"}
        for file in made.files:
            data = (made.folder / file["path"]).read_bytes()
            assert len(data) == file["n_bytes"], file["path"]
            assert hashlib.sha256(data).hexdigest() == file["sha256"], file["path"]
        on_disk = {str(path.relative_to(made.folder)) for path in made.folder.rglob("*") if path.is_file()}
        assert on_disk == {file["path"] for file in made.files}

    def test_counts_lines_without_heads(self, graded):
        made = everything(graded)
        lines = (made.folder / "beir/qrels/train.tsv").read_text().splitlines()
        assert made.file("beir/qrels/train.tsv")["n_rows"] == len(lines) - 1
        assert made.n_rows == 12 * 5  # five graded candidates of each query
        assert made.job.result["n_rows"] == made.n_rows

    def test_holds_test_queries_out_of_training_files(self, graded):
        made = everything(graded)
        table = read_lines(made.folder / "table.jsonl")
        split_of = {row["query"]: row["split"] for row in table}
        assert set(split_of.values()) == {"train", "dev", "test"}
        for name, form in FORMATS.items():
            files = [file["path"] for file in made.files if file["format"] == name]
            if not form.evaluates:
                assert not [path for path in files if "test" in path], name
            for path in files:
                if path.endswith((".jsonl", ".tsv")) and "corpus" not in path and path != "table.jsonl":
                    text = (made.folder / path).read_text()
                    test_queries = [query for query, split in split_of.items() if split == "test"]
                    if "train" in path or "dev" in path:
                        assert not [query for query in test_queries if f'"{query}"' in text], path

    def test_knows_what_it_was_made_of(self, graded):
        made = everything(graded)
        facts = made.facts
        assert facts["judges"][0]["prompt_hash"] == "5eed" * 16
        assert facts["judges"][0]["used_for"] == "verdicts and scores"
        assert [run for run, _ in facts["judges"][0]["runs"]] == list(
            graded.judge.runs.values_list("pk", flat=True)
        )
        assert sum(facts["tally"]["queries"].values()) == 12
        assert sum(n for *_, n in facts["tally"]["rows"]) == 60
        assert facts["editions"] == dict.fromkeys(ALL, 1)
        assert json.loads((made.folder / "manifest.json").read_text())["judges"]

    def test_names_the_next_version(self, graded):
        first, second = release(graded, "qrels"), release(graded, "qrels")
        assert [str(first), str(second)] == ["first", "first (version 2)"]
        assert graded.releases.named("first") == second
        assert graded.releases.named("first@1") == first
        assert graded.releases.named("first@3") is None

    @pytest.mark.parametrize("name", ["", "  ", "a@1", "x" * 101, "a\x00b"])
    def test_refuses_names_that_cannot_be_named(self, project, name):
        with pytest.raises(CannotRelease, match="has a name of"):
            prepared(project, name=name)
        assert not Job.objects.exists()

    def test_says_when_there_is_nothing_to_release(self, project):
        collect(project, {"q1": [None]})
        made = prepared(project, formats=("qrels",))
        ended = run_release(made.job_id)
        assert (ended.state, ended.error) == (Job.State.FAILED, making.NO_ROWS)
        assert not list(made.folder.parent.glob("*"))

    def test_fails_in_words_where_a_format_cannot_hold_the_rows(self, project):
        collect(project, {"q1": [3, 0]})
        Candidate.objects.filter(external_id="q1-0").update(external_id="q1 0")
        made = prepared(project, formats=("qrels",))
        assert "has a blank in it" in run_release(made.job_id).error
        assert not list(made.folder.parent.glob("*"))

    def test_is_work_for_a_worker(self, graded):
        made = prepared(graded, formats=("triplet",))
        work_on_job(made.job_id)
        made.refresh_from_db()
        assert made.made_at is not None
        assert made.job.state == Job.State.DONE

    def test_cancelled_leaves_nothing_and_can_be_tried_again(self, graded, monkeypatch):
        made = prepared(graded, formats=("jsonl",))
        write = making._write_papers

        def cancel_meanwhile(*args):
            cancel(made.job)
            write(*args)

        monkeypatch.setattr(making, "_write_papers", cancel_meanwhile)
        assert run_release(made.job_id).state == Job.State.CANCELLED
        made.refresh_from_db()
        assert made.made_at is None
        assert not list(made.folder.parent.glob("*"))
        monkeypatch.setattr(making, "_write_papers", write)
        assert retry(made.job)
        assert run_release(made.job_id).state == Job.State.DONE
        assert (made.folder / "table.jsonl").is_file()

    def test_a_worker_that_woke_too_late_changes_nothing(self, graded, monkeypatch):
        made = prepared(graded, formats=("jsonl",))
        write = making._write_papers

        def taken_over(*args):
            Job.objects.filter(pk=made.job_id).update(attempt=99)
            write(*args)

        monkeypatch.setattr(making, "_write_papers", taken_over)
        run_release(made.job_id)
        made.refresh_from_db()
        assert made.made_at is None
        assert not made.folder.exists()

    def test_is_of_one_moment(self, graded, monkeypatch):
        """A label that is changed while rows are read changes no row, and nothing that the card says."""
        monkeypatch.setattr(reading, "ITEMS_A_CHUNK", 6)
        made, read, gather = prepared(graded, formats=("jsonl",)), making.read_table, making.gather_facts
        changed, seen = threading.Event(), set()

        def change_meanwhile(table, sources, placed):
            other = connection.copy("default")
            for number, rows in enumerate(read(table, sources, placed)):
                if number == 0:
                    with other.cursor() as cursor:
                        cursor.execute("UPDATE corpus_reference SET grade = 0")
                    other.close()
                    changed.set()
                yield rows

        def gather_afterwards(sources, placed):
            assert changed.wait(20)
            seen.update(Reference.objects.values_list("grade", flat=True))
            return gather(sources, placed)

        monkeypatch.setattr(making, "read_table", change_meanwhile)
        monkeypatch.setattr(making, "gather_facts", gather_afterwards)
        assert run_release(made.job_id).state == Job.State.DONE
        table = read_lines(made.folder / "table.jsonl")
        assert sorted({row["grade"] for row in table}) == [0, 1, 2, 3]
        assert seen == {0, 1, 2, 3}


class TestAgreement:
    def test_of_people_and_judge_is_counted_on_the_chosen_items(self, project):
        items = collect(project, {"q1": [3, 0, 2], "q2": [1, 3]})
        second = Rater.objects.create(project=project, name="second")
        for name, grade in {"q1-0": 3, "q1-1": 1, "q2-0": 1}.items():
            Label.objects.create(item=items[name], rater=second, grade=grade)
        refresh_references(project)
        judge = make_judge(project)
        said = {
            name: {"grade": grade, "score": 0.5} for name, grade in {"q1-0": 3, "q1-2": 0, "q2-1": 3}.items()
        }
        judge_items(
            judge,
            {items[name]: each for name, each in said.items()} | {items["q2-0"]: {"outcome": "abstained"}},
        )
        made = release(project, "qrels", judge=judge.pk)
        people, judged = (made.facts["agreement"][who] for who in ("people", "judge"))
        # people: (3, 3), (0, 1), (1, 1); q1-1 is a tie without a reference, and still counts
        assert (people["n"], people["n_graded"], people["n_queries"]) == (3, 3, 2)
        table = [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
        assert people["kappa"][0] == pytest.approx(float(kappa(np.array(table), range(4))))
        # judge: (3, 3), (2, 0), (3, 3) and one abstention
        assert (judged["n"], judged["n_graded"]) == (4, 3)
        assert judged["accuracy_binary"][0] == pytest.approx(2 / 3)

    def test_of_a_judge_that_gives_scores_alone_is_that_of_its_scores(self, project):
        items = collect(project, {"q1": [3, 0, 1], "q2": [2, 0], "q3": [3, None]})
        judge = make_judge(project, scoring="likelihood")
        scores = {"q1-0": -1.0, "q1-1": -3.0, "q1-2": -0.5, "q2-0": -2.0, "q2-1": -2.0, "q3-1": 9.0}
        judge_items(
            judge, {items[name]: {"outcome": "scored", "score": score} for name, score in scores.items()}
        )
        made = release(project, "run", judge=judge.pk)
        judged = made.facts["agreement"]["judge"]
        # q3-1 has no reference, and q3-0 no verdict.
        assert (judged["n"], judged["n_graded"], judged["n_scored"], judged["n_queries"]) == (5, 0, 5, 2)
        # Relevant are −1 and −2, others −3, −0.5 and −2: of six pairs −1 wins two, −2 one, and one is a tie.
        assert judged["auc"][0] == pytest.approx((2 + 1 + 0.5) / 6)
        # Ranks of grades 3 0 1 2 0 are 5 1.5 3 4 1.5, of scores 4 1 5 2.5 2.5.
        rho = np.corrcoef([5, 1.5, 3, 4, 1.5], [4, 1, 5, 2.5, 2.5])[0, 1]
        assert judged["spearman"][0] == pytest.approx(rho)
        card = (made.folder / "README.md").read_text()
        assert "| agreement of | n | with a score | queries | AUC at the cut | Spearman’s ρ |" in card
        assert "| the judge and people | 5 | 5 | 2 | 0.58" in card
        assert "with a grade" not in card
        assert "The judge gives no grades" in card

    def test_of_a_judge_with_grades_is_of_its_grades(self, graded):
        made = release(graded, "qrels", judge=graded.judge.pk)
        judged = made.facts["agreement"]["judge"]
        assert judged["n_graded"] == 60
        assert "n_scored" not in judged
        assert "gives no grades" not in (made.folder / "README.md").read_text()

    def test_is_none_where_nothing_can_be_compared(self, project):
        collect(project, {"q1": [3, 0]})
        assert release(project, "qrels").facts["agreement"] == {"people": None, "judge": None}


class TestCard:
    def test_says_where_the_labels_are_from_and_what_was_left_out(self, graded):
        made = everything(graded, licence="CC BY 4.0\n\nNo warranty <b>whatever</b>.")
        card = (made.folder / "README.md").read_text()
        assert card.startswith('---\nlicense: other\npretty_name: "first"\nconfigs:\n- config_name: table\n')
        assert (
            "- config_name: triplet\n  data_files:\n  - split: train\n    path: triplet/train.jsonl\n" in card
        )
        assert "| the judge and people | 60 | 60 | 12 |" in card
        assert "CC BY 4\\.0" in card or "CC BY 4.0" in card
        assert "No warranty \\<b\\>whatever\\</b\\>." in card
        assert "`5eed5eed5eed5eed`" in card
        for file in made.files:
            if file["format"] != "papers":
                assert f"| `{file['path']}` |" in card
                assert file["sha256"][:16] in card

    def test_names_from_outside_are_no_markup(self, graded):
        graded.name = "a | b [x](javascript:y) `c`"
        graded.save()
        card = (release(graded, "qrels").folder / "README.md").read_text()
        assert "a \\| b \\[x\\]\\(javascript:y\\) \\`c\\`" in card


class TestRebuilding:
    def test_gives_the_same_bytes_after_the_project_has_changed(self, graded, tmp_path):
        made = everything(graded)
        Label.objects.update(grade=0)
        refresh_references(graded)
        Query.objects.filter(external_id="q3").delete()
        graded.judge.runs.all().delete()
        again = tmp_path / "again"
        again.mkdir()
        checks = rebuild(made, again)
        assert {check.path for check in checks} == {file["path"] for file in made.files}
        assert [check for check in checks if not check.is_same] == []
        for path in ("triplet/train.jsonl", "README.md", "manifest.json", "beir/corpus.jsonl"):
            assert (again / path).read_bytes() == (made.folder / path).read_bytes()

    def test_finds_a_file_that_was_touched(self, graded, tmp_path):
        made = release(graded, "triplet")
        table = made.folder / "table.parquet"
        rows = [row for rows in thaw(table, "rows") for row in rows]
        with Freezer(table, "rows") as freezer:
            freezer.add([rows[0]._replace(candidate="forged"), *rows[1:]])
        different = {check.path for check in rebuild(made, tmp_path) if not check.is_same}
        assert "table.parquet" in different

    def test_blames_the_format_where_its_edition_is_another(self, graded, tmp_path, monkeypatch):
        made = release(graded, "triplet")
        monkeypatch.setitem(FORMATS, "triplet", triplet.FORMAT._replace(edition=2))
        notes = {check.path: check.note for check in rebuild(made, tmp_path)}
        assert (
            notes["triplet/train.jsonl"] == "written by edition 1 of the format; this Concord has edition 2"
        )

    def test_says_when_the_table_is_gone(self, graded, tmp_path):
        made = release(graded, "triplet")
        shutil.rmtree(made.folder)
        with pytest.raises(CannotRelease, match=r"table\.parquet of this release is not on the server"):
            rebuild(made, tmp_path)


class TestFrozenTables:
    def test_come_back_as_they_were(self, tmp_path, monkeypatch):
        monkeypatch.setattr(frozen, "ROWS_A_GROUP", 3)
        odd = ["", "two\nlines", "👩‍🔬", "nul is none", '"', "\\"]
        rows = [
            Row(
                f"q{n // 4}", text, "", f"c{n}", text, text, "train", "positive", n % 4 or None, 0.1 * n, None
            )
            for n, text in enumerate(odd * 3)
        ]
        with Freezer(tmp_path / "t.parquet", "rows") as freezer:
            for start in range(0, len(rows), 4):
                freezer.add(rows[start : start + 4])
        groups = list(thaw(tmp_path / "t.parquet", "rows"))
        assert [len(group) for group in groups] == [4, 4, 4, 4, 2]
        assert [row for group in groups for row in group] == rows

    @pytest.mark.parametrize("table", ["rows", "pairs", "criteria"])
    def test_have_a_column_for_every_field(self, table):
        assert schema_of(table).names == list(frozen.RECORDS[table]._fields)

    @pytest.mark.parametrize("values", [["plain", "", "x" * 900], ["Straße", "تربة", "", "plain 🌱"], []])
    def test_hold_long_texts_as_arrow_would(self, values):
        assert text_array(values).equals(pa.array(values, type=pa.string()))


def test_a_stretch_of_reading_takes_several_queries(project, monkeypatch):
    collect(project, GRADES)
    monkeypatch.setattr(reading, "ITEMS_A_CHUNK", 12)
    with reading.one_moment(), connection.cursor() as cursor:
        place_queries(project, Plan())
        # Twelve queries of six items: two begin within every twelve items.
        assert reading._stretches(cursor.cursor) == [(n, n + 1) for n in range(1, 12, 2)]


class TestFiles:
    def test_go_with_their_project(self, graded):
        made = release(graded, "triplet")
        delete_project(graded)
        assert not made.folder.exists()
        assert not Release.objects.exists()

    def test_stay_when_old_exports_are_tidied_away(self, graded, monkeypatch):
        made = release(graded, "triplet")
        Job.objects.update(finished_at="2020-01-01T00:00Z")
        lost = settings.FILES / "releases" / "123456.1.part"
        lost.mkdir()
        import os

        for folder in (lost, made.folder):
            os.utime(folder, (0, 0))
        tidy(days=1)
        assert made.folder.exists()
        assert not lost.exists()


def test_splits_share_no_query(graded):
    made = everything(graded)
    ids = {
        split: {row["query_id"] for row in read_lines(made.folder / "table.jsonl") if row["split"] == split}
        for split in ("train", "dev", "test")
    }
    for one, other in combinations(ids.values(), 2):
        assert not one & other
