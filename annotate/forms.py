from django import forms
from django.core.exceptions import ValidationError

from corpus.models import Item, ItemSet, Project, Rubric

CANNOT_JUDGE = "cannot_judge"


class RoundForm(forms.Form):
    """A new round. Without an item set it gets all items the project has now."""

    name = forms.CharField(max_length=200)
    item_set = forms.ModelChoiceField(
        ItemSet.objects.none(),
        required=False,
        empty_label="All items the project has now",
        help_text="The list is frozen: items that come later need another round.",
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=2,
        label="People per item",
        help_text="How many different people grade each item. With two or more, agreement among people"
        " can be measured.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["item_set"].queryset = project.item_sets.filter(n_items__gt=0)
        self.fields["item_set"].label_from_instance = lambda each: f"{each} ({each.n_items:,} items)"
        self.fields["name"].widget.attrs["autofocus"] = True

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if self.project.rounds.filter(name=name).exists():
            raise ValidationError("A round of this project has this name already.")
        return name

    def clean(self) -> dict:
        if not self.cleaned_data.get("item_set") and not Item.objects.for_project(self.project).exists():
            raise ValidationError("The project has no items yet; import some first.")
        return super().clean()


class SlotForm(forms.Form):
    """Names one item of the round."""

    slot = forms.IntegerField(min_value=1)


class LabelForm(SlotForm):
    """One answer: a grade of the rubric or "cannot judge" (cleaned to None)."""

    grade = forms.TypedChoiceField(
        coerce=lambda value: None if value == CANNOT_JUDGE else int(value), empty_value=""
    )
    rationale = forms.CharField(required=False, max_length=10_000)
    client_key = forms.UUIDField()
    seconds = forms.FloatField(required=False, min_value=0, max_value=1e6)

    def __init__(self, *args, rubric: Rubric, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["grade"].choices = [(str(value), value) for value in rubric.values] + [
            (CANNOT_JUDGE, "Cannot judge")
        ]
