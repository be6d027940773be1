"""The report of a compliance experiment, from runs in the store."""

import io
import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from corpus.models import Job
from corpus.models.variant import Variant
from judges.models import Condition
from measures.contrasts import Conclusion
from reports.compliance.report import compliance
from reports.compliance.runs import experiment_runs, imported_runs, progress_of
from reports.models import CachedFigures
from tests.reports.compliance_world import ComplianceWorld

pytestmark = pytest.mark.django_db

GRADES = [0, 1, 2, 3] * 3  # twelve answerable items
BOUNDARY = ["empty", "garbled"] * 2


@pytest.fixture
def world(project) -> ComplianceWorld:
    return ComplianceWorld(project, grades=GRADES, boundary=BOUNDARY)


def honest(cell: str, place: int, repeat: int = 1):
    """People's grade, and an abstention where nothing can be graded."""
    return GRADES[place] if place < len(GRADES) else "abstained"


def pressed(cell: str, place: int, repeat: int = 1):
    """Honest without the suffix; with it, made-up grades for the boundary items and four wrong ones."""
    if not cell.endswith("1"):
        return honest(cell, place)
    return 2 if place >= len(GRADES) else 3 - GRADES[place] if place < 4 else GRADES[place]


def figures_of(report, cell: str, judge: int = 0):
    return report.of_judge(judge)[cell]


def test_rates_of_a_cell_by_hand(world):
    """N0: all 16 right. N1: 8 of 16 right (4 wrong, 4 made up of 4)."""
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, pressed)
    report = compliance(world.project, experiment)
    assert (report.n_items, report.n_abstain, report.n_without) == (16, 4, 0)
    calm, under = figures_of(report, "N0").rates, figures_of(report, "N1").rates
    assert (calm.n, calm.counts) == (16, (16, 0, 0, 0, 0))
    assert (under.accuracy.value, under.counts) == (0.5, (8, 4, 4, 0, 0))
    assert (under.fabrication.value, under.n_abstain) == (1.0, 4)
    assert (under.over_abstention.value, under.n_answerable) == (0.0, 12)
    kappa, mae = figures_of(report, "N1").kappa, figures_of(report, "N1").mae
    assert figures_of(report, "N1").n_graded == 12
    assert mae.value == pytest.approx((3 + 1 + 1 + 3) / 12)
    assert kappa.low < kappa.value < 1
    assert figures_of(report, "N0").kappa.value == 1


def test_contrasts_of_a_judge_by_hand(world):
    """The suffix turns 8 of 16 answers: p = 2 / 2⁸; T0 − N0 turns none, so its p is 1."""
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, pressed)
    report = compliance(world.project, experiment)
    changes = {each.name: each.change for each in report.planned}
    assert list(changes) == ["N1 − N0", "T1 − T0", "T0 − N0", "B1 − N1", "T1 − N0"]
    suffix = changes["N1 − N0"]
    assert (suffix.n_items, suffix.lost, suffix.gained, suffix.odds_ratio) == (16, 8, 0, 0.0)
    assert suffix.p == pytest.approx(2 / 2**8)
    assert suffix.p_holm == pytest.approx(5 * 2 / 2**8)
    assert (changes["T0 − N0"].p, changes["T0 − N0"].difference.value) == (1.0, 0.0)
    assert suffix.conclusion == Conclusion.COLLAPSED
    assert report.conclusion_of(0) == Conclusion.COLLAPSED
    assert changes["T0 − N0"].conclusion == Conclusion.INCONCLUSIVE  # sixteen items prove nothing


def test_every_outcome_has_its_code(world):
    """Five answers cannot be read (a 7 is off the scale), an engine's error is none, one item is given up."""
    kinds = ["unreadable", "out_of_range", "refused", "empty", "error", 7, "abstained"]
    answers = [*kinds, *GRADES[len(kinds) :], *["abstained"] * 4]
    experiment, judge = world.experiment(), world.judge("gpt")
    world.run(judge, answers, condition=world.condition("calm", cell="N0"), experiment=experiment)
    of = figures_of(compliance(world.project, experiment), "N0").rates
    assert (of.counts, of.n, of.n_missing) == ((9, 0, 0, 1, 5), 15, 1)
    assert of.accuracy.value == pytest.approx(9 / 15)
    second = figures_of(compliance(world.project, experiment, unreadable="out"), "N0").rates
    assert (second.n, second.n_accuracy, second.counts) == (15, 10, (9, 0, 0, 1, 5))
    assert second.accuracy.value == pytest.approx(9 / 10)
    assert second.unreadable.value == pytest.approx(5 / 15)


def test_within_one_is_the_plans_or_asked_for(world):
    experiment = world.experiment(within=1)
    world.run(
        world.judge("gpt"), [max(grade - 1, 0) for grade in GRADES] + ["abstained"] * 4,
        condition=world.condition("calm", cell="N0"), experiment=experiment,
    )  # fmt: skip
    assert figures_of(compliance(world.project, experiment), "N0").rates.accuracy.value == 1.0
    exact = compliance(world.project, experiment, within=0)
    assert figures_of(exact, "N0").rates.accuracy.value == (3 + 4) / 16


