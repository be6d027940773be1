import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command


def printed(*arguments):
    out = io.StringIO()
    call_command("robustness", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_dl21_attacks_come_out_as_published_from_the_files_to_the_json(dl21):
    for name, kind in (("attacks.jsonl.gz", "attacks"), ("attack_verdicts.csv.gz", "verdicts")):
        call_command("import", "dl21a", str(dl21 / name), "--as", kind, stdout=io.StringIO())
    rows = json.loads(printed("dl21a", "--json"))
    names = ("judge", "prompt", "carrier", "attack", "words")
    found = {tuple(str(row[name]) for name in names): row for row in rows}
    with (dl21 / "attacks_expected.csv").open(encoding="utf-8", newline="") as lines:
        expected = list(csv.DictReader(lines))
    assert len(expected) == len(found) == len(rows) == 351
    for row in expected:
        ours = found[tuple(row[name] for name in names)]
        assert [str(ours["n"]), str(ours["n_graded"])] == [row["n"], row["n_graded"]]
        assert [f"{ours['mae']:.4f}", f"{ours['share_ge2']:.4f}"] == [row["mae"], row["share_ge2"]]
        assert ours["condition"] is None
        # Random words have a clean control; of the passages nobody kept the verdict on the clean text.
        assert (ours["attack_success"] is None) == (
            row["carrier"] == "nonrelevant" or row["attack"] == "none"
        )
        assert ours["noise"] is None


def test_a_wrong_project_cut_or_experiment_is_a_clear_error(project):
    with pytest.raises(CommandError, match="There is no project “sand”"):
        printed("sand")
    with pytest.raises(CommandError, match="7 is no cut of the rubric"):
        printed("soil", "--cut", "7")
    with pytest.raises(
        CommandError, match="“storm” is no robustness experiment of this project; there is none"
    ):
        printed("soil", "--experiment", "storm")


def test_nothing_to_show_is_said_in_words(project):
    assert json.loads(printed("soil", "--json")) == []
    assert printed("soil").startswith("No judge has a verdict on an attacked item yet: import attacked")
