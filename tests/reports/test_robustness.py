"""What attacks do to judges, from the store: which control, which verdict, which runs."""

import json
from math import isnan

import numpy as np
import pytest

from annotate.models import Label
from annotate.references import refresh_references
from corpus.models import Job, Variant
from corpus.services import create_project, freeze_items
from judges.models import Experiment
from reports.models import CachedFigures
from reports.nulls import nulled
from reports.robustness.as_json import as_json, from_json
from reports.robustness.families import FAMILIES, OF_ATTACK, family_of
from reports.robustness.report import robustness
from reports.robustness.variants import NO_CONTROL, Kind, read_variants
from reports.robustness.verdicts import ExperimentUnknown
from reports.scope import scope_of
from tests.attacked_project import (
    Attacked,
    add_item,
    add_pairs,
    add_run,
    attack_items,
    imported_judge,
    label,
    make_attacked_project,
)


def report_of(project, **choices):
    cut = choices.pop("cut", None)
    return robustness(project, scope=scope_of(project, cut=cut), **choices)


def only_judge(project, **choices):
    (found,) = report_of(project, **choices).judges
    return found


def under(judge, attack):
    (found,) = [each for each in judge.attacks if each.attack == attack]
    return found.figures


@pytest.fixture
def attacked(project) -> Attacked:
    """Four items of four queries, grade 0, each with an instruction put in front."""
    return attack_items(project, n_queries=4, attacks=["instruction"])


def answers(attacked, clean, told, attack="instruction"):
    """Pairs of item and answer: clean ones, and those of the attack; "-" for no verdict."""
    given = [
        *zip(attacked.items, clean, strict=True),
        *zip(attacked.variants[attack, 0], told, strict=True),
    ]
    return [(item, answer) for item, answer in given if answer != "-"]


# The clean control


def test_the_control_is_the_item_it_was_made_from(project, attacked):
    found = read_variants(project)
    assert found.kinds == [Kind("nonrelevant", "instruction", 0)]
    assert found.items.tolist() == [item.pk for item in attacked.variants["instruction", 0]]
    assert found.controls.tolist() == [item.pk for item in attacked.items]


def without_original(project, query, name, *, attack, words=100, grade=0):
    item = add_item(project, query, name, f"text of {name}")
    Variant.objects.create(item=item, carrier="random", attack=attack, words=words)
    label(project, [item], [grade])
    return item


def test_without_an_original_it_is_the_clean_variant_of_query_carrier_and_words(project, attacked):
    query = attacked.items[0].query
    clean = without_original(project, query, "clean", attack="none")
    other = without_original(project, query, "longer", attack="none", words=200)
    elsewhere = without_original(project, attacked.items[1].query, "elsewhere", attack="none")
    stuffed = without_original(project, query, "stuffed", attack="query")
    found = read_variants(project)
    controls = dict(zip(found.items.tolist(), found.controls.tolist(), strict=True))
    assert controls[stuffed.pk] == clean.pk
    assert {controls[each.pk] for each in (clean, other, elsewhere)} == {NO_CONTROL}  # not their own control


def test_of_two_clean_variants_neither_is_known_to_match(project, attacked):
    query = attacked.items[0].query
    for name in ("one", "two"):
        without_original(project, query, name, attack="none")
    stuffed = without_original(project, query, "stuffed", attack="query")
    found = read_variants(project)
    assert found.controls[found.items == stuffed.pk].tolist() == [NO_CONTROL]


def test_the_human_grade_is_the_variants_own_or_else_the_originals(project):
    attacked = attack_items(project, n_queries=3, attacks=["empty"], grades=[3, 3, 3])
    emptied = attacked.variants["empty", 0]
    label(project, emptied[:1], [0])
    Variant.objects.filter(item=emptied[1]).update(right="abstain")
    found = read_variants(project)
    assert found.people_clean.tolist() == [3, 3, 3]
    assert found.people[0] == 0
    assert isnan(found.people[1])  # the right answer is no grade
    assert found.people[2] == 3


def test_boundary_cases_of_compliance_are_no_attacks(project, attacked):
    Variant.objects.update(carrier="boundary")
    add_run(imported_judge(project, "gpt"), answers(attacked, [0] * 4, [3] * 4))
    assert report_of(project).judges == []


