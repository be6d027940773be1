from django import forms
from django.core.exceptions import ValidationError

from corpus.models import ItemSet, Project
from judges.models import Engine, Judge, Prompt
from judges.models.judge import Scoring
from judges.services.prompts import prompts_for
from judges.settings_lines import LineRefused, read_pairs


class LinesField(forms.CharField):
    """name=value lines; cleans to a dict."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: str) -> dict:
        try:
            return read_pairs(super().clean(value).splitlines())
        except LineRefused as refusal:
            raise ValidationError(str(refusal)) from refusal


class EngineForm(forms.Form):
    name = forms.CharField(
        max_length=100, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"})
    )
    kind = forms.ChoiceField(choices=Engine.Kind.choices, widget=forms.RadioSelect, initial=Engine.Kind.VLLM)
    url = forms.CharField(
        label="Address",
        required=False,
        max_length=5000,
        help_text="Of a server, up to and with /v1; of several that serve the same model, one a line."
        " Kept but never shown again.",
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": "https://…/v1", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    model = forms.CharField(
        required=False,
        max_length=300,
        help_text="The model's name on the server, or for a local engine a Hugging Face folder"
        " (empty: the small model that ships, a weak judge).",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    api_key = forms.CharField(
        label="Key",
        required=False,
        max_length=1000,
        help_text="Stored encrypted and never shown again.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    engine_settings = LinesField(
        label="Settings", required=False, help_text="One name=value a line, for example concurrency=32."
    )
    price_in = forms.FloatField(
        label="Price of prompt tokens", initial=0, min_value=0, help_text="US dollars per million."
    )
    price_out = forms.FloatField(
        label="Price of reply tokens", initial=0, min_value=0, help_text="US dollars per million."
    )


class PromptChoice(forms.ModelChoiceField):
    def label_from_instance(self, prompt: Prompt) -> str:
        scoring = dict(Scoring.choices).get(prompt.scoring, "")
        return f"{prompt.name}, version {prompt.version}" + (f" – {scoring.lower()}" if scoring else "")


class JudgeForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        help_text="A name that is in use makes that judge's next version.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    engine = forms.ModelChoiceField(Engine.objects.all(), empty_label=None)
    prompt = PromptChoice(Prompt.objects.none(), empty_label=None)
    scoring = forms.ChoiceField(
        required=False, choices=[("", "As the prompt was written for"), *Scoring.choices]
    )
    options = LinesField(required=False, help_text="One name=value a line, for example mass_floor=0.05.")

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        choices = [prompt.pk for prompt in prompts_for(project)]
        self.fields["prompt"].queryset = Prompt.objects.filter(pk__in=choices).order_by("name")

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("prompt") and not cleaned.get("scoring"):
            cleaned["scoring"] = cleaned["prompt"].scoring
            if not cleaned["scoring"]:
                self.add_error("scoring", "This prompt was written for no scoring in particular; choose one.")
        return cleaned


class JudgeChoice(forms.ModelChoiceField):
    def label_from_instance(self, judge: Judge) -> str:
        return f"{judge.name}, version {judge.version} – {judge.model}"


class ItemSetChoice(forms.ModelChoiceField):
    def label_from_instance(self, item_set: ItemSet) -> str:
        return f"{item_set.name} ({item_set.n_items:,} items)"


class RunForm(forms.Form):
    judge = JudgeChoice(Judge.objects.none(), empty_label=None)
    item_set = ItemSetChoice(
        ItemSet.objects.none(),
        required=False,
        empty_label="All items the project has now",
        help_text="The set is frozen: items that come later are not part of the run.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judge"].queryset = project.judges.made_here().order_by("name", "-version")
        self.fields["item_set"].queryset = project.item_sets.single()
