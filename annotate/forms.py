from django import forms
from django.core.exceptions import ValidationError

from annotate.keys import ACTIONS, check_keys
from annotate.models import Label, Round, Slot
from annotate.services.gold import GoldProblem, gold_of_lines, gold_of_set
from annotate.services.opening import has_priorities
from corpus.models import Item, ItemSet, Project, Role, Rubric, User
from corpus.variants import why_nothing

CANNOT_JUDGE = "cannot_judge"


class MemberChoice(forms.ModelMultipleChoiceField):
    """Members who may label now. Nobody chosen: everybody who may."""

    def __init__(self, **kwargs) -> None:
        super().__init__(
            User.objects.none(),
            required=False,
            label="People",
            help_text="Who labels in it. Nobody chosen: everybody in the team who may label.",
            widget=forms.CheckboxSelectMultiple,
            **kwargs,
        )

    def offer(self, project: Project) -> None:
        members = project.memberships.filter(paused_at=None).exclude(role=Role.VIEWER)
        self.queryset = User.objects.filter(pk__in=members.values("user"), is_active=True).order_by(
            "username"
        )


class RoundPeopleForm(forms.Form):
    """Who labels in a round."""

    people = MemberChoice()

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].offer(project)


class RoundForm(forms.Form):
    """A new round. Without an item set it gets all plain items the project has now."""

    name = forms.CharField(max_length=200)
    rubric = forms.ModelChoiceField(
        Rubric.objects.none(),
        required=False,
        label="Scale",
        help_text="The project’s own scale gives references. Further ones are made in the settings, under"
        " Rubric: several criteria at once, yes or no, or a preference between two candidates.",
    )
    item_set = forms.ModelChoiceField(
        ItemSet.objects.none(),
        required=False,
        empty_label="All items the project has now",
        help_text="The list is frozen: items that come later need another round.",
    )
    pairs_per_query = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=10_000,
        initial=10,
        label="Pairs of each query (preferences only)",
        help_text="For a preference over an item set of single candidates: at most so many pairs of each"
        " query are drawn, so that every candidate meets others about as often.",
    )
    overlap = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=2,
        label="People per item",
        help_text="How many different people grade each item. With two or more, agreement among people"
        " can be measured.",
    )

    people = MemberChoice()
    order = forms.ChoiceField(choices=Round.Order.choices, initial=Round.Order.QUERY)
    blind = forms.BooleanField(
        required=False,
        initial=True,
        label="Blind: nobody sees what others said",
        help_text="Otherwise people may look at others’ grades of an item, without names, after they have"
        " graded it themselves. Their own answer stands from then on.",
    )
    gold_set = forms.ModelChoiceField(
        ItemSet.objects.none(),
        required=False,
        empty_label="None",
        label="Gold items from an item set",
        help_text="Items whose grade is known, mixed in unseen: those of the set that have a reference.",
    )
    gold_lines = forms.CharField(
        required=False,
        max_length=1_000_000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono"}),
        label="Gold items by id",
        help_text="One a line: query id, candidate id, and the grade where the item has no reference.",
    )
    gold_percent = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=50,
        initial=10,
        label="Gold items among what a person gets, in percent",
    )
    gold_feedback = forms.BooleanField(
        required=False,
        label="Tell people the known grade after they answered a gold item",
        help_text="Good for training; their answer stands from then on.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["rubric"].queryset = project.rubrics.order_by("id")
        self.fields["rubric"].initial = project.rubric
        self.fields["rubric"].empty_label = None
        self.fields["rubric"].label_from_instance = lambda each: f"{each}: {each.get_kind_display().lower()}"
        if not any(rubric.compares for rubric in self.fields["rubric"].queryset):
            del self.fields["pairs_per_query"]
        self.fields["people"].offer(project)
        sets = project.item_sets.filter(n_items__gt=0)
        for name in ("item_set", "gold_set"):
            self.fields[name].queryset = sets
            self.fields[name].label_from_instance = lambda each: f"{each} ({each.n_items:,} items)"
        self.fields["name"].widget.attrs["autofocus"] = True

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if self.project.rounds.filter(name=name).exists():
            raise ValidationError("A round of this project has this name already.")
        return name

    def clean(self) -> dict:
        cleaned = super().clean()
        item_set = cleaned.get("item_set")
        if not item_set and not Item.objects.for_project(self.project).single().plain().exists():
            nothing = "The project has no items yet; import some first."
            raise ValidationError(why_nothing(self.project, nothing))
        cleaned["rubric"] = rubric = cleaned.get("rubric") or self.project.rubric
        if item_set and item_set.of_pairs and not rubric.compares:
            self.add_error("item_set", f"Its items are pairs, and “{rubric}” grades one candidate.")
        if cleaned.get("order") == Round.Order.PRIORITY and not (item_set and has_priorities(item_set.pk)):
            self.add_error("order", "Choose an item set whose items have priorities.")
        cleaned["gold"] = self._gold(cleaned)
        return cleaned

    def _gold(self, cleaned: dict) -> dict[int, int]:
        gold: dict[int, int] = {}
        for name, read in (("gold_set", self._gold_of_set), ("gold_lines", self._gold_of_lines)):
            if cleaned.get(name):
                try:
                    gold |= read(cleaned[name])
                except GoldProblem as problem:
                    self.add_error(name, str(problem))
        return gold

    def _gold_of_set(self, item_set: ItemSet) -> dict[int, int]:
        rubric = self.cleaned_data["rubric"]
        if item_set.of_pairs != rubric.compares:
            raise GoldProblem("A preference takes pairs as gold items, every other scale single items.")
        if not rubric.compares and not rubric.is_main:
            raise GoldProblem(
                "References are on the project’s own scale; for this one name gold items by id, with grades."
            )
        return gold_of_set(item_set, rubric=rubric)

    def _gold_of_lines(self, text: str) -> dict[int, int]:
        rubric = self.cleaned_data["rubric"]
        if rubric.compares:
            raise GoldProblem("For a preference choose an item set of pairs that have a reference.")
        return gold_of_lines(text, project=self.project, rubric=rubric)


class PageForm(forms.Form):
    """Names the labelling page that asks, so that what it holds can be told from another page's."""

    page = forms.UUIDField(required=False)


class SlotForm(PageForm):
    """Names one item of the round."""

    slot = forms.IntegerField(min_value=1)


class HeldForm(PageForm):
    """The items a page holds: their slots' numbers with commas between them."""

    slots = forms.RegexField(r"^[0-9]{1,18}(,[0-9]{1,18}){0,9}$", required=False)

    def clean_slots(self) -> list[int]:
        return [int(slot) for slot in self.cleaned_data["slots"].split(",") if slot]


class FlagForm(SlotForm):
    """A note to the managers about an item."""

    note = forms.CharField(
        required=False,
        max_length=2_000,
        error_messages={"max_length": "A note has at most 2,000 characters."},
    )


class LabelForm(SlotForm):
    """One answer: a grade of the rubric or "cannot judge" (cleaned to None) with its `reason`."""

    grade = forms.ChoiceField()
    rationale = forms.CharField(required=False, max_length=10_000)
    client_key = forms.UUIDField()
    seconds = forms.FloatField(required=False, min_value=0, max_value=1e6)
    guidelines_version = forms.IntegerField(required=False, min_value=1)

    def __init__(self, *args, rubric: Rubric, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        reasons = [(f"{CANNOT_JUDGE}:{reason}", words) for reason, words in Label.Reason.choices]
        grades = [(str(value), value) for value in rubric.values]
        self.fields["grade"].choices = [*grades, (CANNOT_JUDGE, "Cannot judge"), *reasons]
        self.criteria = {f"mark_{place}": scale for place, scale in enumerate(rubric.scales[1:], 1)}
        for name, scale in self.criteria.items():
            choices = [(value, value) for value in scale.values]
            self.fields[name] = forms.TypedChoiceField(choices=choices, coerce=int, required=False)

    def clean(self) -> dict:
        cleaned = super().clean()
        grade, _, cleaned["reason"] = cleaned.get("grade", "").partition(":")
        cleaned["grade"] = int(grade) if grade.isdigit() else None
        if cleaned["grade"] is not None:
            for name, scale in self.criteria.items():
                if name not in self.errors and cleaned.get(name) == "":
                    self.add_error(name, f"“{scale.name}” has no grade yet.")
        return cleaned

    @property
    def answer(self) -> dict:
        """What `save_label` wants, but for the slot."""
        asked = {"slot", "page", *self.criteria}
        marks = [self.cleaned_data[name] for name in self.criteria if self.cleaned_data["grade"] is not None]
        return {name: value for name, value in self.cleaned_data.items() if name not in asked} | {
            "marks": marks
        }


class SettleForm(SlotForm):
    """What becomes of an item that waits for a manager."""

    GIVE_BACK = "give_back"
    DONE = {
        GIVE_BACK: "back in the queue, for everybody",
        Slot.Fate.ADJUDICATE: "out of the queue, to be adjudicated",
        Slot.Fate.DROPPED: "dropped from the round",
    }
    fate = forms.ChoiceField(choices=list(DONE.items()))


class KeysForm(forms.Form):
    """One key for each action of the labelling screen; two actions never share one."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for action, (_, words) in ACTIONS.items():
            self.fields[action] = forms.CharField(
                label=words,
                required=False,
                max_length=1,
                widget=forms.TextInput(attrs={"class": "key-input", "autocomplete": "off"}),
            )

    def clean(self) -> dict:
        cleaned = {action: key.lower() for action, key in super().clean().items()}
        try:
            check_keys(cleaned)
        except ValidationError as problem:
            for action, error in problem.error_dict.items():
                self.add_error(action, error)
        return cleaned
