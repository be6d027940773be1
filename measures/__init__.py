"""Numbers about agreement: NumPy and SciPy only, no Django, no files.

Counts in, numbers out. `counts` and `scores` hold what is known about one judge (or one rater against
another); `kappa`, `alpha`, `error`, `auc` and `spearman` are functions of tables of counts, over any number
of leading axes; `bootstrap` resamples queries; `summary` puts them together for one judge or for many.
"""
