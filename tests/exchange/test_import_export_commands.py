"""import and export on the command line: results on stdout, the rest on stderr, bad input a sentence."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from annotate.models import Label, Rater
from corpus.models import Candidate, Item, Job, Project
from exchange.importing.stores import PairStore
from judges.models import Run, Verdict
from tests.exchange.bringing import lines, packed, read_csv, table

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = [
    {"query_id": "q1", "query": "what is soil", "candidate_id": f"c{n}", "candidate": f"text {n}", "grade": n}
    for n in range(4)
]
VERDICTS = [
    {"judge": "gpt", "prompt": prompt, "query_id": "q1", "candidate_id": f"c{n}", "grade": grade}
    for prompt in ("a", "b")
    for n, grade in enumerate(["3", "", "x", "2"])
]
QRELS = "q1 0 c0 3\nq1 0 c1 0\n"


@pytest.fixture
def file(tmp_path):
    """Writes a file and returns its path as the command line has it."""

    def write(content: str | bytes, name: str = "file.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def printed(*words: str) -> str:
    stdout = io.StringIO()
    call_command(*words, stdout=stdout)
    return stdout.getvalue()


def fails(*words: str) -> tuple[str, str]:
    """(the error's sentence, stdout) of a command that has to end with exit status 1."""
    stdout = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*words, stdout=stdout)
    assert caught.value.returncode == 1
    return str(caught.value), stdout.getvalue()


def test_an_import_makes_the_project_and_says_what_it_stored(file, capsys):
    said = printed("import", "soil", file(table(PAIRS)))

    assert said.startswith("Stored from 4 rows in ")
    assert "4 items, 4 labels, 1 query, 4 candidates" in said
    told = capsys.readouterr().err
    assert "Reading file.csv as pairs (csv, utf-8)." in told
    assert "Made project “soil” (grades 0–3, cut 2)." in told
    assert Project.objects.get().slug == "soil"


def test_outcomes_without_a_grade_are_told(file):
    printed("import", "soil", file(table(PAIRS)))

    assert "Without a grade: 2 empty, 2 unreadable." in printed("import", "soil", file(table(VERDICTS)))


def test_json_is_alone_on_stdout(file):
    said = json.loads(printed("import", "soil", file(table(PAIRS)), "--json"))

    assert (said["state"], said["stored"], said["n_rows"], said["n_bad"]) == ("done", True, 4, 0)
    assert said["counts"] == {"queries": 1, "candidates": 4, "items": 4, "labels": 4}


def test_bad_rows_are_listed_and_nothing_is_left(file, capsys):
    rows = [PAIRS[0], PAIRS[1] | {"grade": 9}, PAIRS[2] | {"candidate_id": ""}]

    error, said = fails("import", "soil", file(table(rows)), "--json")

    assert error.startswith("2 rows are bad of 3; nothing was stored.")
    result = json.loads(said)
    assert (result["state"], result["n_bad"], result["stored"]) == ("failed", 2, False)
    assert [(row["line"], row["column"]) for row in result["bad_rows"]] == [(3, "grade"), (4, "candidate_id")]
    told = capsys.readouterr().err
    assert "The first 2 of 2 bad rows" in told
    assert "outside the rubric" in told.replace("\n", " ")
    assert not Project.objects.exists()


def test_good_rows_are_stored_when_asked_for(file):
    rows = [PAIRS[0], PAIRS[1] | {"grade": 9}]

    printed("import", "soil", file(table(rows)), "--good-rows")

    assert Item.objects.count() == 1


def test_a_dry_run_makes_nothing_not_even_the_project(file):
    said = printed("import", "soil", file(table(PAIRS)), "--dry-run")

    assert said.startswith("Would store from 4 rows")
    assert not Project.objects.exists()


