from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.urls import reverse


class User(AbstractUser):
    """A person who can log in. Site admins (`is_superuser`) look after engines and users."""

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """What a member may do in a project; corpus.permissions says what each role includes."""

    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    ANNOTATOR = "annotator", "Annotator"
    VIEWER = "viewer", "Viewer"


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ProjectQuerySet":
        """Projects the user is a member of; all of them for a site admin."""
        return self if user.is_superuser else self.filter(memberships__user=user)


class Project(models.Model):
    """A test collection with its members, guidelines and rubrics."""

    class ReferenceRule(models.TextChoices):
        MAJORITY = "majority", "Majority (ties stay open)"
        MEAN = "mean", "Mean, rounded half up"
        DAWID_SKENE = "dawid_skene", "Dawid–Skene (weighs people by how they grade)"

    slug = models.SlugField(unique=True, max_length=100)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    guidelines = models.TextField(blank=True)
    enter_confirms = models.BooleanField(
        "Enter confirms a grade",
        default=False,
        help_text="While labelling, a digit only chooses; Enter saves and goes on.",
    )
    reference_rule = models.CharField(
        max_length=20, choices=ReferenceRule.choices, default=ReferenceRule.MAJORITY
    )
    reference_version = models.BigIntegerField(default=0, help_text="Grows whenever a reference changes.")
    may_leave = models.BooleanField(
        "texts may leave this machine",
        default=False,
        help_text="Consent to send queries and candidates to engines outside this machine.",
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("reports:overview", args=[self.slug])

    def has_item(self, pk: int) -> bool:
        """Whether the item belongs to this project."""
        return self.queries.filter(items__pk=pk).exists()

    @property
    def rubric(self):
        """The scale that imports and new judges use: the project's first rubric."""
        return self.rubrics.order_by("id").first()


class LastOwner(Exception):
    """A project would be left without an owner."""


class Membership(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    paused_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_role_per_member"),
            models.CheckConstraint(
                condition=~models.Q(role=Role.OWNER) | models.Q(paused_at=None), name="owners_are_not_paused"
            ),
        ]
        ordering = ["user__username"]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    def change_role(self, role: str) -> None:
        """Give the member another role. Raises LastOwner when no owner would remain."""
        with transaction.atomic():
            if role != Role.OWNER:
                self._leave_an_owner()
            self.role = role
            if role == Role.OWNER:
                self.paused_at = None
            self.save(update_fields=["role", "paused_at"])

    def end(self) -> None:
        """Take the member out of the project. Raises LastOwner when no owner would remain."""
        with transaction.atomic():
            self._leave_an_owner()
            self.delete()

    def _leave_an_owner(self) -> None:
        owners = Membership.objects.select_for_update().filter(project=self.project, role=Role.OWNER)
        if [owner.pk for owner in owners.order_by("pk")] == [self.pk]:
            raise LastOwner(f"{self.user} is the only owner; make somebody else an owner first.")
