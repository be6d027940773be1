import numpy as np
from statsmodels.stats.multitest import multipletests

from measures.adjusting import benjamini_hochberg, bonferroni
from measures.comparing import holm

P = np.random.default_rng(0).random(20) ** 3


def test_they_are_statsmodels():
    np.testing.assert_allclose(bonferroni(P), multipletests(P, method="bonferroni")[1])
    np.testing.assert_allclose(benjamini_hochberg(P), multipletests(P, method="fdr_bh")[1])


def test_undefined_ones_stay_so_and_do_not_count():
    for adjust in (bonferroni, benjamini_hochberg):
        found = adjust([0.01, np.nan, 0.04])
        assert np.isnan(found[1])
        np.testing.assert_allclose(found[[0, 2]], adjust([0.01, 0.04]))
        assert adjust([]).size == 0


def test_bonferroni_is_never_below_holm_nor_holm_below_benjamini_hochberg():
    assert (bonferroni(P) >= holm(P)).all()
    assert (holm(P) >= benjamini_hochberg(P)).all()
    assert (benjamini_hochberg(P) >= P).all()
