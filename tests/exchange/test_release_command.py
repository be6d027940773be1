"""manage.py release: make, make again, compare."""

import json

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from annotate.models import Label
from annotate.references import refresh_references
from corpus.models import Job
from exchange.datasets.plan import SOURCES
from exchange.datasets.writers.formats import FORMATS
from judges.models import Verdict
from tests.exchange.releasing import collect, judge_all, make_judge, read_lines

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def graded(project):
    collect(project, {f"q{n}": [3, 2, 0, 0] for n in range(6)})
    judge_all(make_judge(project))
    return project


def say(capsys, *arguments: object) -> str:
    call_command("release", *map(str, arguments))
    return capsys.readouterr().out


def test_every_format_and_source_is_in_the_docs():
    told = (settings.ROOT / "docs" / "datasets.md").read_text()
    assert [name for name in (*FORMATS, *SOURCES) if f"`{name}" not in told] == []


def test_makes_a_release_and_copies_it_out(graded, capsys, tmp_path):
    out = tmp_path / "out"
    told = json.loads(
        say(
            capsys, "soil", "--name", "N", "--format", "triplet", "qrels", "--source", "both",
            "--judge", "yes_no judge", "--licence", "CC0", "--out", out, "--json",
        )
    )  # fmt: skip
    assert (told["release"], told["version"], told["state"], told["n_rows"]) == ("N", 1, "done", 24)
    assert told["folder"] == str(out)
    assert read_lines(out / "triplet/train.jsonl")
    assert "CC0" in (out / "README.md").read_text()
    release = graded.releases.get()
    assert release.plan["source"] == "both"
    assert release.plan["formats"] == ["triplet", "qrels"]
    assert {file["path"] for file in told["files"]} == {
        str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()
    }


def test_says_what_it_made(graded, capsys):
    assert "N@1: 24 rows, " in say(capsys, "soil", "--name", "N", "--format", "qrels")
    assert "N@2: 24 rows" in say(capsys, "soil", "--name", "N", "--format", "qrels")


def test_a_format_without_a_row_is_named(graded, capsys):
    Verdict.objects.update(score=None, log_odds=None)
    judge = ["--judge", "yes_no judge"]
    told = say(capsys, "soil", "--name", "N", "--format", "qrels", "margin-mse", *judge)
    assert "No row fits margin-mse: README.md says why" in told
    assert (
        "Margin-MSE | candidates without a score" in (graded.releases.get().folder / "README.md").read_text()
    )
    assert "No row fits" not in say(capsys, "soil", "--name", "N", "--format", "qrels", *judge)


def test_proves_that_a_release_is_what_it_was(graded, capsys, tmp_path):
    say(capsys, "soil", "--name", "N", "--format", "triplet", "beir")
    Label.objects.update(grade=0)
    refresh_references(graded)
    told = json.loads(say(capsys, "soil", "N", "--rebuild", "--json"))
    assert told["same"] is True
    shown = say(capsys, "soil", "N@1", "--rebuild", "--out", tmp_path / "again")
    assert shown.count("same ") == len(told["files"])
    made = graded.releases.get()
    assert (tmp_path / "again/triplet/train.jsonl").read_bytes() == (
        made.folder / "triplet/train.jsonl"
    ).read_bytes()


def test_a_changed_table_is_found_and_ends_with_an_error(graded, capsys):
    say(capsys, "soil", "--name", "N", "--format", "triplet")
    say(capsys, "soil", "--name", "M", "--format", "triplet", "--with-unjudged", "--seed", "9")
    one, other = (graded.releases.get(name=name).folder / "table.parquet" for name in "NM")
    one.write_bytes(other.read_bytes())
    with pytest.raises(CommandError, match="files did not come out as before"):
        call_command("release", "soil", "N", "--rebuild")
    assert "DIFFERENT" in capsys.readouterr().out


def test_compares_two_releases(graded, capsys):
    say(capsys, "soil", "--name", "N", "--format", "qrels")
    Label.objects.filter(item__query__external_id="q1", grade=3).update(grade=1)
    refresh_references(graded)
    say(capsys, "soil", "--name", "N", "--format", "qrels")
    shown = say(capsys, "soil", "N", "--compare", "N@1")
    assert shown.splitlines() == [
        "From N@1 to N@2: 1 labelled otherwise, 23 rows the same.",
        "  q1: 1 labelled otherwise",
        "This file differs: table.parquet",
        "This file differs: qrels/dev.txt",
    ]
    told = json.loads(say(capsys, "soil", "N", "--compare", "N@1", "--json"))
    assert told["queries"][0]["examples"][0]["grade_after"] == 1
    assert (told["choices"], told["files"]["n_same"]) == ([], 1)


def test_names_what_was_chosen_otherwise(graded, capsys):
    say(capsys, "soil", "--name", "N", "--format", "triplet")
    say(capsys, "soil", "--name", "N", "--format", "triplet", "--negatives", "1")
    shown = say(capsys, "soil", "N@2", "--compare", "N@1").splitlines()
    assert shown[:2] == [
        "From N@1 to N@2: nothing changed in 24 rows of the table.",
        "Chosen otherwise: negatives of a query: 4 → 1",
    ]
    assert "This file differs: triplet/train.jsonl" in shown
    say(capsys, "soil", "--name", "N", "--format", "triplet", "--negatives", "1")
    shown = say(capsys, "soil", "N@3", "--compare", "N@2").splitlines()
    assert shown[1:] == ["All files but the card and the manifest are the same."]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ghost", "--name", "N"], "no project"),
        (["soil", "--name", "N", "--source", "guess"], "--source is one of"),
        (["soil", "--name", "N", "--source", "judge"], "Name the judge"),
        (["soil", "--name", "N", "--judge", "ghost"], "has no judge “ghost”"),
        (["soil", "--name", "N", "--item-set", "ghost"], "has no item set “ghost”"),
        (["soil", "--name", "N", "--train", "0", "--dev", "0"], "do not fit"),
        (["soil", "--name", "N", "--format", "margin-mse"], "holds a judge’s scores"),
        (["soil", "--name", ""], "has a name"),
        (["soil", "N"], "Say what to do"),
        (["soil", "ghost", "--rebuild"], "no finished release “ghost”"),
        (["soil", "--name", "N", "--source", "selection:x"], "no mining here|no selection “x”"),
    ],
)
def test_bad_wishes_are_refused_in_words(arguments, words, graded):
    with pytest.raises(CommandError, match=words):
        call_command("release", *arguments)
    assert not Job.objects.filter(kind="release", state="done").exists()


def test_writes_over_no_folder(graded, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="new or empty"):
        call_command("release", "soil", "--name", "N", "--out", str(tmp_path))
