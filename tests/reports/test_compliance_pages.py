"""Pages of compliance experiments, through the client."""

import re

import pytest
from django.urls import reverse

from judges.models import Condition, Run
from reports.charts.compliance_judge import _domain
from reports.charts.files import table_as_csv
from reports.compliance.grid import grid
from reports.compliance.items import find_answers, page_of_answers
from reports.compliance.report import compliance
from reports.compliance.runs import experiment_runs
from reports.views.compliance import _figures
from tests.reports.compliance_world import ComplianceWorld

pytestmark = pytest.mark.django_db

GRADES = [0, 1, 2, 3] * 10
BOUNDARY = ["empty", "garbled"] * 5
N = len(GRADES) + len(BOUNDARY)


@pytest.fixture
def world(project) -> ComplianceWorld:
    return ComplianceWorld(project, grades=GRADES, boundary=BOUNDARY)


def honest(cell: str, place: int, repeat: int = 1):
    return GRADES[place] if place < len(GRADES) else "abstained"


def pressed(cell: str, place: int, repeat: int = 1):
    """With the suffix boundary items get a grade, and every fifth of the others a wrong one."""
    if cell in ("N0", "B0", "T0"):
        return honest(cell, place)
    return 2 if place >= len(GRADES) else (GRADES[place] + 1) % 4 if place % 5 == 0 else GRADES[place]


@pytest.fixture
def experiment(world):
    made = world.experiment("Under pressure")
    every = ["N0", "N1", "B0", "B1", "T0", "T1", "G1", "G3", "N1+hatch"]
    world.runs(world.judge("yielding", prompt="basic"), made, pressed, cells=every, repeats=2)
    world.runs(world.judge("firm"), made, honest)
    return made


def page(client, name: str, *args, **query) -> str:
    response = client.get(reverse(f"reports:{name}", args=["soil", *args]), query)
    assert response.status_code == 200
    return response.content.decode()


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_list_has_each_experiment_with_its_sentence_and_state(world, experiment, client_of, vic):
    world.experiment("Not begun", cells=["N0"], judges=[1], repeats=1)
    text = text_of(page(client_of(vic), "compliance"))
    assert "Under pressure" in text
    assert "Of 2 judges, one collapses (yielding (prompt basic))" in text
    assert "All 24 runs complete" in text
    assert "No cell has a complete run yet." in text
    assert "Verdicts brought in" not in text


def test_the_list_asks_no_more_of_many_experiments(world, client_of, vic, django_assert_max_num_queries):
    for number in range(4):
        made = world.experiment(f"number {number}")
        world.runs(world.judge("gpt"), made, honest, cells=["N0", "N1"])
    client = client_of(vic)
    page(client, "compliance")
    with django_assert_max_num_queries(14):
        page(client, "compliance")


def test_an_empty_project_says_how_to_begin(project, client_of, vic, bob):
    assert "No compliance experiment yet" in page(client_of(vic), "compliance")
    assert "Plan experiment" not in page(client_of(vic), "compliance")
    assert "Plan experiment" in page(client_of(bob), "compliance")
    assert "come in from a file" in page(client_of(bob), "compliance")
    assert "Nothing to show yet" in page(client_of(bob), "compliance-imported")
    assert "No answers yet" in page(client_of(bob), "compliance-imported-items")


def test_the_rail_has_compliance_after_systems(project, client_of, vic):
    nav = re.search(r'<nav class="rail".*?</nav>', page(client_of(vic), "compliance"), re.S)[0]
    found = re.findall(r">([A-Z][a-z]+)</a>", nav)
    assert found.index("Compliance") == found.index("Systems") + 1


def test_the_dashboard_begins_with_the_judge_that_falls_furthest(experiment, client_of, vic):
    """Without the suffix all 50 items are right; with it 10 made-up grades and 8 wrong ones: 32 of 50."""
    html = page(client_of(vic), "compliance-experiment", experiment.pk)
    text = text_of(html)
    assert re.search(r'<h2 id="one-judge"><span[^>]*>yielding \(prompt basic\)', html)
    assert "N0 neutral, no suffix 100.0 %" in text
    assert "N1 neutral, suffix 64.0 %" in text
    assert "N1 − N0 −36.0" in text
    assert "firm is inconclusive" in text  # fifty items prove no immunity
    for chart in ("interaction", "modes", "ladder", "contrasts", "worst", "families"):
        assert f'<figure class="chart" id="{chart}">' in html


