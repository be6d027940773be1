from django.conf import settings
from django.db import models

from corpus.models.project import Project


class Verb(models.TextChoices):
    """What was done, in the words that follow a person's name."""

    PROJECT_MADE = "project.made", "made the project"
    PROJECT_DELETED = "project.deleted", "deleted the project"
    PROJECT_ARCHIVED = "project.archived", "archived the project"
    PROJECT_UNARCHIVED = "project.unarchived", "brought the project back"
    SETTINGS_CHANGED = "settings.changed", "changed the settings"
    RUBRIC_CHANGED = "rubric.changed", "changed the rubric"
    RUBRIC_ADDED = "rubric.added", "added the rubric"
    RUBRIC_REMOVED = "rubric.removed", "removed the rubric"
    MEMBER_ADDED = "member.added", "brought in"
    MEMBER_JOINED = "member.joined", "accepted an invitation"
    MEMBER_ROLE = "member.role", "changed the role of"
    MEMBER_PAUSED = "member.paused", "paused"
    MEMBER_RESUMED = "member.resumed", "let work again"
    MEMBER_REMOVED = "member.removed", "removed"
    MEMBER_RELIEVED = "member.relieved", "gave back the items of"
    INVITATION_MADE = "invitation.made", "made an invitation"
    INVITATION_REVOKED = "invitation.revoked", "withdrew an invitation"
    ROUND_MADE = "round.made", "made the round"
    ROUND_OPENED = "round.opened", "opened the round"
    ROUND_PAUSED = "round.paused", "paused the round"
    ROUND_RESUMED = "round.resumed", "resumed the round"
    ROUND_CLOSED = "round.closed", "closed the round"
    ROUND_PEOPLE = "round.people", "chose who labels in the round"
    ADJUDICATED = "item.adjudicated", "adjudicated the item"
    UNADJUDICATED = "item.unadjudicated", "took back the decision on the item"
    IMPORT_STARTED = "import.started", "started the import"
    IMPORT_UNDONE = "import.undone", "undid the import"
    EXPORT_STARTED = "export.started", "started the export"
    WORDING_SAVED = "wording.saved", "wrote a new version of the words"
    RELEASE_STARTED = "release.started", "started the release"
    RELEASE_DELETED = "release.deleted", "deleted the release"
    JUDGE_MADE = "judge.made", "made the judge"
    RUN_STARTED = "run.started", "started the run"
    RUN_PAUSED = "run.paused", "paused the run"
    RUN_RESUMED = "run.resumed", "resumed the run"
    RUN_CANCELLED = "run.cancelled", "cancelled the run"
    RUN_RETRIED = "run.retried", "judged the failures once more of"
    RUN_CAP_RAISED = "run.cap", "raised the cap of"
    EXPERIMENT_STARTED = "experiment.started", "started the experiment"
    READING_STARTED = "reading.started", "had the replies read a second time of"
    SCHEDULE_MADE = "schedule.made", "made the schedule"
    SCHEDULE_ON = "schedule.on", "switched on the schedule"
    SCHEDULE_OFF = "schedule.off", "switched off the schedule"
    SCHEDULE_DELETED = "schedule.deleted", "deleted the schedule"
    POOL_MADE = "pool.made", "started the pool"
    POOL_DELETED = "pool.deleted", "deleted the pool"
    SELECTION_FROZEN = "selection.frozen", "froze the selection"
    ENGINE_MADE = "engine.made", "registered the engine"
    USER_MADE = "user.made", "made the user"
    USER_ADMIN = "user.admin", "made a site admin of"
    USER_PASSWORD = "user.password", "gave a new password to"
    USER_SHUT_OUT = "user.deactivated", "shut out"
    USER_LET_IN = "user.activated", "let in again"


class AuditEntry(models.Model):
    """Who did what, and when. Written once: the database refuses to change an entry, or to delete one
    while its project is there. Without a project it is an entry of the whole site.
    """

    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE, related_name="audit_entries")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verb = models.CharField(max_length=30, choices=Verb.choices)
    object_kind = models.CharField(max_length=30, blank=True)
    object_id = models.BigIntegerField(null=True)
    object_name = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="audit_of_project")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.get_verb_display()} {self.object_name}".strip()

    @property
    def actor_name(self) -> str:
        """Who did it; what a command or a worker did has no person."""
        return self.actor.username if self.actor else "the command line"

    @property
    def told(self) -> list[tuple[str, object]]:
        """The details with their names in words."""
        return [(name.removeprefix("n_").replace("_", " "), value) for name, value in self.details.items()]