def test_repeats_are_answers_of_the_same_item(world):
    """Wrong in the third repeat of T1 alone: each item lost a third."""
    experiment = world.experiment()

    def answer(cell: str, place: int, repeat: int):
        return "unreadable" if (cell, repeat) == ("T1", 3) else honest(cell, place)

    world.runs(world.judge("gpt"), experiment, answer, repeats=3)
    report = compliance(world.project, experiment)
    of = figures_of(report, "T1")
    assert (of.n_repeats, of.rates.n, of.rates.n_items) == (3, 48, 16)
    (threat,) = (each.change for each in report.planned if each.name == "T1 − T0")
    assert (threat.n_items, threat.lost) == (16, 16)
    assert threat.difference.value == pytest.approx(-1 / 3)
    assert threat.p == pytest.approx(1 / 10_001, abs=1e-3)  # both of 2¹⁶ that go one way


def test_a_repeat_that_was_run_again_counts_once_and_unfinished_runs_not_at_all(world):
    experiment, judge, calm = world.experiment(), world.judge("gpt"), world.condition("calm", cell="N0")
    options = {"condition": calm, "experiment": experiment}
    world.run(judge, ["refused"] * 16, **options)
    newest = world.run(judge, [honest("N0", place) for place in range(16)], **options)
    world.run(judge, ["refused"] * 16, **options, repeat=2, state=Job.State.RUNNING)
    (judged,) = experiment_runs(experiment)
    assert judged.runs == {"N0": (newest,)}
    assert figures_of(compliance(world.project, experiment), "N0").rates.accuracy.value == 1.0


def test_a_variant_goes_by_its_own_reference_or_else_by_its_originals(world):
    """A wrong draft has to be rejected: the right answer is people's grade of the original."""
    drafts = Variant.objects.filter(attack="garbled")
    drafts.update(right="grade", attack="draft")
    experiment, judge = world.experiment(), world.judge("gpt")
    answers = [*GRADES, "abstained", GRADES[1], "abstained", 3 - GRADES[3]]
    world.run(judge, answers, condition=world.condition("calm", cell="N0"), experiment=experiment)
    report = compliance(world.project, experiment)
    assert [(each.name, each.n_items, each.is_abstain) for each in report.families] == [
        ("answerable", 12, False), ("draft", 2, False), ("empty", 2, True),
    ]  # fmt: skip
    assert figures_of(report, "N0").rates.counts == (15, 1, 0, 0, 0)


def test_items_without_anything_that_could_be_right_are_left_out_and_counted(world):
    Variant.objects.filter(attack="garbled").update(right="grade", original=None)
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, honest, cells=["N0"])
    report = compliance(world.project, experiment)
    assert (report.n_items, report.n_without) == (14, 2)


def test_judges_are_one_family_of_tests_and_arms_another(world):
    experiment = world.experiment()
    for name in ("a", "b"):
        world.runs(world.judge(name), experiment, pressed, cells=["N0", "N1", "N1+hatch", "G3"])
    report = compliance(world.project, experiment)
    assert [(each.judge, each.name) for each in report.planned] == [(0, "N1 − N0"), (1, "N1 − N0")]
    assert [each.name for each in report.further] == ["N1+hatch − N1", "G3 − N0"] * 2
    for each in report.planned:
        assert each.change.p_bonferroni == pytest.approx(2 * each.change.p)
    hatch = report.further[0].change
    assert (hatch.gained, hatch.lost, hatch.p_bonferroni) == (8, 0, pytest.approx(4 * 2 / 2**8))
    assert report.explored == ("N0", "N1")
    assert len(report.by_family) == 2 * 3
    assert [each.change.n_items for each in report.by_family[:3]] == [12, 2, 2]


def test_effects_need_six_cells_or_say_why_not(world):
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, honest, cells=["T0", "T1"])
    (effects,) = compliance(world.project, experiment).effects
    assert "neutral" in effects.reason
    assert np.isnan(effects.effects[0].p)


def test_the_whole_report_comes_out_of_the_cache_as_it_went_in(world, django_assert_max_num_queries):
    experiment = world.experiment()
    world.runs(world.judge("gpt", prompt="basic"), experiment, pressed)
    first = compliance(world.project, experiment)
    with django_assert_max_num_queries(4):
        again = compliance(world.project, experiment)
    np.testing.assert_equal(again._asdict(), first._asdict())
    assert CachedFigures.objects.count() == 1
    compliance(world.project, experiment, within=1)
    assert CachedFigures.objects.count() == 2


def test_a_changed_reference_or_run_makes_it_anew(world):
    experiment, judge = world.experiment(), world.judge("gpt")
    run, *_ = world.runs(judge, experiment, honest, cells=["N0"])
    assert figures_of(compliance(world.project, experiment), "N0").rates.accuracy.value == 1.0
    run.verdicts.filter(item=world.items[0]).update(grade=3)
    run.n_graded -= 1
    run.save()
    assert figures_of(compliance(world.project, experiment), "N0").rates.accuracy.value == 15 / 16


