from django import forms

from corpus.models import Project
from corpus.models.collection import Split
from reports.scope import Scope, reported_split, scope_of

ALL = "all"


class ScopeForm(forms.Form):
    """Cut and split of a report, from the address; what is missing there is the project's own choice."""

    cut = forms.TypedChoiceField(coerce=int, label="Relevant from grade")
    split = forms.ChoiceField(label="Queries", choices=[(ALL, "All"), *Split.choices])

    def __init__(self, data, *, project: Project) -> None:
        self.project = project
        rubric = project.rubric
        own_split = reported_split(project, None)
        own = {"cut": str(rubric.cut), "split": own_split or ALL}
        super().__init__(own | {name: data[name] for name in own if data.get(name)})
        self.fields["cut"].choices = [
            (grade["value"], f"{grade['value']} {grade['name']}") for grade in rubric.grades[1:]
        ]
        if own_split is None:
            del self.fields["split"]

    @property
    def scope(self) -> Scope:
        """The scope asked for; the project's own where what was asked for does not exist."""
        self.is_valid()
        wanted = self.cleaned_data
        split = reported_split(self.project, wanted.get("split"))
        return scope_of(self.project, cut=wanted.get("cut"), split=split)
