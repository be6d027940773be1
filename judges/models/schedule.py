from django.db import models
from django_celery_beat.models import PeriodicTask

from corpus.models import ItemSet, Project
from judges.models.judge import Judge

TASK = "tasks.schedules.run_schedule"


class Schedule(models.Model):
    """A judge's standing order: when it runs by itself, and over what. Beat keeps the time."""

    class Scope(models.TextChoices):
        NEW = "new", "All items of the project without a verdict of this judge"
        MISSING = "missing", "Items of one set without a verdict of this judge"
        DRIFT = "drift", "The same sample every time, to see whether the judge drifts"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="schedules")
    judge = models.ForeignKey(Judge, on_delete=models.CASCADE, related_name="schedules")
    scope = models.CharField(max_length=10, choices=Scope.choices)
    item_set = models.ForeignKey(
        ItemSet, null=True, on_delete=models.CASCADE, related_name="+", help_text="The set, or the sample."
    )
    cap = models.FloatField(null=True, help_text="US dollars for each run.")
    least_kappa = models.FloatField(default=0.9, help_text="Alarm under this κ with the first run.")
    most_shift = models.FloatField(default=0.1, help_text="Alarm past this shift, as a share of the scale.")
    beat = models.OneToOneField(PeriodicTask, on_delete=models.CASCADE, related_name="+")
    last_at = models.DateTimeField(null=True)
    last_note = models.TextField(blank=True, help_text="What came of the last time, in words.")
    created_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Schedule {self.pk}"

    @property
    def is_on(self) -> bool:
        """Whether beat calls it."""
        return self.beat.enabled

    @property
    def when(self) -> str:
        """The times in words: a cron line in UTC, or how many minutes lie between."""
        if cron := self.beat.crontab:
            fields = (cron.minute, cron.hour, cron.day_of_month, cron.month_of_year, cron.day_of_week)
            return f"{' '.join(fields)} (UTC)"
        minutes = self.beat.interval.every
        if minutes % 1440 == 0:
            return "every day" if minutes == 1440 else f"every {minutes // 1440} days"
        return f"every {minutes // 60} h" if minutes % 60 == 0 else f"every {minutes} min"
