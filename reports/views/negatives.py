from typing import NamedTuple

import numpy as np
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.models import Run
from mining.choices import Chosen, choose, count
from mining.forms import RuleForm
from mining.models import Pool
from mining.reading import PoolPairs, read_pairs
from mining.rule_words import REASONS, STATE_NAMES, STATUSES, rule_formula, say_rule, say_sampling
from mining.rules import STATE_OF, Margin, Reason, State, Status
from mining.sampling import Way
from mining.selections import find_run, runs_over, second_runs_over
from reports.charts.files import chart_file, wants_file
from reports.charts.negatives import margins_figure, scores_figure
from reports.negatives import SHOWN, examples, margin_histogram, query_counts, score_histogram

MAIN = ("run", "margin", "amount", "band", "k")
"""The fields that stand before all others."""


class Ruled(NamedTuple):
    """A pool under the rule of a form."""

    found: PoolPairs
    chosen: Chosen
    counts: dict


@project_view(Capability.REPORT)
def rule(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A rule over a pool's scores: what becomes of each candidate, before it is frozen."""
    pool = _pool(project, pk)
    if pool.frozen_at is None:
        return redirect(pool)
    runs = runs_over(pool)
    form = RuleForm(request.GET, runs=runs, seconds=[*second_runs_over(pool), *runs])
    fields = {field.name: field for field in form}
    ruled = _ruled(pool, form)
    sliders = _sliders(form, ruled) if ruled else {}
    context = {
        "pool": pool,
        "form": form,
        "main": _with_slider([fields.pop(name) for name in MAIN], sliders),
        "more": _with_slider(list(fields.values()), sliders),
        "runs": runs,
        "rail": "negatives",
    }
    if ruled:
        context |= _counts(form, ruled) | _picture(request, pool, form, ruled)
        if wants_file(request):
            return chart_file(request, context["figures"], prefix=f"{project.slug}-negatives-{pool.pk}")
    return render(request, "reports/rule.html", context)


@project_view(Capability.REPORT)
def rule_counts(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The counts alone, while a slider moves."""
    pool, form = _asked(request, project, pk)
    ruled = _ruled(pool, form)
    context = {"pool": pool, "form": form} | (_counts(form, ruled) if ruled else {})
    return render(request, "reports/rule.html#rule-counts", context)


@project_view(Capability.REPORT)
def rule_picture(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """The charts, the examples and the queries once a slider rests, and how far sliders reach now."""
    pool, form = _asked(request, project, pk)
    ruled = _ruled(pool, form)
    context = {"pool": pool, "form": form}
    if ruled:
        drawn = [pair for pair in _with_slider(list(form), _sliders(form, ruled)) if pair[1]]
        context |= _picture(request, pool, form, ruled) | {"drawn": drawn, "oob": True}
    response = render(request, "reports/rule.html#rule-picture", context)
    page = reverse("reports:rule", args=[project.slug, pool.pk])
    response["HX-Replace-Url"] = f"{page}?{request.GET.urlencode()}"
    return response


def _pool(project: Project, pk: int) -> Pool:
    return get_object_or_404(project.pools.select_related("item_set", "project"), pk=pk)


def _asked(request: HttpRequest, project: Project, pk: int) -> tuple[Pool, RuleForm]:
    """The pool and the form as asked for, without looking for the runs there are to choose from."""
    pool = _pool(project, pk)
    named = [find_run(pool, _number(request.GET.get(name))) for name in ("run", "second_run")]
    runs, seconds = [run for run in named[:1] if run], [run for run in named[1:] if run]
    return pool, RuleForm(request.GET, runs=runs, seconds=seconds)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else None


def _ruled(pool: Pool, form: RuleForm) -> Ruled | None:
    """The pool under the form's rule; None where no run speaks for it."""
    run, second = form.chosen["run"], form.chosen.get("second_run")
    if not isinstance(run, Run):
        run = find_run(pool, run)
    if run is None:
        return None
    found = read_pairs(pool, run, second=second if isinstance(second, Run) else None)
    sampling = form.sampling
    if sampling.way is Way.DIVERSE:  # which ones is seen when they are frozen; how many is the same
        sampling = sampling._replace(way=Way.TOP)
    chosen = choose(found, form.rule, sampling, second=form.second_rule)
    return Ruled(found, chosen, count(found, chosen, k=sampling.k))


def _counts(form: RuleForm, ruled: Ruled) -> dict:
    counts = ruled.counts
    return {
        "counts": counts,
        "states": [
            (
                str(state),
                STATE_NAMES[state],
                counts["states"][str(state)],
                [
                    (REASONS[reason], counts["reasons"][reason.name])
                    for reason in Reason
                    if STATE_OF[reason] is state and counts["reasons"][reason.name]
                ],
            )
            for state in State
        ],
        "statuses": [
            (STATUSES[status], counts["statuses"][status.name])
            for status in Status
            if status is not Status.READY and counts["statuses"][status.name]
        ],
        "formula": rule_formula(form.rule),
        "said": say_rule(form.rule),
        "sampling": say_sampling(form.sampling),
        "k": form.sampling.k,
        "asked": form.asked,
    }


def _picture(request: HttpRequest, pool: Pool, form: RuleForm, ruled: Ruled) -> dict:
    found, chosen = ruled.found, ruled.chosen
    above, under = examples(found, chosen)
    page = Paginator(range(found.pairs.n_queries), SHOWN).get_page(request.GET.get("page"))
    run = form.chosen["run"]
    name = run.judge.name if isinstance(run, Run) else ""
    return {
        "figures": [
            scores_figure(score_histogram(found), judge=name or "the judge"),
            margins_figure(margin_histogram(found, chosen, form.rule), form.rule),
        ],
        "above": above,
        "under": under,
        "page": page,
        "queries": query_counts(found, chosen, page=page.number),
    }


def _sliders(form: RuleForm, ruled: Ruled) -> dict[str, dict[str, float]]:
    """From where to where each threshold can be drawn: as far as scores differ."""
    scores = ruled.found.pairs.scores
    finite = scores[np.isfinite(scores)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    spread = high - low or 1.0
    n_decimals = int(-np.floor(np.log10(spread / 200)))
    step = round(10.0**-n_decimals, max(n_decimals, 0))

    def even(value: float) -> float:
        return round(float(np.ceil(value / step) * step), max(n_decimals, 0))

    anywhere = {"min": even(low - step), "max": even(high), "step": step}
    distance = {"min": 0.0, "max": even(spread / 2), "step": step}
    share = {"min": 0.0, "max": 1.0, "step": 0.005}
    of_margin = {Margin.SHARE: share, Margin.FIXED: anywhere, Margin.DIFFERENCE: distance}
    band = {"min": 0.0, "max": even(spread / 10), "step": step}
    return {
        "amount": of_margin[form.rule.margin],
        "band": band,
        "mass_floor": {"min": 0.0, "max": 1.0, "step": 0.01},
        "gate": anywhere,
        "floor": share if form.rule.floor_is_share else anywhere,
        "second_amount": of_margin[Margin(form.chosen["second_margin"])],
    }


def _with_slider(fields: list, sliders: dict[str, dict[str, float]]) -> list[tuple]:
    """Each field with the bounds of its slider, None where it has none."""
    return [(field, sliders.get(field.name)) for field in fields]
