import random

from django.conf import settings
from django.db import models
from django.urls import reverse

from corpus.models import ItemSet, Project, Rubric, User


def new_seed() -> int:
    """A seed that fits a bigint and JavaScript's numbers alike."""
    return random.SystemRandom().randrange(2**53)


class RoundQuerySet(models.QuerySet):
    def visible_to(self, capabilities: set[str], user: User) -> "RoundQuerySet":
        """All rounds for those who may see reports; for those who only label the open ones they are in."""
        return self if "report" in capabilities else self.filter(state=Round.State.OPEN).taking(user)

    def taking(self, user: User) -> "RoundQuerySet":
        """Rounds in which this user may label, as far as the round is concerned."""
        return self.filter(Round.takes(user))

    def with_place_for(self, user: User) -> "RoundQuerySet":
        """Adds `takes_me`: whether this user may label in the round, as far as it is concerned."""
        return self.annotate(takes_me=models.ExpressionWrapper(Round.takes(user), models.BooleanField()))

    def on_other_scales(self, project: Project) -> "RoundQuerySet":
        """Rounds on another scale than the project's own."""
        main = Rubric.objects.filter(project=project).order_by("id").values("pk")[:1]
        return self.filter(project=project).exclude(rubric=main)

    def decided_elsewhere(self, project: Project) -> "RoundQuerySet":
        """Those of them that grade single items: neither references nor decisions are made of them."""
        return self.on_other_scales(project).exclude(rubric__kind=Rubric.Kind.PREFERENCE)

    def with_progress(self) -> "RoundQuerySet":
        """Adds `n_labels`: the current labels of everybody, from the counts that are kept per person."""
        return self.annotate(
            n_labels=models.functions.Coalesce(models.Sum("participations__n_labels"), 0)
        ).select_related("item_set")


class Round(models.Model):
    """A labelling campaign: item set, rubric, overlap, people, order, gold items.

    Blind: nobody ever sees another person's labels here. Not blind: who has graded an item may look at
    what others said of it, and their own answer stands from then on, so that every label is given before
    its author knew another.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAUSED = "paused", "Paused"
        CLOSED = "closed", "Closed"

    class Order(models.TextChoices):
        QUERY = "query", "By query: the candidates of one query stand together"
        RANDOM = "random", "Random, another order for each person"
        PRIORITY = "priority", "By the item set's priorities: drawn by lot, the higher the sooner"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="rounds")
    name = models.CharField(max_length=200)
    item_set = models.ForeignKey(ItemSet, on_delete=models.RESTRICT, related_name="rounds")
    rubric = models.ForeignKey(Rubric, on_delete=models.RESTRICT, related_name="rounds")
    people = models.ManyToManyField(
        User, blank=True, related_name="+", help_text="Who labels in it; nobody named is everybody who may."
    )
    overlap = models.PositiveSmallIntegerField(default=1, help_text="How many people grade each item.")
    order = models.CharField(max_length=10, choices=Order.choices, default=Order.QUERY)
    seed = models.BigIntegerField(default=new_seed, help_text="Repeats the drawing of the order.")
    blind = models.BooleanField(default=True)
    gold_share = models.FloatField(default=0, help_text="The share of gold items among what a person gets.")
    gold_feedback = models.BooleanField(default=False)
    n_items = models.BigIntegerField(null=True, help_text="Items that count, without gold; set on opening.")
    n_given_up = models.BigIntegerField(
        default=0, help_text="Places of items that managers took out of the queue."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="round_name_per_project"),
            models.CheckConstraint(condition=models.Q(overlap__gte=1), name="round_overlap_at_least_one"),
            models.CheckConstraint(
                condition=models.Q(gold_share__gte=0, gold_share__lte=0.5), name="gold_is_at_most_half"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("annotate:round-detail", args=[self.project.slug, self.pk])

    @staticmethod
    def takes(user: User) -> models.Q:
        """The condition that the round names nobody, or this user among others."""
        named = Round.people.through.objects.filter(round=models.OuterRef("pk"))
        return ~models.Q(models.Exists(named)) | models.Q(models.Exists(named.filter(user=user)))

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def n_places(self) -> int:
        """How many labels complete the round: items × overlap, less what managers took out."""
        n_items = self.item_set.n_items if self.n_items is None else self.n_items
        return n_items * self.overlap - self.n_given_up
