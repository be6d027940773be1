from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from corpus.models import ItemSet, Job, Project
from judges.models.condition import Condition
from judges.models.experiment import Experiment
from judges.models.judge import Judge


class RunQuerySet(models.QuerySet):
    def complete(self) -> "RunQuerySet":
        """Runs whose work is done; imported ones are done when their import is."""
        return self.filter(job__state=Job.State.DONE)

    def for_project(self, project: Project) -> "RunQuerySet":
        return self.filter(judge__project=project)

    def made_here(self) -> "RunQuerySet":
        """Runs that Concord made, as against verdicts that were brought in."""
        return self.exclude(judge__engine=None, judge__scoring="")

    def plain(self) -> "RunQuerySet":
        """Runs that belong to no experiment: those that reports of agreement read."""
        return self.filter(experiment=None)

    def unfinished(self) -> "RunQuerySet":
        return self.exclude(job__state__in=Job.ENDED)


class Run(models.Model):
    """One judge over one item set under one condition. State and progress live in its job."""

    judge = models.ForeignKey(Judge, on_delete=models.RESTRICT, related_name="runs")
    item_set = models.ForeignKey(ItemSet, null=True, on_delete=models.RESTRICT, related_name="runs")
    condition = models.ForeignKey(Condition, null=True, on_delete=models.RESTRICT, related_name="runs")
    experiment = models.ForeignKey(Experiment, null=True, on_delete=models.RESTRICT, related_name="runs")
    repeat = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="Which repeat of the same, in an experiment."
    )
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="runs")
    n_items = models.BigIntegerField(default=0)
    n_graded = models.BigIntegerField(default=0)
    n_scored = models.BigIntegerField(default=0)
    n_abstained = models.BigIntegerField(default=0)
    n_unreadable = models.BigIntegerField(default=0, help_text="Unreadable or out of range.")
    n_failed = models.BigIntegerField(default=0, help_text="Empty, refused or error.")
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    tokens_cached = models.BigIntegerField(default=0)
    retried_at = models.DateTimeField(null=True, help_text="Failures older than this are judged once more.")
    cap = models.FloatField(null=True, help_text="US dollars; the run pauses when it has cost so much.")
    schedule = models.ForeignKey(
        "judges.Schedule", null=True, on_delete=models.SET_NULL, related_name="runs", db_index=False
    )
    probe = models.JSONField(null=True, help_text="The engine's checks before the first item.")
    probed_at = models.DateTimeField(null=True)
    n_waits = models.IntegerField(
        default=0, db_default=0, help_text="How often the engine was away since the last verdict."
    )
    speed = models.FloatField(null=True, help_text="Items a second over the last seconds of work.")
    speed_since = models.DateTimeField(null=True, help_text="When the present measurement of speed began.")
    speed_n = models.BigIntegerField(default=0, db_default=0, help_text="Items since then.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["schedule"], name="run_schedule", condition=~models.Q(schedule=None))]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("judges:run-detail", args=[self.judge.project.slug, self.pk])

    @property
    def n_missing(self) -> int:
        """How many checks of the engine failed before the run."""
        return sum(not check["passed"] for check in self.probe or [])

    @property
    def n_done(self) -> int:
        return self.n_graded + self.n_scored + self.n_abstained + self.n_unreadable + self.n_failed

    @property
    def n_left(self) -> int:
        return max(self.n_items - self.n_done, 0)

    @property
    def seconds_left(self) -> float | None:
        """Time left at the present speed; None while no speed is known."""
        return self.n_left / self.speed if self.speed else None


class Shard(models.Model):
    """About ten seconds of a run's work: items of whole queries, claimed with a lease and an attempt."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        LEASED = "leased", "Leased"
        DONE = "done", "Done"

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="shards", db_index=False)
    number = models.IntegerField()
    items = ArrayField(models.BigIntegerField())
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    attempt = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "number"], name="shard_with_work", condition=~models.Q(state="done"))
        ]