def test_a_dry_run_into_a_project_leaves_it_as_it_is(project, file):
    printed("import", "soil", file(table(PAIRS)), "--dry-run")

    assert Project.objects.get() == project
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "words", "error"),
    [
        (None, "none.csv", (), "There is no file none.csv at that place."),
        ("", "empty.csv", (), "empty.csv is empty."),
        (b"PK\x03\x04", "zip.csv", (), "zip.csv is a zip archive or an Excel file"),
        (
            '{"a": 1, "b": 2}',
            "[red]odd[x].csv",
            (),
            "[red]odd[x].csv: its columns (a, b) fit no kind of file",
        ),
        (packed("a" * 99)[:12], "cut.csv.gz", (), "cut.csv.gz"),
        (table(PAIRS), "p.csv", ("--encoding", "klingon"), "There is no text encoding named 'klingon'"),
        (table(PAIRS), "p.csv", ("--map", "docid=candidate_id"), "There is no column 'docid' to map"),
        (table(PAIRS), "p.csv", ("--map", "query"), "--map takes theirs=ours"),
        (table(PAIRS), "p.csv", ("--judge", "gpt"), "--judge goes with verdicts and qrels"),
        (table(PAIRS), "p.csv", ("--condition", "x"), "--condition goes with a judge's verdicts"),
        (table(VERDICTS), "v.csv", ("--rater", "Ann"), "--rater goes with pairs, attacks, labels and qrels"),
        (QRELS, "q.txt", ("--judge", "gpt", "--rater", "Ann"), "give --judge or --rater, not both"),
        (QRELS, "q.txt", ("--as", "verdicts"), "say whose verdicts these are with --judge NAME"),
        (QRELS, "q.txt", ("--judge", "x" * 201), "--judge takes one line of at most 200 characters"),
    ],
)
def test_what_cannot_be_is_a_sentence(file, tmp_path, content, name, words, error):
    path = tmp_path / name
    if content is not None:
        file(content, name)

    said, _ = fails("import", "soil", str(path), *words)

    assert error in said
    assert not Project.objects.exists()


def test_a_file_that_cannot_be_read_is_json_too(file):
    _, said = fails("import", "soil", file("", "empty.csv"), "--json")

    assert json.loads(said)["state"] == "failed"
    assert "is empty" in json.loads(said)["error"]


@pytest.mark.parametrize("slug", ["My Project", "../x", "", "ä", "x" * 101])
def test_a_new_projects_short_name_fits_into_an_address(file, slug):
    error, _ = fails("import", slug, file(table(PAIRS)))

    assert "short name has letters, digits, - and _ only" in error


def test_what_a_file_says_does_not_steer_the_terminal(file, capsys):
    rows = [PAIRS[0] | {"grade": "[bold]\x1b[31m[/nonsense]"}]

    fails("import", "soil", file(table(rows)))

    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "[bold]�[31m[/nonsense]" in told


def test_columns_are_mapped_several_at_a_time(file):
    rows = [{"a": "q1", "b": "what", "c": "c1", "d": "text", "e": "2"}]
    path = file(table(rows))

    maps = ("--map", "a=query_id", "b=query", "--map", "c=candidate_id", "d=candidate", "e=grade")
    printed("import", "soil", path, "--as", "pairs", *maps)

    assert Label.objects.get().grade == 2


def test_a_column_with_an_equals_sign_can_be_mapped(file):
    rows = [{"query_id": "q", "query": "q", "candidate_id": "c", "x=y": "text"}]

    printed("import", "soil", file(table(rows)), "--as", "pairs", "--map", "x=y=candidate")

    assert Candidate.objects.get().text == "text"


def test_an_encoding_can_be_named(file):
    printed("import", "soil", file(table([PAIRS[0] | {"candidate": "größer"}]).encode("cp1252")),
            "--encoding", "cp1252")  # fmt: skip

    assert Candidate.objects.get().text == "größer"


def test_qrels_are_a_raters_or_a_judges(file):
    path = file(QRELS, "qrels.txt")
    printed("import", "soil", path, "--as", "qrels", "--rater", "NIST")
    printed("import", "soil", path, "--as", "verdicts", "--judge", "gpt")
    printed("import", "soil", path, "--as", "qrels", "--judge", "llama", "--condition", "suffix")

    assert Rater.objects.get().name == "NIST"
    runs = Run.objects.values_list("judge__name", "judge__prompt", "condition__name")
    assert set(runs) == {("gpt", None, None), ("llama", None, "suffix")}
    assert Verdict.objects.count() == 4


def test_ctrl_c_cancels_the_import(project, file, monkeypatch):
    def interrupt(self, rows) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PairStore, "take", interrupt)
    with pytest.raises(CommandError, match="Cancelled; nothing was stored") as caught:
        call_command("import", "soil", file(table(PAIRS)))

    assert caught.value.returncode == 130
    assert Job.objects.get().state == Job.State.CANCELLED
    assert not Item.objects.exists()


def test_ctrl_c_takes_a_new_project_back(file, monkeypatch):
    def interrupt(self, rows) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PairStore, "take", interrupt)
    with pytest.raises(CommandError, match="Cancelled"):
        call_command("import", "soil", file(table(PAIRS)))

    assert not Project.objects.exists()


# Export


