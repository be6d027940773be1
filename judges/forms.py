import yaml
from django import forms
from django.core.exceptions import ValidationError

from corpus.models import ItemSet, Project, Rubric
from judges.attack_effects import BOUNDARY
from judges.conditions.attacks import ATTACKS, FAMILIES
from judges.conditions.boundary import BOUNDARY_KINDS
from judges.conditions.wording import LONGEST
from judges.models import Engine, Judge, Prompt, Schedule
from judges.models.judge import Scoring
from judges.services.prompts import find_prompt, prompts_for
from judges.settings_lines import LineRefused, read_pairs


def effect_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Attacks by their families, then the boundary cases."""
    families = [
        (family.capitalize(), [(name, name) for name, attack in ATTACKS.items() if attack.family == family])
        for family in FAMILIES
    ]
    return [*families, ("Boundary cases", [(BOUNDARY + kind, kind) for kind in BOUNDARY_KINDS])]


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


ASKING = [choice for choice in Scoring.choices if choice[0] != Scoring.JURY]


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
    scoring = forms.ChoiceField(required=False, choices=[("", "As the prompt was written for"), *ASKING])
    rubric = forms.ModelChoiceField(
        Rubric.objects.none(),
        label="Scale",
        required=False,
        empty_label="The project’s own",
        help_text="Agreement with people is reported for judges of the project’s own scale.",
    )
    options = LinesField(required=False, help_text="One name=value a line, for example mass_floor=0.05.")

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rubric"].queryset = project.rubrics.exclude(pk=project.rubric.pk)
        choices = [prompt.pk for prompt in prompts_for(project)]
        self.fields["prompt"].queryset = Prompt.objects.filter(pk__in=choices).order_by("name")
        self.initial.setdefault("prompt", find_prompt(project, "grade-basic"))

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("prompt") and not cleaned.get("scoring"):
            cleaned["scoring"] = cleaned["prompt"].scoring
            if not cleaned["scoring"]:
                self.add_error("scoring", "This prompt was written for no scoring in particular; choose one.")
        return cleaned


class JuryForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        help_text="A name that is in use makes that jury’s next version.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    members = forms.ModelMultipleChoiceField(
        Judge.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Judges from different families of models err less alike.",
    )
    rule = forms.ChoiceField(
        choices=[
            ("majority", "Majority: the grade most members gave; among equals the one nearest to their mean"),
            ("mean", "Mean: the grade nearest to the members’ mean"),
            ("weighted", "Weighted: members count by their quadratic κ with people on the tune split"),
            (
                "dawid_skene",
                "Dawid–Skene: the likeliest grade, each member’s habits estimated from all items",
            ),
        ],
        widget=forms.RadioSelect,
        initial="majority",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        members = project.judges.filter(rubric=project.rubric).exclude(scoring=Scoring.JURY)
        members = members.select_related("prompt").order_by("name", "prompt__name", "-version")
        self.fields["members"].queryset = members
        self.fields["members"].label_from_instance = name_member


def name_member(judge: Judge) -> str:
    """A judge as it stands in a list to choose from."""
    if judge.is_imported:
        return f"{judge.name}{f', {judge.prompt.name}' if judge.prompt else ''} (imported)"
    return f"{judge.name}, version {judge.version}"


class JudgeChoice(forms.ModelChoiceField):
    def label_from_instance(self, judge: Judge) -> str:
        return f"{judge.name}, version {judge.version} – {judge.model}"


class ItemSetChoice(forms.ModelChoiceField):
    def label_from_instance(self, item_set: ItemSet) -> str:
        return f"{item_set.name} ({item_set.n_items:,} {'pairs' if item_set.of_pairs else 'items'})"


class RunForm(forms.Form):
    judge = JudgeChoice(Judge.objects.none(), empty_label=None)
    item_set = ItemSetChoice(
        ItemSet.objects.none(),
        required=False,
        empty_label="All items the project has now",
        help_text="The set is frozen: items that come later are not part of the run.",
    )

    cap = forms.FloatField(
        label="Cap",
        required=False,
        min_value=0.0001,
        help_text="US dollars by the engine’s prices; the run pauses when it has cost so much.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judge"].queryset = project.judges.made_here().order_by("name", "-version")
        self.fields["item_set"].queryset = project.item_sets.order_by("of_pairs", "name")


class ReplyField(forms.CharField):
    """Lines of YAML in which every value is text; cleans to a mapping."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def clean(self, value: str) -> dict:
        try:
            found = yaml.load(super().clean(value) or "", Loader=yaml.BaseLoader)
        except yaml.YAMLError as problem:
            raise ValidationError("This cannot be read; write one “name: value” a line.") from problem
        if found in (None, ""):
            return {}
        if not isinstance(found, dict):
            raise ValidationError("Write one “name: value” a line.")
        return found