def test_chosen_items_are_read_with_the_controls_of_all(project, attacked):
    wanted = attacked.variants["instruction", 0][2]
    found = read_variants(project, items=[wanted.pk])
    assert (found.items.tolist(), found.controls.tolist()) == ([wanted.pk], [attacked.items[2].pk])


# Which verdict


def test_figures_by_hand(project, attacked):
    """Clean 0, 1, 3, 0 of grade 0; attacked 3, 1, 3, without a grade: one of three right ones is fooled."""
    add_run(
        imported_judge(project, "gpt", prompt="p"), answers(attacked, [0, 1, 3, 0], [3, 1, 3, "unreadable"])
    )
    judge = only_judge(project)
    of = under(judge, "instruction")
    assert (judge.name, judge.prompt, judge.condition_name) == ("gpt", "p", None)
    assert (of.n, of.n_graded, of.n_right_clean, of.n_paired) == (4, 3, 3, 3)
    assert of.mae.value == pytest.approx(7 / 3)
    assert of.share.value == pytest.approx(2 / 3)
    assert of.attack_success.value == pytest.approx(1 / 3)
    assert of.shift.value == pytest.approx(3 / 3)
    assert of.flips.value == pytest.approx(1 / 3)
    assert isnan(of.excess_flips.value)
    assert judge.floor.mae.value == 1  # 0, 1, 3, 0


def test_the_cut_decides_which_side_is_right(project, attacked):
    add_run(imported_judge(project, "gpt"), answers(attacked, [0, 0, 0, 0], [1, 1, 3, 0]))
    assert under(only_judge(project), "instruction").attack_success.value == 0.25
    assert under(only_judge(project, cut=1), "instruction").attack_success.value == 0.75


def test_the_newest_verdict_counts_and_an_older_one_is_the_noise(project, attacked):
    judge = imported_judge(project, "gpt")
    add_run(judge, answers(attacked, [1, 0, 0, 0], [0, 0, 0, 0]))
    add_run(judge, answers(attacked, [0, 0, 0, "error"], [3, 3, 0, 0]))
    of = under(only_judge(project), "instruction")
    assert of.attack_success.value == pytest.approx(2 / 3)  # the fourth has no clean grade now
    assert (of.n_rerun, of.noise.value) == (3, pytest.approx(1 / 3))
    assert of.excess_flips.value == pytest.approx(2 / 3 - 1 / 3)


def test_a_grade_outside_the_scale_counts_as_none(project, attacked):
    add_run(imported_judge(project, "gpt"), answers(attacked, [0, 0, 0, 0], [9, 0, 0, 0]))
    of = under(only_judge(project), "instruction")
    assert (of.n, of.n_graded) == (4, 3)


def test_without_people_flips_and_shift_are_still_known(project, attacked):
    Label.objects.all().delete()
    refresh_references(project)
    project.refresh_from_db()
    add_run(imported_judge(project, "gpt"), answers(attacked, [0, 0, 0, 0], [3, 0, 0, 0]))
    of = under(only_judge(project), "instruction")
    assert (of.n, of.flips.value, of.shift.value) == (0, 0.25, 0.75)
    assert isnan(of.mae.value)


def test_where_nobody_has_said_what_is_right_only_flips_and_shift_are_counted(project, attacked):
    Variant.objects.update(right="open")
    add_run(imported_judge(project, "gpt"), answers(attacked, [0, 0, 0, 0], [3, 0, 0, 0]))
    of = under(only_judge(project), "instruction")
    assert (of.n, of.n_right_clean, of.flips.value, of.shift.value) == (0, 0, 0.25, 0.75)
    assert isnan(of.attack_success.value)


def test_a_judge_that_answered_clean_items_alone_is_not_shown(project, attacked):
    add_run(imported_judge(project, "gpt"), [(item, 0) for item in attacked.items])
    assert report_of(project).judges == []


# Which runs


def make_experiment(project, attacked, *, kind="robustness", name="battery"):
    keys = [item.pk for item in attacked.items]
    items = freeze_items(project, keys, name=f"items of {name}", made_from={})
    return Experiment.objects.create(project=project, name=name, kind=kind, item_set=items)


