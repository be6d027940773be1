from datetime import timedelta

from django.db import models
from django.utils import timezone

from corpus.models.project import Project, Role, User

LASTS = timedelta(days=7)
MOST_REFUSALS = 20  # then the link is dead: somebody is trying out usernames or passwords


class InvitationQuerySet(models.QuerySet):
    def open(self) -> "InvitationQuerySet":
        """Links that still let somebody in."""
        return self.filter(
            used_at=None, revoked_at=None, expires_at__gt=timezone.now(), n_refused__lt=MOST_REFUSALS
        )


class Invitation(models.Model):
    """A link that lets one person into a project, with a role that was fixed when it was made.

    The link's token is shown once; only its SHA-256 is stored.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    note = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    n_refused = models.PositiveSmallIntegerField(default=0)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.note or f"Invitation {self.pk}"
