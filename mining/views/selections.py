from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.models import Run
from judges.services import RunRefused
from mining.cascade import check, draw_check, send_to_judge, send_to_people
from mining.forms import CheckForm, JudgePoolForm, PeopleForm, RuleForm, asked_of
from mining.models import Selection
from mining.rule_words import REASONS, STATE_NAMES, STATUSES, say_rule, say_sampling
from mining.rules import STATE_OF, Reason, RuleRefused, State, Status, rule_of
from mining.sampling import SamplingRefused, sampling_of
from mining.selections import SelectionRefused, freeze_selection, runs_over, second_runs_over

PAGE_SIZE = 50
PER_QUERY = """
    SELECT query.external_id, query.text,
           count(*) FILTER (WHERE entry.state = 'positive'),
           count(*) FILTER (WHERE entry.state = 'relabelled_positive'),
           count(*) FILTER (WHERE entry.state = 'ambiguous'),
           count(*) FILTER (WHERE entry.state = 'hard_negative'),
           count(*) FILTER (WHERE entry.state = 'random_negative'),
           count(*) FILTER (WHERE entry.state = 'unjudged'),
           count(*) FILTER (WHERE entry.picked AND entry.state LIKE '%%negative')
    FROM mining_selectionentry entry JOIN corpus_query query ON query.id = entry.query_id
    WHERE entry.selection_id = %s GROUP BY query.id
    ORDER BY min(entry.position) LIMIT %s OFFSET %s"""


@project_view(Capability.MANAGE)
@require_POST
def selection_create(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Freeze the rule that the page shows."""
    pool = get_object_or_404(project.pools.select_related("item_set"), pk=pk)
    form = RuleForm(request.POST, runs=runs_over(pool), seconds=_seconds(pool))
    back = f"{reverse('reports:rule', args=[project.slug, pool.pk])}?{request.POST.urlencode()}"
    if not form.is_valid():
        messages.error(request, "Nothing was frozen: look at the numbers marked below.")
        return redirect(back)
    second = form.cleaned_data.get("second_run")
    try:
        selection = freeze_selection(
            pool,
            name=request.POST.get("name", ""),
            run=form.cleaned_data["run"],
            rule=form.rule,
            sampling=form.sampling,
            second_run=second,
            second_rule=form.second_rule,
            by=request.user,
        )
    except (SelectionRefused, RuleRefused, SamplingRefused) as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    return redirect(selection)


@project_view(Capability.REPORT)
def selection_detail(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    selection = _selection(project, pk)
    counts = selection.counts
    pages = Paginator(range(counts["n_queries"]), PAGE_SIZE)
    page = pages.get_page(request.GET.get("page"))
    with connection.cursor() as cursor:
        cursor.execute(PER_QUERY, [selection.pk, PAGE_SIZE, max(page.start_index() - 1, 0)])
        queries = cursor.fetchall()
    rule = selection.rule
    context = {
        "selection": selection,
        "pool": selection.pool,
        "states": [(STATE_NAMES[state], counts["states"][str(state)], str(state)) for state in State],
        "reasons": [
            (STATE_NAMES[STATE_OF[reason]], REASONS[reason], counts["reasons"][reason.name])
            for reason in Reason
            if counts["reasons"].get(reason.name)
        ],
        "statuses": [
            (STATUSES[status], counts["statuses"][status.name])
            for status in Status
            if counts["statuses"][status.name]
        ],
        "rule": say_rule(rule_of(rule["first"])),
        "second_rule": say_rule(rule_of(rule["second"])) if rule["second"] else "",
        "sampling": say_sampling(sampling_of(selection.sampling)),
        "n_flagged": sum(counts["reasons"][each] for each in ("FLAGGED", "BAND", "RELABELLED")),
        "n_doubted": counts["statuses"]["DOUBTED"],
        "checked": check(selection),
        "asked": urlencode(asked_of(selection)),
        "seconds": _runs_over_flagged(selection),
        "judge_form": JudgePoolForm(pool=selection.pool),
        "people_form": PeopleForm(),
        "check_form": CheckForm(),
        "queries": queries,
        "page": page,
        "rail": "negatives",
    }
    return render(request, "mining/selection_detail.html", context)


@project_view(Capability.MANAGE)
@require_POST
def selection_second(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """Run a second judge over what was flagged."""
    selection = _selection(project, pk)
    form = JudgePoolForm(request.POST, pool=selection.pool)
    if not form.is_valid():
        messages.error(request, "Choose a judge.")
        return redirect(selection)
    try:
        return redirect(send_to_judge(selection, form.cleaned_data["judge"], by=request.user))
    except (SelectionRefused, RunRefused) as refusal:
        messages.error(request, str(refusal))
        return redirect(selection)


@project_view(Capability.MANAGE)
@require_POST
def selection_people(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A draft round over what is flagged."""
    selection = _selection(project, pk)
    form = PeopleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say how many people grade each item: one to twenty.")
        return redirect(selection)
    try:
        return redirect(send_to_people(selection, overlap=form.cleaned_data["overlap"], by=request.user))
    except SelectionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(selection)


@project_view(Capability.MANAGE)
@require_POST
def selection_check(request: HttpRequest, project: Project, pk: int) -> HttpResponse:
    """A draft round over a random sample of the negatives."""
    selection = _selection(project, pk)
    form = CheckForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say how many negatives are to be checked: 1 to 10,000.")
        return redirect(selection)
    chosen = form.cleaned_data
    try:
        drawn = draw_check(
            selection,
            n=chosen["n"],
            seed=chosen["seed"] or 0,
            everything=chosen["everything"],
            by=request.user,
        )
    except SelectionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(selection)
    return redirect(drawn)


def _seconds(pool) -> list:
    return [*second_runs_over(pool), *runs_over(pool)]


def _runs_over_flagged(selection: Selection) -> list[Run]:
    """Runs of second judges over what this selection flagged, newest first."""
    if selection.flagged_set is None:
        return []
    return list(selection.flagged_set.runs.select_related("judge", "job", "item_set").order_by("-pk"))


def _selection(project: Project, pk: int) -> Selection:
    found = Selection.objects.filter(pool__project=project).select_related(
        "pool__project", "pool__item_set", "run__judge__prompt", "second_run__judge", "check_set",
        "flagged_set", "created_by",
    )  # fmt: skip
    return get_object_or_404(found, pk=pk)
