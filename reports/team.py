"""Who works in a project, and how much: the rows of the team page."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Max, Sum

from annotate.models import Hold, Participation
from corpus.models import Membership, Project


class TeamRow(NamedTuple):
    member: Membership
    n_labels: int
    last_active_at: datetime | None
    n_held: int


def team_rows(project: Project) -> list[TeamRow]:
    """Every member with their current labels in rounds, what they hold, and when they were last here."""
    work = {
        row["rater__user"]: row
        for row in Participation.objects.filter(round__project=project)
        .values("rater__user")
        .annotate(n=Sum("n_labels"), last=Max("last_label_at"))
        .order_by()
    }
    holds = Hold.objects.filter(rater__project=project).order_by()
    held = dict(holds.values_list("rater__user").annotate(n=Count("pk")))
    rows = []
    for member in project.memberships.select_related("user"):
        done = work.get(member.user_id, {"n": 0, "last": None})
        seen = [moment for moment in (done["last"], member.user.last_login) if moment]
        rows.append(TeamRow(member, done["n"], max(seen, default=None), held.get(member.user_id, 0)))
    return rows