@pytest.fixture
def graded(file):
    printed("import", "soil", file(table(PAIRS)))
    printed("import", "soil", file(table(VERDICTS)))
    return "soil"


def test_an_export_says_what_it_wrote(graded, tmp_path):
    out = tmp_path / "grades.csv"

    said = printed("export", graded, "--as", "csv", "--out", str(out))

    assert said.startswith(f"12 rows, {out.stat().st_size:,} bytes in {out}")
    assert len(read_csv(out.read_bytes())) == 12


def test_an_exports_json_is_alone_on_stdout(graded, tmp_path):
    out = tmp_path / "grades.jsonl"

    said = json.loads(
        printed("export", graded, "--as", "jsonl", "--out", str(out), "--what", "labels", "--json")
    )

    assert (said["state"], said["n_rows"], said["file"]) == ("done", 4, str(out))
    assert [json.loads(line)["grade"] for line in out.read_text().splitlines()] == [0, 1, 2, 3]


def test_qrels_are_the_reference_or_one_judges(graded, tmp_path):
    out = tmp_path / "qrels.txt"
    printed("export", graded, "--as", "qrels", "--out", str(out))
    assert out.read_text() == "q1 0 c3 3\nq1 0 c2 2\nq1 0 c1 1\nq1 0 c0 0\n"

    printed("export", graded, "--as", "qrels", "--out", str(out), "--judge", "gpt", "--prompt", "b")
    assert out.read_text() == "q1 0 c0 3\nq1 0 c3 2\n"


def test_versions_of_one_judge_are_not_several_prompts(project, file, tmp_path):
    rows = [
        {"query_id": "q", "candidate_id": "c", "rater_kind": "judge", "rater": "gpt", "prompt": "p"}
        | {"judge_version": version, "prompt_hash": version, "grade": version, "run": version}
        for version in (1, 2)
    ]
    printed("import", "soil", file(lines(*rows), "e.jsonl"), "--as", "grades")
    out = tmp_path / "qrels.txt"

    printed("export", "soil", "--as", "qrels", "--out", str(out), "--judge", "gpt")

    assert out.read_text() == "q 0 c 2\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("nothing", "--as", "csv"), "There is no project “nothing”."),
        (("soil", "--as", "qrels", "--judge", "nobody"), "Project “soil” has no judge “nobody”."),
        (("soil", "--as", "qrels", "--judge", "gpt"), "name one with --prompt: “a”, “b”."),
        (("soil", "--as", "csv", "--judge", "gpt", "--prompt", "a"), "go out as qrels"),
    ],
)
def test_an_export_that_cannot_be_is_a_sentence(graded, tmp_path, words, error):
    said, _ = fails("export", *words, "--out", str(tmp_path / "x"))

    assert error in said


ATTACK = [
    {"query_id": "q1", "query": "what is soil", "candidate_id": name, "candidate": f"soil {name}"}
    | {"human_grade": 0, "carrier": "random", "attack": attack, "words": 100}
    for name, attack in (("a1", "query"), ("a2", "none"))
]


@pytest.mark.parametrize("as_kind", [[], ["--as", "attacks"]])
def test_attacks_come_in_and_go_out_with_their_item_set(file, tmp_path, as_kind):
    said = printed("import", "bent", file(table(ATTACK), "attacks.csv"), *as_kind, "--rater", "Zoe")
    assert "2 variants" in said
    out = tmp_path / "out.csv"

    said, _ = fails("export", "bent", "--as", "csv", "--out", str(out))
    assert said == "All items of this project are variants: choose one of their item sets."
    said, _ = fails("export", "bent", "--as", "csv", "--out", str(out), "--item-set", "Mine")
    assert said == "Project “bent” has no item set “Mine”."
    printed("export", "bent", "--as", "csv", "--out", str(out), "--item-set", "Attacks, attacks.csv")

    rows = read_csv(out.read_bytes())
    assert {(row["candidate_id"], row["rater"], row["attack"], row["words"]) for row in rows} == {
        ("a1", "Zoe", "query", "100"),
        ("a2", "Zoe", "none", "100"),
    }


def test_an_export_needs_a_place(graded, tmp_path):
    for out in (tmp_path, tmp_path / "nowhere" / "x.csv"):
        said, _ = fails("export", graded, "--as", "csv", "--out", str(out))
        assert "name a file in a folder that exists" in said


def test_an_export_may_be_named_without_a_folder(graded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    printed("export", graded, "--as", "csv", "--out", "grades.csv")

    assert (tmp_path / "grades.csv").is_file()
