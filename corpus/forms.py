import re
from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import slugify

from corpus.models import AuditEntry, Membership, Project, Role, Rubric, User
from corpus.models.audit import Verb
from corpus.models.rubric import MOST_CRITERIA, MOST_GRADES, TIE
from corpus.rubrics import TEMPLATES

GRADE_LINE = re.compile(r"(\d{1,2})\s+([^:]{1,60})(?::\s*(.*))?")


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
            "guidelines": "What people read while they label (key g), in Markdown. A change makes a"
            " new version, and every label keeps the version it was given under.",
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
    """Name, cut and "cannot judge" of a scale; of a preference whether ties are allowed in place of a cut."""

    class Meta:
        model = Rubric
        fields = ["name", "cut", "may_abstain"]
        help_texts = {"cut": "The lowest grade that counts as relevant in binary measures."}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.compares:
            del self.fields["cut"]
            self.fields["ties"] = forms.BooleanField(
                required=False,
                initial=TIE in self.instance.values,
                label="“neither is better” is allowed",
            )


class RubricAddForm(forms.Form):
    """A further scale, made from one of a few that are ready to change."""

    template = forms.ChoiceField(
        label="Kind",
        choices=[(key, words) for key, (words, _) in TEMPLATES.items()],
        widget=forms.RadioSelect,
    )
    rubric_name = forms.CharField(
        label="Name", required=False, max_length=90, help_text="Left empty, it is named after its kind."
    )


class CriterionForm(forms.Form):
    """One further criterion; a row without a name is none."""

    name = forms.CharField(required=False, max_length=60)
    meaning = forms.CharField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    scale = forms.CharField(
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono"}),
        help_text="One grade a line: number and name, and behind a colon what it means.",
    )

    def clean_scale(self) -> list[dict]:
        lines = [line.strip() for line in self.cleaned_data["scale"].splitlines() if line.strip()]
        found = [GRADE_LINE.fullmatch(line) for line in lines]
        if not all(found):
            raise ValidationError(f"“{lines[found.index(None)]}” does not begin with a number and a name.")
        return [
            {"value": int(value), "name": name.strip(), "meaning": (meaning or "").strip()}
            for value, name, meaning in (match.groups() for match in found)
        ]

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("name") and not self.errors and not cleaned["scale"]:
            self.add_error("scale", "A criterion needs grades.")
        if cleaned.get("scale") and not cleaned.get("name"):
            self.add_error("name", "A criterion needs a name.")
        return cleaned

    @staticmethod
    def lines(grades: list[dict]) -> str:
        """Grades as they are typed."""
        return "\n".join(
            f"{grade['value']} {grade['name']}" + (f": {grade['meaning']}" if grade["meaning"] else "")
            for grade in grades
        )


class BaseCriterionFormSet(forms.BaseFormSet):
    """A rubric's further criteria in their order."""

    @property
    def criteria(self) -> list[dict]:
        rows = [form.cleaned_data for form in self.forms if form.cleaned_data.get("name")]
        return [{"name": row["name"], "meaning": row["meaning"], "grades": row["scale"]} for row in rows]


CriterionFormSet = forms.formset_factory(
    CriterionForm, formset=BaseCriterionFormSet, extra=1, max_num=MOST_CRITERIA - 1, validate_max=True
)


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
            raise ValidationError("Nobody who can log in has this username; make the user first.")
        if Membership.objects.filter(project=self.project, user=self.user).exists():
            raise ValidationError(f"{username} is a member already; change the role on the team page.")
        return username


class RoleForm(forms.Form):
    """One of the roles that the sender may give."""

    role = forms.ChoiceField()

    def __init__(self, *args, roles: list[Role], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]


class InvitationForm(RoleForm):
    """A new invitation. The note is for the list of open invitations alone."""

    note = forms.CharField(
        label="For whom",
        max_length=200,
        required=False,
        help_text="A name or a word to know the invitation by; the invited person does not see it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lasts = forms.TypedChoiceField(
        label="Good for",
        choices=[(1, "1 day"), (7, "7 days"), (30, "30 days")],
        initial=7,
        coerce=lambda days: timedelta(days=int(days)),
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].initial = Role.ANNOTATOR


class JoinForm(forms.Form):
    """A stranger's new account. Whether name and password will do is decided where accounts are made."""

    username = forms.CharField(
        max_length=150,
        help_text="Letters, digits and @ . + - _",
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    full_name = forms.CharField(
        max_length=150,
        required=False,
        help_text="Shown to other members. May stay empty.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        strip=False,
        max_length=1000,
        help_text="At least ten characters.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        strip=False, max_length=1000, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("password") != cleaned.get("password_again"):
            self.add_error("password_again", "The two passwords differ.")
        return cleaned


class SuccessorForm(forms.Form):
    """Who gets what a member holds: the queue, or another member who labels."""

    successor = forms.ModelChoiceField(
        Membership.objects.none(), label="Give it to", required=False, empty_label="The queue, for anybody"
    )

    def __init__(self, *args, member: Membership, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        others = member.project.memberships.filter(paused_at=None, user__is_active=True).exclude(pk=member.pk)
        self.fields["successor"].queryset = others.exclude(role=Role.VIEWER).select_related("user")


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
    kind = forms.ChoiceField(
        required=False, choices=[("", "All"), ("plain", "Plain"), ("variants", "Variants")]
    )


class AuditFilterForm(forms.Form):
    """Which entries of the log are shown. Values that make no sense are left out, never an error page."""

    by = forms.ModelChoiceField(User.objects.none(), label="Who", required=False, empty_label="Everybody")
    verb = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *Verb.choices])

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by"].queryset = User.objects.filter(
            pk__in=AuditEntry.objects.filter(project=project).order_by().values("actor").distinct()
        ).order_by("username")

    @property
    def is_filtered(self) -> bool:
        self.is_valid()
        return any(self.cleaned_data.values())

    def filtered(self, entries: QuerySet) -> QuerySet:
        self.is_valid()
        if self.cleaned_data.get("by"):
            entries = entries.filter(actor=self.cleaned_data["by"])
        if self.cleaned_data.get("verb"):
            entries = entries.filter(verb=self.cleaned_data["verb"])
        return entries
