from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify

from corpus.models import Membership, Project, Role, Rubric, User
from corpus.models.rubric import MOST_GRADES


class ProjectForm(forms.ModelForm):
    """A new project. Without a short name one is made from the name."""

    class Meta:
        model = Project
        fields = ["name", "slug", "description"]
        labels = {"slug": "Short name"}
        help_texts = {
            "slug": "Used in addresses and on the command line, for example soil-2026."
            " Leave it empty to have it made from the name.",
            "description": "One or two sentences for the people you invite.",
        }
        widgets = {
            "name": forms.TextInput(attrs={"autofocus": True}),
            "description": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("slug") and "slug" not in self.errors:
            cleaned["slug"] = self._free_slug(slugify(cleaned.get("name", ""))[:90] or "project")
        return cleaned

    def _free_slug(self, wanted: str) -> str:
        taken = set(Project.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
        numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
        return next(slug for slug in (wanted, *numbered) if slug not in taken)


class ProjectSettingsForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ["name", "description", "guidelines", "enter_confirms", "reference_rule", "may_leave"]
        help_texts = {
            "guidelines": "What people read while they label (key g). Plain text.",
            "reference_rule": "How the labels of several people become the one human grade of an item."
            " A change makes all references of the project again.",
        }
        widgets = {
            "description": forms.Textarea(attrs={"rows": 3}),
            "guidelines": forms.Textarea(attrs={"rows": 10}),
        }


class ProjectDeleteForm(forms.Form):
    name = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["name"].label = f"To confirm, type the project's name: {project.name}"

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if name != self.project.name.strip():
            raise ValidationError("This is not the project's name; nothing was deleted.")
        return name

    def clean(self) -> dict:
        n_busy = self.project.jobs.unfinished().exclude(state="draft").count()
        if n_busy:
            raise ValidationError(f"Work is going on in this project ({n_busy} jobs). Cancel it first.")
        return super().clean()


class RubricForm(forms.ModelForm):
    class Meta:
        model = Rubric
        fields = ["name", "cut", "may_abstain"]
        help_texts = {"cut": "The lowest grade that counts as relevant in binary measures."}


class GradeForm(forms.Form):
    """One grade; a row without value and name is none."""

    value = forms.IntegerField(required=False, min_value=0, max_value=99)
    name = forms.CharField(required=False, max_length=60)
    meaning = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))

    @property
    def is_left_empty(self) -> bool:
        return self.cleaned_data.get("value") is None and not self.cleaned_data.get("name")

    def clean(self) -> dict:
        cleaned = super().clean()
        if not self.errors and not self.is_left_empty:
            if cleaned["value"] is None:
                self.add_error("value", "A grade needs a number.")
            if not cleaned["name"]:
                self.add_error("name", "A grade needs a name.")
        return cleaned


class BaseGradeFormSet(forms.BaseFormSet):
    """The grades of a rubric in ascending order."""

    @property
    def grades(self) -> list[dict]:
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data and not form.is_left_empty]
        return sorted(rows, key=lambda grade: grade["value"])


GradeFormSet = forms.formset_factory(
    GradeForm, formset=BaseGradeFormSet, extra=2, max_num=MOST_GRADES, validate_max=True
)


class MemberForm(forms.Form):
    """Somebody to bring into the project, by username."""

    username = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=Role.choices, initial=Role.ANNOTATOR)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_username(self) -> str:
        username = self.cleaned_data["username"]
        self.user = User.objects.filter(username=username, is_active=True).first()
        if self.user is None:
            raise ValidationError("Nobody who can log in has this username; a site admin makes users.")
        if Membership.objects.filter(project=self.project, user=self.user).exists():
            raise ValidationError(f"{username} is a member already; change the role in the list.")
        return username


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class UserForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["username", "first_name", "is_superuser"]
        labels = {"first_name": "Full name", "is_superuser": "Site admin"}
        help_texts = {
            "username": "Letters, digits and @ . + - _",
            "first_name": "Shown to other members. May stay empty.",
            "is_superuser": "Looks after engines and users, and sees every project.",
        }
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "off", "autofocus": True})}


class ItemFilterForm(forms.Form):
    """What the item list shows. Values that make no sense are left out, never an error page."""

    q = forms.CharField(
        label="Search queries",
        required=False,
        strip=True,
        max_length=500,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Words of a query, or its id"}),
    )
    reference = forms.ChoiceField(
        required=False, choices=[("", "All"), ("yes", "With reference"), ("no", "Without reference")]
    )
