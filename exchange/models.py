from pathlib import Path

from django.conf import settings
from django.db import models
from django.urls import reverse

from corpus.models import Job, Project


class ReleaseQuerySet(models.QuerySet):
    def made(self) -> "ReleaseQuerySet":
        """Releases whose files are whole."""
        return self.filter(made_at__isnull=False)

    def named(self, name: str) -> "Release | None":
        """The release called “NAME”, its newest version, or “NAME@2”, that version."""
        whole = self.filter(name=name).order_by("-version").first()
        base, sign, version = name.rpartition("@")
        if whole is not None or not (sign and version.isascii() and version.isdigit()):
            return whole
        return self.filter(name=base, version=int(version)).first()


class Release(models.Model):
    """A frozen export: what was asked for, what came out, and the checksum of every file.

    State and progress live in its job. Made, it never changes; the same name again is the next version.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="releases")
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="release")
    plan = models.JSONField(help_text="Source, filters, splits and formats, as datasets.plan reads them.")
    licence = models.TextField(blank=True)
    facts = models.JSONField(
        default=dict,
        help_text="What the card says: counts, judges, agreement, guidelines, what was left out.",
    )
    files = models.JSONField(default=list, help_text="Path, format, rows, bytes and SHA-256 of each file.")
    made_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "version"], name="release_version_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.name} (version {self.version})" if self.version > 1 else self.name

    def get_absolute_url(self) -> str:
        return reverse("exchange:release-detail", args=[self.project.slug, self.pk])

    @property
    def typed(self) -> str:
        """What one types to name it in a command."""
        return f"{self.name}@{self.version}"

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return settings.FILES / "releases" / str(self.pk)

    @property
    def n_rows(self) -> int:
        """Rows of the long table."""
        return next((file["n_rows"] for file in self.files if file["path"] == "table.parquet"), 0)

    @property
    def n_bytes(self) -> int:
        return sum(file["n_bytes"] for file in self.files)

    def file(self, path: str) -> dict | None:
        """What is known of the file at this path; None where the release has no such file."""
        return next((file for file in self.files if file["path"] == path), None)
