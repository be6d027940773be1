from django import forms

from annotate.forms import CANNOT_JUDGE
from corpus.models import Rubric


class AdjudicationForm(forms.Form):
    """One decision: a grade of the rubric or "cannot judge" (cleaned to None), and why."""

    grade = forms.TypedChoiceField(
        coerce=lambda value: None if value == CANNOT_JUDGE else int(value), empty_value=""
    )
    note = forms.CharField(required=False, max_length=10_000)

    def __init__(self, *args, rubric: Rubric, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [(str(value), value) for value in rubric.values] + [
            (CANNOT_JUDGE, "Cannot judge")
        ]
