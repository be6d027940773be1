import numpy as np
import pytest

from measures.counts import Ungraded, count_array
from measures.scores import score_table
from measures.summary import Agreement, Evidence, summarise, summarise_judges

GRADED = ("kappa", "kappa_quadratic", "kappa_binary", "alpha_ordinal", "mae", "accuracy_binary")


def _judge(seed: int, *, n_queries: int = 12, width: int = 2):
    generator = np.random.default_rng(seed)
    query, reference = generator.integers(0, n_queries, 400), generator.integers(0, 4, 400)
    judged = np.clip(reference + generator.integers(-width, width + 1, 400), 0, 3)
    rows = np.stack([query, reference, judged, np.ones(400, int)], axis=1)
    counts = count_array(rows, n_queries=n_queries, n_grades=4)
    score = judged + generator.normal(size=400)
    return Evidence(counts, score_table(query, reference, score, n_queries=n_queries, n_grades=4))


def _summary(evidence: Evidence, **options) -> Agreement:
    return summarise(*evidence, **({"values": range(4), "cut": 2, "replicates": 300, "seed": 1} | options))


def test_every_figure_has_a_value_inside_its_interval():
    agreement = _summary(_judge(0))
    assert (agreement.n, agreement.n_graded, agreement.n_scored) == (400, 400, 400)
    for name in ("auc", "spearman", *GRADED):
        estimate = getattr(agreement, name)
        assert estimate.low < estimate.value < estimate.high, name


def test_a_judge_without_scores_has_no_auc_and_no_rho():
    agreement = _summary(Evidence(_judge(0).counts))
    assert agreement.n_scored == 0
    assert np.isnan([*agreement.auc, *agreement.spearman]).all()
    assert not np.isnan(agreement.kappa).any()


def test_a_judge_that_only_scores_has_no_kappa_but_its_verdicts_count():
    column = Ungraded.SCORED.column(n_grades=4)
    rows = [(query, query % 4, column, 5) for query in range(8)]
    counts = count_array(rows, n_queries=8, n_grades=4)
    queries = np.repeat(np.arange(8), 5)
    scores = score_table(queries, queries % 4, queries + np.arange(40) % 5, n_queries=8, n_grades=4)
    agreement = _summary(Evidence(counts, scores))
    assert (agreement.n, agreement.n_graded, agreement.n_scored) == (40, 0, 40)
    assert np.isnan([getattr(agreement, name) for name in GRADED]).all()
    assert not np.isnan(agreement.auc).any()


def test_judges_together_get_what_each_gets_alone():
    judges = [_judge(0), _judge(1, width=1), _judge(2, n_queries=30), Evidence(_judge(3).counts)]
    together = summarise_judges(judges, values=range(4), cut=2, replicates=200, seed=9)
    alone = [_summary(judge, replicates=200, seed=9) for judge in judges]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_equal(one, other)


def test_queries_in_which_the_judge_has_no_verdict_change_nothing():
    judge = _judge(0)
    wider = np.concatenate([np.zeros((5, 4, 7), dtype=int), judge.counts])
    assert _summary(Evidence(wider)).kappa == _summary(Evidence(judge.counts)).kappa


def test_one_query_gives_a_value_and_no_interval():
    agreement = _summary(_judge(0, n_queries=1))
    for name in ("auc", *GRADED):
        estimate = getattr(agreement, name)
        assert not np.isnan(estimate.value)
        assert np.isnan([estimate.low, estimate.high]).all()


def test_without_replicates_there_are_values_and_no_intervals():
    quick, full = _summary(_judge(0), replicates=0), _summary(_judge(0))
    for name in ("auc", "spearman", *GRADED):
        assert getattr(quick, name).value == getattr(full, name).value
        assert np.isnan(getattr(quick, name).low)


def test_no_verdicts_at_all_leave_everything_undefined():
    agreement = _summary(Evidence(count_array([], n_queries=0, n_grades=4)))
    assert agreement[:3] == (0, 0, 0)
    assert np.isnan(agreement[3:]).all()


def test_two_people_are_compared_like_a_person_and_a_judge():
    counts = _judge(0).counts
    swapped = counts.copy()
    swapped[:, :, :4] = counts[:, :, :4].swapaxes(1, 2)
    one_way, other_way = _summary(Evidence(counts)), _summary(Evidence(swapped))
    for name in GRADED:
        np.testing.assert_allclose(getattr(one_way, name), getattr(other_way, name), atol=1e-12)


def test_an_interval_stays_within_what_the_measure_can_be():
    query = np.repeat(np.arange(10), 300)
    reference = np.tile([0, 1, 2], 1_000)
    score = reference + np.linspace(0, 0.9, 3_000)
    scores = score_table(query, reference, score, n_queries=10, n_grades=3)
    counts = count_array([], n_queries=10, n_grades=3)
    agreement = summarise(counts, scores, values=range(3), cut=2, replicates=100, seed=0)
    assert agreement.auc.value == agreement.auc.high == 1
    assert agreement.spearman.high <= 1


def test_counts_values_and_scores_must_be_of_one_rubric():
    judge = _judge(0)
    with pytest.raises(ValueError, match="4 grades"):
        _summary(judge, values=range(3))
    with pytest.raises(ValueError, match="same queries"):
        _summary(Evidence(judge.counts, _judge(0, n_queries=5).scores))