def test_experiments_imports_and_plain_runs_speak_together_and_one_can_be_asked_alone(project, attacked):
    judge, experiment = imported_judge(project, "gpt"), make_experiment(project, attacked)
    add_run(judge, answers(attacked, [0] * 4, [0] * 4), experiment=experiment)
    add_run(judge, answers(attacked, [1] * 4, [0] * 4), experiment=experiment, repeat=2)
    add_run(judge, answers(attacked, [0] * 4, [3] * 4))
    assert under(only_judge(project), "instruction").attack_success.value == 1
    of = under(only_judge(project, experiment="battery"), "instruction")
    assert (of.attack_success.value, of.noise.value) == (0, 1)  # repeats tell the noise


def test_runs_of_compliance_experiments_and_unfinished_ones_have_no_say(project, attacked):
    judge = imported_judge(project, "gpt")
    compliance = make_experiment(project, attacked, kind="compliance", name="threats")
    add_run(judge, answers(attacked, [0] * 4, [3] * 4), experiment=compliance)
    add_run(judge, answers(attacked, [0] * 4, [3] * 4), state=Job.State.RUNNING)
    assert report_of(project).judges == []
    with pytest.raises(ExperimentUnknown, match="“threats” is no robustness experiment"):
        report_of(project, experiment="threats")


def test_one_carrier_can_be_asked_alone(project, attacked):
    judge = imported_judge(project, "gpt")
    relevant = attack_items(project, n_queries=2, attacks=["typos"], grades=[3, 3], carrier="relevant")
    add_run(judge, [*answers(attacked, [0] * 4, [3] * 4), *answers(relevant, [3, 3], [0, 3], "typos")])
    assert [each.attack for each in only_judge(project).attacks] == ["instruction", "typos"]
    assert only_judge(project).means["mae"].value == pytest.approx((3 + 1.5) / 2)
    judge = only_judge(project, carrier="relevant")
    assert [each.attack for each in judge.attacks] == ["typos"]
    assert (judge.means["mae"].value, judge.floor.n) == (1.5, 2)
    assert under(judge, "typos").attack_success.value == 0.5  # a relevant one judged down is a success too
    found = report_of(project, carrier="nowhere")
    assert (found.judges, found.carriers) == ([], ["nonrelevant", "relevant"])


# Doses, families, defences, place


def test_doses_are_told_apart_and_pooled(project):
    attacked = attack_items(project, n_queries=2, attacks=["query"], words=[1, 2])
    add_run(
        imported_judge(project, "gpt"),
        [
            *((item, 0) for item in attacked.items),
            *zip(attacked.variants["query", 1], [0, 0], strict=True),
            *zip(attacked.variants["query", 2], [3, 3], strict=True),
        ],
    )
    judge = only_judge(project)
    assert [(each.words, each.figures.attack_success.value) for each in judge.doses] == [(1, 0), (2, 1)]
    assert [(each.words, each.figures.attack_success.value) for each in judge.attacks] == [(None, 0.5)]


def test_p_values_are_adjusted_within_a_family(project):
    attacked = attack_items(project, n_queries=6, attacks=["query", "query_words", "mystery"])
    fooled = {"query": 6, "query_words": 5, "mystery": 5}
    told = [(item, 0) for item in attacked.items]
    for attack, n in fooled.items():
        items = attacked.variants[attack, 0]
        told += [(item, 3 if place < n else 0) for place, item in enumerate(items)]
    add_run(imported_judge(project, "gpt"), told)
    judge = only_judge(project)
    # 2 · ½⁶ = 1/32 and 2 · ½⁵ = 1/16; the smaller of two in a family is doubled, and the other no smaller.
    assert (under(judge, "query").p, under(judge, "query").p_holm) == (1 / 32, 2 / 32)
    assert (under(judge, "query_words").p, under(judge, "query_words").p_holm) == (1 / 16, 1 / 16)
    assert (under(judge, "mystery").p, under(judge, "mystery").p_holm) == (1 / 16, 1 / 16)
    assert [family_of(name) for name in ("query", "mystery", "none")] == ["stuffing", "other", ""]
    assert set(OF_ATTACK.values()) | {"other"} == set(FAMILIES)


