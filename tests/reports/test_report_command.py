"""The whole report as one HTML file and as JSON."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command

from tests.attacked_project import make_attacked_project
from tests.reports.compliance_world import ComplianceWorld
from tests.reports.conftest import ANSWERS, GRADES


def write(folder, *arguments) -> str:
    out = io.StringIO()
    call_command("report", "soil", "--out", str(folder), *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def everything(ranked):
    """Two judges, one with a hostile name, systems, and a second person."""
    ranked.run(GRADES, judge=ranked.judge("</script><b onload=a()>evil", prompt="\"'><i>"))
    ranked.label(ANSWERS, rater="two")
    ranked.label(GRADES, rater="three")
    return ranked


def test_one_file_holds_every_section_and_needs_nothing_else(everything, tmp_path):
    said = write(tmp_path / "new" / "folder")
    page = (tmp_path / "new" / "folder" / "soil.html").read_text()
    assert "soil.html" in said
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert titles[:2] == ["Judges beside people", "Judges against each other"]
    assert "Systems" in titles
    assert "Label budget" in titles
    assert page.count("data:image/svg+xml;base64,") >= 5
    assert not re.findall(r"(?:src|href)=\"(?!data:image/svg)", page)
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_names_stay_text(everything, tmp_path):
    write(tmp_path)
    page = (tmp_path / "soil.html").read_text()
    assert "<b onload" not in page
    assert "&lt;b onload" in page


def test_the_json_file_holds_the_same_figures(everything, tmp_path):
    write(tmp_path)
    data = json.loads((tmp_path / "soil.json").read_text())
    assert set(data) >= {"project", "cut", "agreement", "comparison", "systems", "budget", "each_judge"}
    gpt = next(row for row in data["agreement"] if row["judge"] == "gpt")
    assert gpt["measures"]["kappa"]["value"] == gpt["kappa"]
    assert len(data["comparison"]["pairs"]) == 1
    assert {row["n_runs"] for row in data["systems"]} == {3}
    (judge,) = [each for each in data["each_judge"] if each["judge"] == "gpt"]
    assert sum(map(sum, judge["confusion"])) == 12
    assert judge["uses"][0]["name"] == "Graded qrels"


def test_a_project_without_judges_has_a_short_report(collection, tmp_path):
    write(tmp_path)
    assert "No item has a human grade yet" in (tmp_path / "soil.html").read_text()
    assert json.loads((tmp_path / "soil.json").read_text())["each_judge"] == []


def test_what_cannot_be_written_is_said(compared, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CommandError, match="cannot be written"):
        write(tmp_path / "taken")
    with pytest.raises(CommandError, match="no cut"):
        write(tmp_path, "--cut", "9")
    with pytest.raises(CommandError, match="There is no project"):
        call_command("report", "sand", "--out", str(tmp_path))


def test_what_bends_judges_is_in_it(project, tmp_path):
    world = ComplianceWorld(project, grades=[0, 1, 2, 3] * 10)
    experiment = world.experiment("Under pressure")

    def answer(cell: str, place: int, repeat: int) -> int:
        return place % 4 if cell.endswith("0") else 3 - place % 4

    world.runs(world.judge("reed"), experiment, answer)
    make_attacked_project(project, n_queries=4)
    call_command("report", project.slug, "--out", str(tmp_path), stdout=io.StringIO())
    page = (tmp_path / f"{project.slug}.html").read_text()
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert "Compliance: Under pressure" in titles
    assert "Robustness" in titles
    assert "reed collapses" in page
    assert "−100.0" in page
    assert "bent" in page
    data = json.loads((tmp_path / f"{project.slug}.json").read_text())
    changes = {row["contrast"]: row for row in data[f"compliance-{experiment.pk}"]["contrasts"]}
    assert changes["N1-N0"]["difference"] == -100
    assert {row["judge"] for row in data["robustness"]} >= {"bent", "blind"}
