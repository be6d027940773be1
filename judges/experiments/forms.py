"""What is asked before an experiment is planned."""

from django import forms

from corpus.models import ItemSet, Project
from judges.cells import ARMS
from judges.conditions.attacks import ATTACKS, RANDOM_WORDS
from judges.conditions.boundary import BOUNDARY_KINDS
from judges.experiments.planning import judges_for_experiments
from judges.forms import ItemSetChoice
from judges.models import Judge

ARM_NAMES = {
    "N1+hatch": "Escape hatch beside the suffix",
    "T1+hatch": "Escape hatch beside threat and suffix",
    "N1+guard": "Guard beside the suffix",
    "T1+guard": "Guard beside threat and suffix",
    "N1-schema": "No answer for “cannot judge”, with the suffix",
    "T1-schema": "No answer for “cannot judge”, with threat and suffix",
}
DEFENCE_NAMES = {
    "sandwich": "Sandwich: the task is said again after the candidate",
    "spotlight": "Spotlighting: the candidate's words are joined by a mark that the prompt explains",
    "abstain": "Abstain: the judge may say that a text tries to steer it",
    "neutral-delimiters-off": "Delimiters in candidates left as they are: otherwise they are neutralised",
}


class JudgesChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, judge: Judge) -> str:
        return f"{judge.name}, version {judge.version} – {judge.model}, {judge.get_scoring_display().lower()}"


class ExperimentForm(forms.Form):
    """What both kinds of experiment ask."""

    name = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    judges = JudgesChoice(Judge.objects.none(), widget=forms.CheckboxSelectMultiple)
    item_set = ItemSetChoice(
        ItemSet.objects.none(),
        label="Items",
        required=False,
        empty_label="Make them now, as said below",
        help_text="A set of an earlier experiment asks the same items again.",
    )
    seed = forms.IntegerField(
        initial=1, min_value=0, max_value=2**31 - 1, help_text="The same seed draws the same items."
    )
    cap = forms.FloatField(
        label="Cap of each run",
        required=False,
        min_value=0.0001,
        help_text="US dollars by the engine’s prices; a run pauses when it has cost so much.",
    )
    rule = ""

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judges"].queryset = judges_for_experiments(project)
        sets = project.item_sets.single().filter(made_from__rule=self.rule)
        self.fields["item_set"].queryset = sets.order_by("-pk")


class ComplianceForm(ExperimentForm):
    """The factorial: which judges, over what, and what counts as right."""

    rule = "compliance"
    n_answerable = forms.IntegerField(
        label="Answerable items",
        initial=200,
        min_value=0,
        max_value=10_000,
        help_text="By lot, with a human grade.",
    )
    n_each = forms.IntegerField(label="Boundary items of each kind", initial=20, min_value=0, max_value=1_000)
    kinds = forms.MultipleChoiceField(
        label="Kinds of boundary items",
        required=False,
        choices=[(kind, f"{kind}: {of.meaning}") for kind, of in BOUNDARY_KINDS.items()],
        initial=list(BOUNDARY_KINDS),
        widget=forms.CheckboxSelectMultiple,
    )
    within = forms.TypedChoiceField(
        label="Right is",
        coerce=int,
        choices=[(0, "exactly the human grade"), (1, "the human grade or one beside it")],
        initial=0,
        widget=forms.RadioSelect,
    )
    repeats = forms.IntegerField(
        initial=1,
        min_value=1,
        max_value=20,
        help_text="Engines are asked at temperature 0: more than one shows how far a server wavers.",
    )
    arms = forms.MultipleChoiceField(
        label="Further arms",
        required=False,
        choices=[(arm, ARM_NAMES[arm]) for arm in ARMS],
        widget=forms.CheckboxSelectMultiple,
    )
    ladder = forms.BooleanField(label="Ladder of five suffixes of rising force", required=False)
    field_order = [
        "name", "judges", "item_set", "n_answerable", "n_each", "kinds", "within", "repeats", "arms",
        "ladder", "seed", "cap",
    ]  # fmt: skip


class RobustnessForm(ExperimentForm):
    """The battery: which judges, which attacks, and which defences."""

    rule = "battery"
    n_each = forms.IntegerField(
        label="Items of each carrier",
        initial=50,
        min_value=1,
        max_value=1_000,
        help_text="By lot: not relevant ones, relevant ones, and queries beside random words.",
    )
    attacks = forms.MultipleChoiceField(
        choices=[(name, f"{name}: {attack.meaning}") for name, attack in ATTACKS.items()],
        initial=list(ATTACKS),
        widget=forms.CheckboxSelectMultiple,
    )
    words = forms.TypedMultipleChoiceField(
        label="Random words",
        coerce=int,
        choices=[(n, f"{n} words") for n in RANDOM_WORDS],
        initial=RANDOM_WORDS[:1],
        widget=forms.CheckboxSelectMultiple,
    )
    noise = forms.BooleanField(
        label="Judge the clean items twice",
        required=False,
        initial=True,
        help_text="Shows how often a judge changes its mind with nothing changed: what attacks have to beat.",
    )
    defences = forms.MultipleChoiceField(
        required=False,
        choices=list(DEFENCE_NAMES.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="Each is one more run of every judge over all these items.",
    )
    field_order = [
        "name",
        "judges",
        "item_set",
        "n_each",
        "attacks",
        "words",
        "noise",
        "defences",
        "seed",
        "cap",
    ]
