from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from corpus.models.project import Project


class JobQuerySet(models.QuerySet):
    def unfinished(self) -> "JobQuerySet":
        return self.exclude(state__in=Job.ENDED)


class Job(models.Model):
    """Background work with state, progress and an end. The row is the truth, a message only a hint."""

    class State(models.TextChoices):
        DRAFT = "draft", "Not started"
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    class Kind(models.TextChoices):
        IMPORT = "import", "Import"
        EXPORT = "export", "Export"
        RELEASE = "release", "Release"
        JUDGE = "judge", "Judge run"
        REFERENCES = "references", "References"
        OPEN_ROUND = "open_round", "Open round"
        TRY = "try", "Prompt tried"
        READ = "read", "Second reading"
        MINE = "mine", "Pool of negatives"

    ENDED = (State.DONE, State.CANCELLED, State.FAILED)

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    params = models.JSONField(default=dict)
    note = models.TextField(blank=True, help_text="What it is doing, or waiting for, in words.")
    unit = models.CharField(max_length=20, default="rows")
    n_total = models.BigIntegerField(null=True)
    n_done = models.BigIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempt = models.IntegerField(default=0, help_text="Fences off a worker that woke too late.")
    heartbeat_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["state", "retry_at"],
                name="job_with_work",
                condition=models.Q(state__in=["queued", "running", "waiting"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("corpus:job-detail", args=[self.project.slug, self.pk])

    @property
    def is_ended(self) -> bool:
        return self.state in self.ENDED

    @property
    def speed(self) -> float | None:
        """Units a second since the job was first taken up; None before that or while nothing is done."""
        if self.started_at is None or not self.n_done:
            return None
        seconds = (
            (self.finished_at or self.heartbeat_at or timezone.now()) - self.started_at
        ).total_seconds()
        return self.n_done / seconds if seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time left at the speed so far; None while that or the total is unknown, or once it has ended."""
        if self.is_ended or self.n_total is None or not self.speed:
            return None
        return max(self.n_total - self.n_done, 0) / self.speed

    @property
    def seconds_taken(self) -> float | None:
        """From the start to the end; None for a job that was never started or has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def queue(self) -> str:
        """The Celery queue that serves this kind of work."""
        return "judging" if self.kind in (self.Kind.JUDGE, self.Kind.TRY, self.Kind.READ) else "jobs"