def test_another_judge_and_another_way_of_counting_stay_in_the_address(world, experiment, client_of, vic):
    firm = world.judge("firm").pk
    html = page(
        client_of(vic), "compliance-experiment", experiment.pk, judge=firm, within=1, unreadable="out"
    )
    assert re.search(r'<h2 id="one-judge"><span[^>]*>firm<', html)
    assert '<option value="1" selected>' in html
    assert '<option value="out" selected>' in html
    assert f"?judge={firm}&amp;cell=N0&amp;within=1" in html
    yielding = text_of(page(client_of(vic), "compliance-experiment", experiment.pk, within=1))
    assert "N1 neutral, suffix 76.0 %" in yielding  # 0→1, 1→2, 2→3 are within one, 3→0 (twice) is not
    odd = page(client_of(vic), "compliance-experiment", experiment.pk, judge="x", within="7", unreadable="?")
    assert '<option value="0" selected>' in odd


def test_lines_of_the_grid_are_the_planned_contrasts(world, experiment):
    rows = grid(compliance(world.project, experiment), 1)
    assert [(row.off.name, row.on.name) for row in rows] == [("B0", "B1"), ("N0", "N1"), ("T0", "T1")]
    lines = [[row.across, row.below_off, row.below_on, row.diagonal] for row in rows]
    assert [[line and line.name for line in row] for row in lines] == [
        [None, None, "B1 − N1", None],
        ["N1 − N0", "T0 − N0", None, "T1 − N0"],
        ["T1 − T0", None, None, None],
    ]


def test_a_framing_without_a_run_is_no_row_and_a_missing_cell_is_empty(world):
    made = world.experiment("small")
    world.runs(world.judge("gpt"), made, honest, cells=["N0", "T0", "T1"])
    rows = grid(compliance(world.project, made), 0)
    assert [(row.off.name, row.on.figures is None) for row in rows] == [("N0", True), ("T0", False)]


@pytest.mark.parametrize("name", ["interaction", "modes", "ladder", "contrasts", "worst", "families"])
def test_every_chart_is_a_file_too(experiment, client_of, vic, name):
    client = client_of(vic)
    address = reverse("reports:compliance-experiment", args=["soil", experiment.pk])
    csv = client.get(address, {"chart": name, "file": "csv"})
    assert csv.status_code == 200
    assert f"soil-compliance-{experiment.pk}-{name}.csv" in csv.headers["Content-Disposition"]
    assert csv.content.decode().count("\r\n") > 1
    assert client.get(address, {"chart": name, "file": "svg"}).content.startswith(b"<svg")


def test_charts_have_titles_units_n_and_their_data(world, experiment):
    report = compliance(world.project, experiment)
    yielding = [judge.name for judge in report.judges].index("yielding")
    figures = {figure.name: figure for figure in _figures(report, yielding)}
    for figure in figures.values():
        spec = figure.spec("dark")
        assert spec["title"]["text"]
        assert figure.rows
    assert "percentage points" in figures["contrasts"].subtitle
    assert "95 % intervals" in figures["interaction"].subtitle
    assert "n 100 a cell" in figures["interaction"].subtitle  # 50 items, two repeats
    assert len(figures["contrasts"].rows) == 10
    assert figures["modes"].rows[1][1:] == ["64", "16", "20", "0", "0", "100"]
    ladder = table_as_csv(figures["ladder"]).splitlines()
    assert [line.split(",")[0] for line in ladder] == ["Suffix", "none", "none", "G1", "G1", "G3", "G3"]


@pytest.mark.parametrize(
    ("low", "high", "domain"),
    [(0.3, 0.8, [0.3, 0.8]), (0.97, 0.99, [0.8, 1.0]), (0.0, 0.02, [0.0, 0.2]), (0.45, 0.55, [0.4, 0.6])],
)
def test_an_axis_covers_twenty_points_at_least(low, high, domain):
    assert _domain([{"low": low, "high": high}]) == pytest.approx(domain)


def test_a_cell_opens_its_items_by_kind_of_answer(world, experiment, client_of, vic):
    judge = world.judge("yielding", prompt="basic").pk
    query = {"judge": judge, "cell": "N1"}
    html = page(client_of(vic), "compliance-items", experiment.pk, **query, answer="fabricated")
    assert html.count('<li class="card') == 20  # ten items in two repeats
    text = text_of(html)
    assert "fabricated (20)" in text
    assert "All (100)" in text
    assert "people cannot be judged judge 2" in text
    assert "repeat 1" in text
    assert "Grade: 2" in text  # the reply
    wrong = text_of(page(client_of(vic), "compliance-items", experiment.pk, **query, answer="wrong"))
    assert "empty" not in wrong
    assert "wrong people 0 judge 1" in wrong
    nothing = page(client_of(vic), "compliance-items", experiment.pk, **query, answer="unreadable")
    assert "has given no unreadable answer" in text_of(nothing)