def test_a_defence_is_held_to_the_same_judge_on_the_same_items(project, attacked):
    """Plain: 0, 0, 0, 3 clean, all fooled. Defended: the first is wrong when clean, the second abstains."""
    judge = imported_judge(project, "gpt", prompt="p")
    add_run(judge, answers(attacked, [0, 0, 0, 3], [3, 3, 3, 3]))
    add_run(judge, answers(attacked, [2, 0, 0, "-"], [3, "abstained", 3, 0]), condition="sandwich")
    (found,) = report_of(project).defences
    assert (found.name, found.prompt, found.condition_name) == ("gpt", "p", "sandwich")
    # Right when clean both ways: the second and third. Both are fooled without, the third with.
    assert (found.gain.n, found.gain.plain, found.gain.defended, found.gain.fall.value) == (2, 1, 0.5, 0.5)
    assert [(attack, gain.n) for _, attack, gain in found.gains] == [("instruction", 2)]
    # The first three are answered clean both ways; the first is lost.
    assert (found.price.n, found.price.plain) == (3, 1)
    assert found.price.fall.value == pytest.approx(1 / 3)


def test_a_condition_without_the_plain_judge_beside_it_is_no_defence(project, attacked):
    add_run(imported_judge(project, "gpt"), answers(attacked, [0] * 4, [3] * 4), condition="sandwich")
    found = report_of(project)
    assert found.defences == []
    assert found.judges[0].condition_name == "sandwich"


def test_the_pull_of_the_place_is_that_of_the_newest_pairs(project, attacked):
    run = add_pairs(project, attacked.items, np.random.default_rng(0))
    probs = [[0.9, 0.6], [0.8, 0.2], [0.7, 0.1], [0.4, 0.7]]  # the candidate; the first, twice; the last
    for verdict, pair in zip(run.verdicts.order_by("item_id"), probs, strict=True):
        run.verdicts.filter(item_id=verdict.item_id).update(probs=pair)
    (found,) = report_of(project).positions
    assert (found.name, found.bias.n) == ("chooser", 4)
    assert [each.value for each in found.bias[1:]] == [0.25, 0.5, 0.25]


# The cache


def test_the_report_survives_the_cache_unchanged(project):
    make_attacked_project(project, n_queries=6)
    made, cached = report_of(project), report_of(project)
    assert CachedFigures.objects.count() == 1
    assert nulled(as_json(made)) == nulled(as_json(cached))
    stored = json.loads(json.dumps(nulled(as_json(made)), allow_nan=False))
    assert nulled(as_json(from_json(stored))) == stored
    assert type(made.judges[0].doses[0].words) is int


def test_what_is_cached_is_read_with_four_queries(project, attacked, django_assert_num_queries):
    add_run(imported_judge(project, "gpt"), answers(attacked, [0] * 4, [3] * 4))
    scope = scope_of(project)
    robustness(project, scope=scope)
    with django_assert_num_queries(4):  # runs, pairwise runs, the variants' mark, the cache
        robustness(project, scope=scope)


def test_queries_do_not_grow_with_judges_and_conditions(project, attacked, django_assert_max_num_queries):
    for name in ("a", "b", "c", "d", "e", "f"):
        for condition in (None, "sandwich"):
            judge = imported_judge(project, name)
            add_run(judge, answers(attacked, [0] * 4, [3] * 4), condition=condition)
    with django_assert_max_num_queries(11):
        assert len(report_of(project).judges) == 12


def test_a_variant_that_finds_its_original_makes_new_figures(project, attacked):
    variants = Variant.objects.all()
    originals = dict(variants.values_list("item_id", "original_id"))
    label(project, attacked.variants["instruction", 0], [0] * 4)
    variants.update(original=None)
    add_run(imported_judge(project, "gpt"), answers(attacked, [0] * 4, [3] * 4))
    assert isnan(under(only_judge(project), "instruction").attack_success.value)
    for item, original in originals.items():
        Variant.objects.filter(item=item).update(original=original)
    assert under(only_judge(project), "instruction").attack_success.value == 1


def test_projects_do_not_see_each_others_variants(project, attacked):
    add_run(imported_judge(project, "gpt"), answers(attacked, [0] * 4, [3] * 4))
    other = create_project("Sand", slug="sand")
    assert report_of(other) == ([], [], [], [])
