from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.urls import reverse


class KeyUnreadable(Exception):
    """A stored engine key was encrypted with an ENGINE_KEY that is no longer given."""


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key.strip().encode()) for key in settings.ENGINE_KEY.split(",")])


class Engine(models.Model):
    """What computes: a model in the worker, or a server reached by HTTP. Made by site admins."""

    class Kind(models.TextChoices):
        LOCAL = "local", "Local (transformers in the worker)"
        VLLM = "vllm", "vLLM server (exact log-probabilities)"
        OPENAI = "openai", "OpenAI-compatible server"

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = models.TextField(
        blank=True, help_text="One address a line; several serve the same model and share the work."
    )
    model = models.CharField(
        max_length=300,
        blank=True,
        help_text="Model name on the server, or a Hugging Face folder; empty: the small one that ships.",
    )
    encrypted_key = models.BinaryField(null=True, editable=False)
    settings = models.JSONField(default=dict, blank=True)
    price_in = models.FloatField(default=0, help_text="US dollars per million prompt tokens.")
    price_out = models.FloatField(default=0, help_text="US dollars per million reply tokens.")
    last_probe = models.JSONField(null=True, editable=False)
    probed_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        "corpus.User", null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("judges:engine-detail", args=[self.pk])

    @property
    def urls(self) -> list[str]:
        """The addresses of its servers; none for an engine in the worker."""
        return self.url.split()

    @property
    def hosts(self) -> list[str]:
        """Hosts of the addresses in lower case."""
        return [(urlsplit(url).hostname or "").lower() for url in self.urls]

    @property
    def model_name(self) -> str:
        """The model in words; the small one that ships has an empty name."""
        return self.model or "SmolLM2-135M-Instruct"

    @property
    def n_missing(self) -> int:
        """How many checks of the last probe failed."""
        return sum(not check["passed"] for check in self.last_probe or [])

    @property
    def api_key(self) -> str:
        """The key in clear, empty when there is none. Raises KeyUnreadable after a lost ENGINE_KEY."""
        if not self.encrypted_key:
            return ""
        try:
            return _cipher().decrypt(bytes(self.encrypted_key)).decode()
        except InvalidToken as error:
            raise KeyUnreadable(
                f"The key of engine “{self.name}” cannot be read with the present ENGINE_KEY; enter it again."
            ) from error

    @api_key.setter
    def api_key(self, value: str) -> None:
        self.encrypted_key = _cipher().encrypt(value.encode()) if value else None
