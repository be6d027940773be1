from django.conf import settings
from django.db import models


class KeyMap(models.Model):
    """The keys one user has chosen on the labelling screen, by action; what is missing is as shipped."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="key_map")
    keys = models.JSONField(default=dict)
