from django.conf import settings
from django.db import models

from corpus.models import Project


class RaterQuerySet(models.QuerySet):
    def of_user(self, user, project: Project) -> "Rater":
        """The rater a member labels as, made on first use.

        Its name is the username; where a file already brought somebody of that name, a number is added:
        a name in a file proves nothing about who it was.
        """
        rater = self.filter(project=project, user=user).first()
        number = 1
        while rater is None:
            name = user.username if number == 1 else f"{user.username} ({number})"
            rater, _ = self.get_or_create(project=project, name=name, defaults={"user": user})
            if rater.user_id != user.pk:
                rater, number = None, number + 1
        return rater


class Rater(models.Model):
    """A person whose grades are stored: a member of the project, or somebody named in a file."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="raters")
    name = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="raters"
    )

    objects = RaterQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="rater_name_per_project"),
            models.UniqueConstraint(fields=["project", "user"], name="one_rater_per_user_and_project"),
        ]

    def __str__(self) -> str:
        return self.name