def test_pages_go_on_by_key_and_hold_every_answer_once(world, experiment):
    (judged,) = (each for each in experiment_runs(experiment) if each.name == "yielding")
    every = find_answers(world.project, judged, "T1", within=0)
    seen, after = [], ""
    while True:
        found = page_of_answers(every, answer="correct", after=after, size=7)
        seen += list(zip(found.found.items.tolist(), found.found.repeats.tolist(), strict=True))
        if not found.after:
            break
        after = found.after
    assert len(seen) == len(set(seen)) == 64
    again = page_of_answers(every, answer="wrong", after=after, size=7)
    assert not again.is_first
    for nonsense in ("", "x", "1", "999999.0", "1.-1", "٣.0", "9" * 40 + ".0"):
        assert page_of_answers(every, answer="correct", after=nonsense).is_first


def test_a_judge_cell_or_kind_that_is_not_there_is_not_found(world, experiment, client_of, vic):
    client = client_of(vic)
    address = reverse("reports:compliance-items", args=["soil", experiment.pk])
    for query in ({"judge": "0"}, {"cell": "G5"}, {"cell": "x"}, {"answer": "x"}):
        assert client.get(address, query).status_code == 404
    assert client.get(address).status_code == 200


def test_items_are_read_in_a_few_queries(world, experiment, client_of, vic, django_assert_max_num_queries):
    client = client_of(vic)
    with django_assert_max_num_queries(16):
        page(client, "compliance-items", experiment.pk, cell="N1")


def test_a_robustness_experiment_is_not_there(world, client_of, vic):
    made = world.experiment("attacks")
    made.kind = "robustness"
    made.save()
    client = client_of(vic)
    for name in ("compliance-experiment", "compliance-items"):
        assert client.get(reverse(f"reports:{name}", args=["soil", made.pk])).status_code == 404


def test_conditions_of_files_are_given_cells_in_a_form(world, experiment, client_of, bob, vic):
    judge = world.judge("from a file")
    world.run(judge, [honest("", place) for place in range(N)], condition=world.condition("calm"))
    world.run(judge, [3] * N, condition=world.condition("pushed"))
    manager = client_of(bob)
    assert "2 conditions without a cell" in page(manager, "compliance")
    assert "none of these has a cell yet" in page(manager, "compliance-imported")
    calm, pushed = (Condition.objects.get(name=name) for name in ("calm", "pushed"))
    sent = {f"cell-{calm.pk}": "N0", f"cell-{pushed.pk}": "T1"}
    address = reverse("reports:compliance-cells", args=["soil"])
    response = manager.post(address, sent, follow=True)
    text = text_of(response.content.decode())
    assert "2 conditions have a new cell." in text
    assert "T1 threat, suffix 20.0 %" in text
    assert "No condition has changed." in text_of(manager.post(address, sent, follow=True).content.decode())
    refused = manager.post(address, {f"cell-{calm.pk}": "Q9"}, follow=True)
    assert "“Q9” is no cell" in text_of(refused.content.decode())
    assert Condition.objects.get(name="calm").cell == "N0"
    assert client_of(vic).post(address, sent).status_code == 403
    assert "Save cells" not in page(client_of(vic), "compliance-imported")


def test_a_planned_condition_keeps_its_cell(world, experiment, client_of, bob):
    planned = Condition.objects.get(cell="N1")
    response = client_of(bob).post(
        reverse("reports:compliance-cells", args=["soil"]), {f"cell-{planned.pk}": "T1"}, follow=True
    )
    assert "No condition has changed." in text_of(response.content.decode())
    planned.refresh_from_db()
    assert planned.cell == "N1"


def test_an_experiment_without_a_complete_run_says_how_far_it_is(world, client_of, vic):
    made = world.experiment("waiting", judges=[1], cells=["N0", "N1"], repeats=2)
    text = text_of(page(client_of(vic), "compliance-experiment", made.pk))
    assert "0 of 4 runs complete" in text
    assert Run.objects.count() == 0
