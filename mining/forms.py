from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from corpus.models import Project, System
from corpus.models.collection import Split
from judges.forms import JudgeChoice
from judges.models import Engine, Judge, Run
from judges.services.engines import may_embed
from mining.models import Pool, Selection
from mining.pool_settings import MOST_DEPTH, Dense, Fusion, PoolRefused, PoolSettings, settings_of
from mining.rules import Flagged, Margin, Rule, RuleRefused, rule_of
from mining.sampling import Sampling, SamplingRefused, Way, sampling_of

USUAL = PoolSettings()
TYPED = {"autocomplete": "off"}


class PoolForm(forms.Form):
    """Which miners look how deep."""

    name = forms.CharField(
        max_length=180, widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"})
    )
    bm25 = forms.IntegerField(
        label="BM25",
        min_value=0,
        max_value=MOST_DEPTH,
        initial=USUAL.bm25,
        help_text="Hits for each query by words in common; 0 leaves it out.",
    )
    engine = forms.ModelChoiceField(
        Engine.objects.none(),
        label="Embeddings",
        required=False,
        empty_label="None",
        help_text="Hits by meaning. Each candidate is embedded once for each model.",
    )
    dense_depth = forms.IntegerField(
        label="Hits by meaning", min_value=1, max_value=MOST_DEPTH, initial=Dense(0).depth
    )
    systems = forms.ModelMultipleChoiceField(
        System.objects.none(),
        label="Run files",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    system_depth = forms.IntegerField(
        label="Hits of each run file", min_value=1, max_value=MOST_DEPTH, initial=USUAL.system_depth
    )
    random = forms.IntegerField(
        label="By chance",
        min_value=0,
        max_value=MOST_DEPTH,
        initial=USUAL.random,
        help_text="Drawn from all candidates, beside the budget: easy negatives.",
    )
    budget = forms.IntegerField(
        min_value=1,
        max_value=10 * MOST_DEPTH,
        initial=USUAL.budget,
        help_text="Mined candidates of each query that are judged.",
    )
    fusion = forms.ChoiceField(
        label="Cut to the budget by",
        choices=[
            (str(Fusion.RRF), "Reciprocal ranks"),
            (str(Fusion.PERCENTILE), "Percentiles of the miners’ scores"),
        ],
    )
    query_prefix = forms.CharField(
        required=False,
        max_length=1000,
        strip=False,
        help_text="What the model wants before queries, such as “query: ”.",
        widget=forms.TextInput(attrs=TYPED),
    )
    candidate_prefix = forms.CharField(
        required=False, max_length=1000, strip=False, widget=forms.TextInput(attrs=TYPED)
    )
    cut = forms.TypedChoiceField(label="Positive from grade", coerce=int)
    split = forms.ChoiceField(
        label="Queries", required=False, choices=[("", "All"), *((each.value, each.label) for each in Split)]
    )
    every_query = forms.BooleanField(label="also queries without a known positive", required=False)
    near_words = forms.FloatField(
        label="Near-duplicate from",
        min_value=0.1,
        max_value=1,
        initial=USUAL.near_words,
        help_text="Share of runs of three words in common with a positive; these are set apart.",
        widget=forms.NumberInput(attrs={"step": "0.05"}),
    )
    near_cosine = forms.FloatField(
        label="or cosine from",
        min_value=0.1,
        max_value=1,
        initial=USUAL.near_cosine,
        help_text="Where the pool has embeddings.",
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )
    seed = forms.IntegerField(min_value=0, initial=0)

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        rubric = project.rubric
        embedding = [engine.pk for engine in Engine.objects.all() if may_embed(engine)]
        self.fields["engine"].queryset = Engine.objects.filter(pk__in=embedding)
        self.fields["systems"].queryset = project.systems.order_by("name")
        self.fields["cut"].choices = [
            (grade["value"], f"{grade['value']} {grade['name']}") for grade in rubric.grades[1:]
        ]
        self.initial.setdefault("cut", rubric.cut)
        if not project.systems.exists():
            del self.fields["systems"], self.fields["system_depth"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        engine = cleaned["engine"]
        prefixes = (cleaned["query_prefix"], cleaned["candidate_prefix"])
        dense = Dense(engine.pk, cleaned["dense_depth"], *prefixes) if engine else None
        self.settings = PoolSettings(
            bm25=cleaned["bm25"],
            dense=dense,
            systems=tuple(system.pk for system in cleaned.get("systems", ())),
            system_depth=cleaned.get("system_depth", USUAL.system_depth),
            random=cleaned["random"],
            budget=cleaned["budget"],
            fusion=Fusion(cleaned["fusion"]),
            near_words=cleaned["near_words"],
            near_cosine=cleaned["near_cosine"],
            cut=cleaned["cut"],
            split=cleaned["split"] or None,
            with_positives_only=not cleaned["every_query"],
            seed=cleaned["seed"],
        )
        try:
            settings_of(self.settings.as_json())
        except PoolRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return cleaned


MARGINS = [
    (str(Margin.DIFFERENCE), "s⁺ less an amount"),
    (str(Margin.SHARE), "s⁺ less a share of it"),
    (str(Margin.FIXED), "the same score for all"),
]
NUMBER = forms.NumberInput(attrs={"step": "any", "class": "short"})


WHOLE = forms.NumberInput(attrs={"class": "short"})


class RunChoice(forms.ModelChoiceField):
    def label_from_instance(self, run: Run) -> str:
        prompt = f", {run.judge.prompt.name}" if run.judge.prompt else ""
        return f"{run.judge.name}{prompt} – run {run.pk}"


class RuleForm(forms.Form):
    """A rule and a sampling, from the address or a post; what is missing there is as usual."""

    run = RunChoice(Run.objects.none(), label="Scores of", empty_label=None)
    margin = forms.ChoiceField(label="The cut is", choices=MARGINS)
    amount = forms.FloatField(label="Amount", widget=NUMBER)
    band = forms.FloatField(label="Ambiguous within", min_value=0, widget=NUMBER)
    mass_floor = forms.FloatField(label="Least label mass", min_value=0, max_value=1, widget=NUMBER)
    gate = forms.FloatField(label="Least score of a positive", required=False, widget=NUMBER)
    floor = forms.FloatField(label="Least of a hard one", required=False, widget=NUMBER)
    floor_in = forms.ChoiceField(
        label="Measured as", choices=[("score", "a score"), ("share", "a share of its query")]
    )
    flagged = forms.ChoiceField(
        label="Flagged ones",
        choices=[(str(Flagged.ASIDE), "are left out"), (str(Flagged.RELABEL), "become positives")],
    )
    second_run = RunChoice(Run.objects.none(), label="Second judge", required=False, empty_label="None")
    second_margin = forms.ChoiceField(label="Its cut is", choices=MARGINS)
    second_amount = forms.FloatField(label="Its amount", widget=NUMBER)
    way = forms.ChoiceField(
        label="Take",
        choices=[
            (str(Way.STRIDE), "every n-th, in turns"),
            (str(Way.TOP), "the highest-scored"),
            (str(Way.RANDOM), "by chance"),
            (str(Way.DIVERSE), "unlike each other"),
        ],
    )
    k = forms.IntegerField(label="Negatives of each query", min_value=1, max_value=1000, widget=WHOLE)
    step = forms.IntegerField(label="The n", min_value=1, max_value=1000, widget=WHOLE)
    trade = forms.FloatField(label="Hard against unlike", min_value=0, max_value=1, widget=NUMBER)
    n_random = forms.IntegerField(label="And by chance", min_value=0, max_value=1000, widget=WHOLE)
    seed = forms.IntegerField(label="Seed", min_value=0, widget=WHOLE)

    def __init__(
        self, data, *, runs: list[Run], seconds: list[Run], defaults: dict[str, Any] | None = None
    ) -> None:
        rule, sampling = Rule(), Sampling()
        self.own = {
            "run": runs[0].pk if runs else None,
            "margin": rule.margin, "amount": rule.amount, "band": rule.band, "mass_floor": rule.mass_floor,
            "floor_in": "score", "flagged": rule.flagged, "second_margin": rule.margin,
            "second_amount": rule.amount, "way": sampling.way, "k": sampling.k, "step": sampling.step,
            "trade": sampling.trade, "n_random": sampling.n_random, "seed": sampling.seed,
            "gate": "", "floor": "", "second_run": "",
        } | (defaults or {})  # fmt: skip
        shown = {name: f"{own:g}" if isinstance(own, float) else own for name, own in self.own.items()}
        super().__init__(shown | {name: data[name] for name in self.own if data.get(name)})
        self.fields["run"].queryset = Run.objects.filter(pk__in=[run.pk for run in runs])
        self.fields["second_run"].queryset = Run.objects.filter(pk__in=[run.pk for run in seconds])
        for name in ("run", "second_run"):
            self.fields[name].queryset = self.fields[name].queryset.select_related(
                "judge__prompt", "job", "item_set"
            )
        if not seconds:
            del self.fields["second_run"], self.fields["second_margin"], self.fields["second_amount"]

    @property
    def chosen(self) -> dict[str, Any]:
        """What was asked for; the usual value where that makes no sense."""
        self.is_valid()
        return self.own | {name: value for name, value in self.cleaned_data.items() if value is not None}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        try:
            rule_of(self._rule(self.own | cleaned).as_json())
            sampling_of(self._sampling(self.own | cleaned).as_json())
        except (RuleRefused, SamplingRefused) as refusal:
            raise ValidationError(str(refusal)) from refusal
        return cleaned

    @property
    def asked(self) -> dict[str, str]:
        """What stands in the address of exactly this rule."""
        plain = {name: getattr(value, "pk", value) for name, value in self.chosen.items()}
        return {name: str(value) for name, value in plain.items() if value not in ("", None)}

    @property
    def rule(self) -> Rule:
        return self._rule(self.chosen)

    @property
    def second_rule(self) -> Rule | None:
        """What the second judge is measured by; None without one."""
        chosen = self.chosen
        if not isinstance(chosen.get("second_run"), Run):
            return None
        return self.rule._replace(margin=Margin(chosen["second_margin"]), amount=chosen["second_amount"])

    @property
    def sampling(self) -> Sampling:
        return self._sampling(self.chosen)

    def _rule(self, chosen: dict[str, Any]) -> Rule:
        number = lambda name: None if chosen[name] in ("", None) else chosen[name]  # noqa: E731
        return Rule(
            margin=Margin(chosen["margin"]),
            amount=chosen["amount"],
            band=chosen["band"],
            mass_floor=chosen["mass_floor"],
            gate=number("gate"),
            floor=number("floor"),
            floor_is_share=chosen["floor_in"] == "share",
            flagged=Flagged(chosen["flagged"]),
        )

    def _sampling(self, chosen: dict[str, Any]) -> Sampling:
        return Sampling(
            way=Way(chosen["way"]),
            k=chosen["k"],
            step=chosen["step"],
            trade=chosen["trade"],
            n_random=chosen["n_random"],
            seed=chosen["seed"],
        )


def asked_of(selection: Selection) -> dict[str, Any]:
    """What stands in the address of the page of a selection's rule."""
    first, second, sampling = selection.rule["first"], selection.rule["second"], selection.sampling
    plain = {
        "run": selection.run_id,
        **{name: first[name] for name in ("margin", "amount", "band", "mass_floor", "gate", "floor")},
        "floor_in": "share" if first["floor_is_share"] else "score",
        "flagged": first["flagged"],
        **sampling,
    }
    if second:
        plain |= {
            "second_run": selection.second_run_id,
            "second_margin": second["margin"],
            "second_amount": second["amount"],
        }
    return {name: value for name, value in plain.items() if value is not None}


class JudgePoolForm(forms.Form):
    """Which judge runs over a pool, or over what was flagged in it."""

    judge = JudgeChoice(Judge.objects.none(), empty_label=None)

    def __init__(self, *args, pool: Pool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        project = pool.project
        judges = project.judges.made_here().filter(rubric=project.rubric)
        self.fields["judge"].queryset = judges.order_by("name", "-version")


class DeletePoolForm(forms.Form):
    """The pool's name, typed by whoever deletes it."""

    name = forms.CharField(label="Type the pool’s name", widget=forms.TextInput(attrs=TYPED))

    def __init__(self, *args, pool: Pool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.pool = pool

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self.pool.name:
            raise ValidationError("That is not its name.")
        return self.cleaned_data["name"]


class PeopleForm(forms.Form):
    overlap = forms.IntegerField(label="People an item", min_value=1, max_value=20, initial=1)


class CheckForm(forms.Form):
    n = forms.IntegerField(label="Negatives to check", min_value=1, max_value=10_000, initial=200)
    seed = forms.IntegerField(min_value=0, initial=0, required=False)
    everything = forms.BooleanField(label="of all negatives, not only those picked", required=False)
