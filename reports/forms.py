from django import forms

from corpus.models import Project
from corpus.models.collection import Split
from judges.models import Experiment
from reports.groups import CHOICES, COUNTINGS, MAIN
from reports.robustness.words import FIGURES
from reports.scope import Scope, reported_split
from reports.slices import SliceRefused, find_slice, references_in

ALL = "all"


class ScopeForm(forms.Form):
    """Cut and split of a report, from the address; what is missing there is the project's own choice."""

    cut = forms.TypedChoiceField(coerce=int, label="Relevant from grade")
    split = forms.ChoiceField(label="Queries", choices=[(ALL, "All"), *Split.choices])

    def __init__(self, data, *, project: Project) -> None:
        self.rubric = project.rubric
        own_split = reported_split(project, None)
        self.own = {"cut": self.rubric.cut, "split": own_split or ALL}
        super().__init__(self.own | {name: data[name] for name in self.own if data.get(name)})
        self.fields["cut"].choices = [
            (grade["value"], f"{grade['value']} {grade['name']}") for grade in self.rubric.grades[1:]
        ]
        if own_split is None:
            del self.fields["split"]

        self.slice = data.get("slice", "")
        self.slice_name = ""
        if self.slice:
            self._find_slice(project)

    def _find_slice(self, project: Project) -> None:
        whole = self.scope._replace(slice=None)
        references = references_in(project.pk, whole)
        try:
            self.slice_name, _ = find_slice(project.pk, references, self.slice)
        except SliceRefused as refusal:
            self.slice = ""
            self.add_error(None, str(refusal))

    @property
    def scope(self) -> Scope:
        """The scope asked for; the project's own where what was asked for does not exist."""
        self.is_valid()
        chosen = self.own | self.cleaned_data
        split = None if chosen["split"] == ALL else chosen["split"]
        return Scope(tuple(self.rubric.values), chosen["cut"], split, slice=self.slice or None)


class MeasuresForm(forms.Form):
    """Which measures the scoreboard shows beside κ, and how verdicts without a grade count there."""

    show = forms.ChoiceField(label="Measures", choices=list(CHOICES.items()))
    ungraded = forms.ChoiceField(label="Abstained and failed", choices=list(COUNTINGS.items()))

    def __init__(self, data) -> None:
        self.own = {"show": MAIN, "ungraded": "without"}
        super().__init__(self.own | {name: data[name] for name in self.own if data.get(name)})
        if self["show"].value() in (MAIN, None):
            del self.fields["ungraded"]

    @property
    def chosen(self) -> tuple[str, str]:
        """The group and the way of counting; the usual where what was asked for does not exist."""
        self.is_valid()
        found = self.own | self.cleaned_data
        return found["show"], found["ungraded"]


class RobustnessForm(forms.Form):
    """What the page is about, from the address; the usual where what was asked for does not exist."""

    figure = forms.ChoiceField(label="Figure", required=False)
    cut = forms.TypedChoiceField(coerce=int, label="Relevant from grade")
    experiment = forms.ChoiceField(label="Verdicts", required=False)

    def __init__(self, data, *, project: Project) -> None:
        self.rubric = project.rubric
        self.own = {"figure": "", "cut": self.rubric.cut, "experiment": ""}
        super().__init__(self.own | {name: data[name] for name in self.own if data.get(name)})
        self.fields["cut"].choices = [
            (grade["value"], f"{grade['value']} {grade['name']}") for grade in self.rubric.grades[1:]
        ]
        named = project.experiments.filter(kind=Experiment.Kind.ROBUSTNESS).values_list("name", flat=True)
        self.fields["experiment"].choices = [("", "All"), *((name, name) for name in named)]
        if len(self.fields["experiment"].choices) == 1:
            del self.fields["experiment"]
        self.fields["figure"].choices = [(figure.key, figure.name) for figure in FIGURES]
        self.is_valid()
        self.chosen = self.own | self.cleaned_data
        self.scope = Scope(tuple(self.rubric.values), self.chosen["cut"])
