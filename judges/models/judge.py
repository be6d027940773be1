from django.db import models
from django.urls import reverse

from corpus.models import Project, Rubric
from judges.models.engine import Engine
from judges.models.prompt import Prompt


class Scoring(models.TextChoices):
    LIKELIHOOD = "likelihood", "Likelihood of the query given the candidate"
    YES_NO = "yes_no", "Yes or no"
    GRADE = "grade", "One grade of the rubric"
    REASON = "reason", "Reasons in words, then a grade"
    CRITERIA = "criteria", "Several criteria in one reply"
    PAIRWISE = "pairwise", "Two candidates compared, in both orders"
    LISTWISE = "listwise", "A query’s candidates put in order"
    JURY = "jury", "Several judges’ grades put together"


class JudgeQuerySet(models.QuerySet):
    def made_here(self) -> "JudgeQuerySet":
        """Judges that Concord can run, as against those whose verdicts were brought in."""
        return self.exclude(engine=None, scoring="")

    def newest(self, name: str) -> "Judge | None":
        """The latest version of the judge of this name that was made here."""
        return self.made_here().filter(name=name).order_by("-version").first()


class Judge(models.Model):
    """Model + prompt + rubric + scoring + decoding, immutable: a change makes a new version.

    A jury is made of judges: no engine, no prompt, and a rule by which their grades become one. An imported
    judge stands for verdicts made elsewhere: no engine, no scoring, one per (name, prompt);
    its prompt is null for qrels.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="judges")
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    engine = models.ForeignKey(
        Engine, null=True, blank=True, on_delete=models.RESTRICT, related_name="judges"
    )
    model = models.CharField(
        max_length=300, blank=True, help_text="The engine's model when the judge was made."
    )
    prompt = models.ForeignKey(
        Prompt, null=True, blank=True, on_delete=models.RESTRICT, related_name="judges"
    )
    rubric = models.ForeignKey(Rubric, on_delete=models.RESTRICT, related_name="judges")
    members = models.ManyToManyField(
        "self", symmetrical=False, related_name="juries", help_text="Of a jury: the judges it is made of."
    )
    scoring = models.CharField(max_length=20, choices=Scoring.choices, blank=True)
    options = models.JSONField(default=dict, blank=True, help_text="Scoring options and decoding.")
    created_by = models.ForeignKey("corpus.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = JudgeQuerySet.as_manager()

    class Meta:
        ordering = ["name", "prompt__name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "prompt", "version"],
                nulls_distinct=False,
                name="judge_version_per_project",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("judges:judge-detail", args=[self.project.slug, self.pk])

    @property
    def is_imported(self) -> bool:
        return self.engine_id is None and not self.is_jury

    @property
    def is_jury(self) -> bool:
        """Whether it is made of other judges."""
        return self.scoring == Scoring.JURY
