from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from corpus.models import Project
from corpus.permissions import Capability, project_view
from judges.models import Judge, Run
from reports.agreement import agreement
from reports.ceiling import ceiling
from reports.details import details
from reports.next_steps import Standing, next_steps
from reports.scope import reported_split, scope_of
from reports.scoreboard import scoreboard
from reports.standing import alike_with_best
from reports.uses import say_uses, uses_of
from reports.words import called, say_agreement
from reports.work import n_jobs_at_work, open_rounds, sizes

N_ROWS = 5  # of the scoreboard


@project_view(Capability.VIEW)
def overview(request: HttpRequest, project: Project) -> HttpResponse:
    """The project at a glance; for those without reports, only the rounds they can label in."""
    rounds = open_rounds(project, user=request.user, may=request.capabilities)
    context = {
        "rounds": rounds,
        "n_places_left": sum(each.n_left for each in rounds),
        "rail": "overview",
    }
    if "report" in request.capabilities:
        context |= _report(project, rounds, may=request.capabilities)
    return render(request, "reports/overview.html", context)


def _report(project: Project, rounds: list, *, may: set[str]) -> dict:
    scope = scope_of(project, split=reported_split(project, None))
    judges, people = agreement(project, scope=scope), ceiling(project, scope=scope)
    size = sizes(project)
    alike = alike_with_best(project, judges, scope=scope)
    board = scoreboard(judges, people, alike=alike)
    best = next((row.judge for row in board.rows if row.standing == "best"), judges[0] if judges else None)
    waiting = next((each.round for each in rounds if each.n_left and each.takes_me), None)
    standing = Standing(
        n_items=size.items.n,
        n_variants=size.variants.n,
        n_references=size.references.n,
        has_pairs=people is not None,
        open_round=(waiting.pk, waiting.name) if waiting else None,
        has_open_rounds=bool(rounds),
        n_judges_here=Judge.objects.made_here().filter(project=project).count(),
        is_judging=Run.objects.for_project(project).made_here().unfinished().exists(),
        best_judge=(best.judge.pk, called(best)) if best else None,
    )
    has_only_variants = size.variants.n > 0 and not size.items.n
    sentences = []
    if not has_only_variants:
        sentences = say_agreement(judges, people, n_references=size.references.n, n_alike=len(alike))
    if best and best.agreement.n_graded:
        uses = uses_of(project, best, details(project, best, scope=scope), scope=scope)
        sentences.append(say_uses(uses))
    return {
        "sentences": [sentence for sentence in sentences if sentence],
        "sizes": size,
        "n_jobs": n_jobs_at_work(project),
        "board": board.in_brief(N_ROWS),
        "n_judges": len(judges),
        "people": people,
        "steps": next_steps(standing, may=may),
    }
