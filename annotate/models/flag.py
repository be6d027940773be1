from django.conf import settings
from django.db import models

from annotate.models.rater import Rater
from annotate.models.slot import Slot


class Flag(models.Model):
    """A note to the managers about one item of a round. The item stays with its rater as it was."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="flags")
    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="flags")
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "rater"],
                condition=models.Q(settled_at=None),
                name="one_open_flag_per_slot_and_rater",
            )
        ]