class DraftForm(forms.Form):
    """A prompt on the bench: what it says, how its reply is read, and what it is tried on."""

    name = forms.SlugField(
        max_length=100,
        required=False,
        help_text="Needed to save it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scoring = forms.ChoiceField(choices=ASKING)
    system = forms.CharField(
        label="System message", required=False, widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"})
    )
    user = forms.CharField(label="Message", widget=forms.Textarea(attrs={"rows": 18, "dir": "auto"}))
    reply = ReplyField(
        label="How the reply is read",
        required=False,
        help_text="Yes or no: “yes: Yes”, “no: No”. Reasons: “after: Grade:” or “format: json”."
        " Criteria: “format: lines”. Cannot judge: “abstain: X”.",
    )
    rubric = forms.ModelChoiceField(Rubric.objects.none(), label="Scale", empty_label=None)
    engine = forms.ModelChoiceField(Engine.objects.all(), required=False, empty_label="No engine")
    item = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rubric"].queryset = project.rubrics.order_by("pk")
        self.initial.setdefault("rubric", project.rubric.pk)
        self.initial.setdefault("engine", Engine.objects.values_list("pk", flat=True).first())

    @property
    def draft(self) -> dict:
        """The prompt's fields as prompting reads them."""
        cleaned = self.cleaned_data
        messages = [
            {"role": role, "content": cleaned[role]} for role in ("system", "user") if cleaned[role].strip()
        ]
        return {
            "name": cleaned["name"] or "draft",
            "scoring": cleaned["scoring"],
            "messages": messages,
            "reply": cleaned["reply"],
        }


class EffectForm(forms.Form):
    """A change of an item's texts, to be looked at."""

    change = forms.ChoiceField(choices=effect_choices)
    carrier = forms.ChoiceField(
        label="Put on",
        required=False,
        choices=[("same", "The item’s own candidate"), ("random", "Random words in its place")],
    )
    dose = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        widget=forms.NumberInput(attrs={"placeholder": "the first"}),
    )
    seed = forms.IntegerField(required=False, min_value=0, max_value=10**6)
    item = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class WordingForm(forms.Form):
    text = forms.CharField(
        max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 10, "dir": "auto", "autofocus": True})
    )


class CapForm(forms.Form):
    cap = forms.FloatField(label="New cap in US dollars", min_value=0.0001)


class ScheduleForm(forms.Form):
    """When a judge runs by itself, and over what."""

    judge = JudgeChoice(Judge.objects.none(), empty_label=None)
    scope = forms.ChoiceField(
        label="Over what",
        choices=Schedule.Scope.choices,
        widget=forms.RadioSelect,
        initial=Schedule.Scope.NEW,
    )
    item_set = ItemSetChoice(
        ItemSet.objects.none(),
        required=False,
        empty_label="All items",
        help_text="The set that is looked through, or that the sample of 200 is drawn from, once.",
    )
    every_minutes = forms.TypedChoiceField(
        label="How often",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[
            (60, "Every hour"),
            (360, "Every 6 hours"),
            (1440, "Every day"),
            (10080, "Every week"),
            ("", "By the cron line below"),
        ],
        initial=1440,
    )
    cron = forms.CharField(
        label="Cron line",
        required=False,
        max_length=100,
        help_text="Minute, hour, day of month, month, day of week, in UTC: “30 6 * * 1-5”.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    cap = forms.FloatField(
        label="Cap of each run",
        required=False,
        min_value=0.0001,
        help_text="US dollars by the engine’s prices.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judge"].queryset = project.judges.made_here().order_by("name", "-version")
        self.fields["item_set"].queryset = project.item_sets.single().order_by("name")
