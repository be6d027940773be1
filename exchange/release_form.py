"""The form of a release: what goes in, in which formats, split how."""

from collections.abc import Iterator

from django import forms
from django.db.models import Exists, OuterRef, Q

from corpus.models import Job, Project, Rubric
from exchange.datasets.plan import LARGEST_SEED, MOST_NEGATIVES, SOURCES, CannotRelease, Plan
from exchange.datasets.selection import selection_names
from exchange.datasets.sources import find_sources
from exchange.datasets.writers.base import Format
from exchange.datasets.writers.formats import FORMATS
from exchange.forms import JudgeChoice
from exchange.models import Release
from exchange.releases.making import LONGEST_NAME
from judges.models import Judge, Run

FIRST_CHOSEN = ("triplet", "beir", "qrels")


def judges_with_verdicts(project: Project):
    """Judges of the project that have a complete plain run."""
    answered = Run.objects.filter(
        Q(n_graded__gt=0) | Q(n_scored__gt=0),
        judge=OuterRef("pk"),
        job__state=Job.State.DONE,
        condition=None,
        experiment=None,
    )
    return Judge.objects.filter(Exists(answered), project=project).select_related("prompt")


class ReleaseForm(forms.Form):
    """One plan. Fields that a source or a format does not use are passed over."""

    name = forms.CharField(max_length=LONGEST_NAME, help_text="A name used before makes its next version.")
    source = forms.ChoiceField(label="Grades", widget=forms.RadioSelect, initial="references")
    judge = JudgeChoice(
        queryset=Judge.objects.none(),
        required=False,
        empty_label="None: people’s grades alone",
        help_text="Whose verdicts, or whose scores stand beside people’s grades.",
    )
    selection = forms.ChoiceField(required=False, help_text="A pool of candidates with its rule.")
    formats = forms.MultipleChoiceField(choices=[(name, each.title) for name, each in FORMATS.items()])
    negatives = forms.IntegerField(
        label="Negatives per query", min_value=1, max_value=MOST_NEGATIVES, initial=4, help_text="At most."
    )
    train = forms.IntegerField(
        label="Train, % of queries", min_value=0, max_value=100, initial=80, help_text="To learn from."
    )
    dev = forms.IntegerField(
        label="Dev, % of queries",
        min_value=0,
        max_value=100,
        initial=10,
        help_text="To choose by; the rest is test.",
    )
    seed = forms.IntegerField(min_value=0, max_value=LARGEST_SEED, initial=0, help_text="Draws the splits.")
    item_set = forms.ModelChoiceField(
        label="Items", queryset=None, required=False, empty_label="All items of the project"
    )
    min_labels = forms.IntegerField(
        label="Labels behind a reference", min_value=1, max_value=100, initial=1, help_text="At least."
    )
    with_unjudged = forms.BooleanField(
        label="Keep unjudged candidates in the table, as unjudged", required=False
    )
    with_reasons = forms.BooleanField(
        label="Keep reasons: people’s rationales, judges’ replies", required=False
    )
    pair_judge = JudgeChoice(
        label="Judge of comparisons",
        queryset=Judge.objects.none(),
        required=False,
        empty_label="None: people’s comparisons alone",
    )
    criteria = forms.ModelChoiceField(
        label="Scale of several criteria", queryset=None, required=False, empty_label="The first there is"
    )
    criteria_judge = JudgeChoice(
        label="Judge of several criteria",
        queryset=Judge.objects.none(),
        required=False,
        empty_label="None: people’s grades alone",
    )
    licence = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), required=False, help_text="For the card, in words."
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        judges, kinds = judges_with_verdicts(project), Rubric.Kind
        own = project.rubric
        self.fields["judge"].queryset = judges.filter(rubric=own)
        self.fields["pair_judge"].queryset = judges.filter(rubric__kind=kinds.PREFERENCE)
        self.fields["criteria_judge"].queryset = judges.filter(rubric__kind=kinds.CRITERIA)
        self.fields["criteria"].queryset = project.rubrics.filter(kind=kinds.CRITERIA).order_by("id")
        self.fields["item_set"].queryset = project.item_sets.single()
        names = selection_names(project)
        self.fields["selection"].choices = [("", "Choose …"), *((name, name) for name in names)]
        self.fields["source"].choices = [
            (name, words) for name, words in SOURCES.items() if names or name != "selection"
        ]

    @property
    def groups(self) -> Iterator[tuple[str, list[tuple[Format, bool]]]]:
        """The formats by what they are for, with whether each is chosen."""
        chosen = self.data.getlist("formats") if self.is_bound else FIRST_CHOSEN
        for group in dict.fromkeys(each.group for each in FORMATS.values()):
            yield (
                group,
                [(each, each.name in chosen) for each in FORMATS.values() if each.group == group],
            )

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors:
            try:
                find_sources(self.project, self.plan())
            except CannotRelease as problem:
                self.add_error(None, str(problem))
        return cleaned

    def plan(self) -> Plan:
        """What was chosen."""
        cleaned = self.cleaned_data
        keys = {
            name: cleaned[name].pk if cleaned[name] else None
            for name in ("judge", "pair_judge", "criteria_judge", "criteria", "item_set")
        }
        same = ("negatives", "train", "dev", "seed", "min_labels", "with_unjudged", "with_reasons")
        if cleaned["source"] == "selection":  # which has its own judge and candidates
            keys |= {"judge": None, "item_set": None}
            cleaned = cleaned | {"min_labels": 1}
        return Plan(
            source=cleaned["source"],
            formats=tuple(name for name in FORMATS if name in cleaned["formats"]),
            selection=cleaned["selection"] if cleaned["source"] == "selection" else "",
            **keys,
            **{name: cleaned[name] for name in same},
        )


class DeleteForm(forms.Form):
    """The release's name, typed by whoever deletes it."""

    name = forms.CharField(label="Type the release’s name")

    def __init__(self, *args, release: Release, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.release = release

    def clean_name(self) -> str:
        if self.cleaned_data["name"].strip() not in (self.release.name, str(self.release)):
            raise forms.ValidationError("That is not its name.")
        return self.cleaned_data["name"]