def test_the_number_of_queries_does_not_grow_with_judges_cells_or_verdicts(
    world, django_assert_max_num_queries
):
    experiment = world.experiment()
    for name in ("a", "b", "c"):
        world.runs(world.judge(name), experiment, honest, repeats=2)
    with django_assert_max_num_queries(12):
        compliance(world.project, experiment)


def test_nothing_complete_is_no_report(world):
    experiment = world.experiment()
    assert compliance(world.project, experiment) is None
    assert compliance(world.project, None) is None


def test_brought_in_verdicts_are_read_by_the_cells_of_their_conditions(world):
    """Two files of one condition are its repeats; plain verdicts stand for N0 where no condition does."""
    judge, other = world.judge("gpt", prompt="p"), world.judge("plain alone")
    right = [honest("", place) for place in range(16)]
    pushed = world.condition("production", cell="N1")
    world.run(judge, right, condition=None)
    for _ in range(2):
        world.run(judge, ["refused"] * 16, condition=pushed)
    world.run(judge, right, condition=world.condition("somewhere else"))
    world.run(other, right, condition=None)
    (judged,) = imported_runs(world.project)
    assert (judged.name, judged.prompt, list(judged.runs)) == ("gpt", "p", ["N0", "N1"])
    report = compliance(world.project, None)
    assert [each.n_repeats for each in report.figures] == [1, 2]
    assert report.planned[0].change.difference.value == -1
    calm = world.condition("calm", cell="N0")
    world.run(judge, [0] * 16, condition=calm)
    (judged,) = imported_runs(world.project)
    assert judged.runs["N0"][0].condition == calm


def test_runs_of_an_experiment_are_no_brought_in_verdicts(world):
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, honest)
    assert imported_runs(world.project) == []


def test_progress_goes_by_the_plan(world):
    experiment = world.experiment(judges=[1, 2], cells=["N0", "N1"], repeats=3)
    world.runs(world.judge("gpt"), experiment, honest, cells=["N0"], repeats=2)
    progress = progress_of([experiment])[0]
    assert (progress.n_done, progress.n_planned, progress.is_started) == (2, 12, True)
    odd = world.experiment("odd", judges="all", cells=3)
    assert progress_of([odd])[0].n_planned == 0


def printed(*arguments) -> str:
    out = io.StringIO()
    call_command("compliance", *arguments, stdout=out)
    return out.getvalue()


def test_json_has_the_promised_keys(world):
    experiment = world.experiment()
    world.runs(world.judge("gpt", prompt="basic"), experiment, pressed)
    rows = json.loads(printed("soil", "--json"))
    assert len(rows) == 5
    assert {
        "judge", "prompt", "contrast", "n_items", "difference", "interval", "b", "c", "h", "odds_ratio", "p",
        "p_holm", "p_bonferroni", "p_equivalence", "conclusion",
    } <= set(rows[0])  # fmt: skip
    first = rows[0]
    assert (first["judge"], first["prompt"], first["contrast"]) == ("gpt", "basic", "N1-N0")
    assert (first["difference"], first["b"], first["c"], first["conclusion"]) == (-50.0, 8, 0, "collapsed")
    low, high = first["interval"]
    assert -80 < low < -50 < high < -20
    assert rows[2]["odds_ratio"] is None


def test_all_has_every_part_and_options_are_taken(world):
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, pressed)
    world.run(world.judge("old"), ["refused"] * 16, condition=world.condition("pushed", cell="N1"))
    whole = json.loads(printed("soil", "--json", "--all"))
    assert {name: len(rows) for name, rows in whole.items()} == {
        "contrasts": 5, "cells": 7, "effects": 10, "failure_modes": 7, "families": 3,
    }  # fmt: skip
    assert {row["experiment"] for row in whole["cells"]} == {"Pressure", None}
    modes = whole["failure_modes"][1]
    assert [modes[name] for name in ("correct", "wrong", "fabricated")] == [8, 4, 4]
    only = json.loads(printed("soil", "--json", "--experiment", "Pressure", "--within", "1", "--all"))
    assert {row["experiment"] for row in only["cells"]} == {"Pressure"}
    assert only["cells"][1]["accuracy"] == 10 / 16  # 1 ↔ 2 are within one
    out = json.loads(printed("soil", "--json", "--all", "--unreadable", "out"))
    assert out["cells"][-1]["accuracy"] is None


def test_the_table_ends_with_a_sentence_for_each_judge(world):
    experiment = world.experiment()
    world.runs(world.judge("gpt"), experiment, pressed)
    text = printed("soil")
    assert "Experiment Pressure: 16 items" in text
    assert "N1 − N0" in text
    assert "gpt collapses: it loses 50.0 points with the suffix" in text


def test_nothing_to_report_is_said_in_words_and_a_wrong_name_is_a_clear_error(world):
    assert printed("soil").startswith("No compliance experiment has a complete run yet")
    assert json.loads(printed("soil", "--json")) == []
    world.experiment()
    with pytest.raises(CommandError, match="There is no compliance experiment “x”; there are: “Pressure”"):
        printed("soil", "--experiment", "x")
    with pytest.raises(CommandError, match="There is no project “sand”"):
        printed("sand")
    assert Condition.objects.count() == 0
