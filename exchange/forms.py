from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef

from corpus.models import ItemSet, Job, Project
from exchange.formats.answer_columns import CANNOT_JUDGE, ROLES, is_whole
from exchange.formats.columns import IGNORED, METADATA
from exchange.formats.kinds import KINDS
from exchange.formats.sniffed import Sniffed
from exchange.formats.task_reading import means_cannot_judge
from exchange.importing.labels import DEFAULT_RATER
from exchange.importing.previewing import Preview
from exchange.importing.reading_grades import NamedGradeReader
from exchange.kind_guide import METADATA_IS_KEPT, TITLES, TOOLS, fields_of
from exchange.tools.registry import TOOL_FILES
from judges.models import Judge, Run

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western European (Windows-1252)",
    "iso8859-15": "Western European (ISO 8859-15)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8-r": "Cyrillic (KOI8-R)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "shift_jis": "Japanese (Shift JIS)",
    "euc_kr": "Korean (EUC-KR)",
}


FOR_TOOLS = ("both", "labels", "verdicts", "items")


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        error_messages={
            "required": "Choose a file first.",
            "missing": "Choose a file first.",
            "empty": "The file is empty. Was it written to the end?",
        },
    )


class JudgeChoice(forms.ModelChoiceField):
    def label_from_instance(self, judge: Judge) -> str:
        version = f", version {judge.version}" if judge.version > 1 else ""
        return f"{judge.name}{f' · {judge.prompt.name}' if judge.prompt else ''}{version}"


class ItemSetChoice(forms.ModelChoiceField):
    def label_from_instance(self, item_set: ItemSet) -> str:
        return f"{item_set.name} ({item_set.n_items:,} {'pairs' if item_set.of_pairs else 'items'})"


class ExportForm(forms.Form):
    """What goes out, and as what. Qrels hold one grade per item: the reference, or one judge’s."""

    file_format = forms.ChoiceField(
        label="File",
        choices=[
            ("csv", "CSV, the long form: one row per grade, for spreadsheets and data frames"),
            ("jsonl", "JSON Lines, the long form: the same, one object a line"),
            ("qrels", "Qrels for trec_eval: one grade per item"),
            *((tool.name, tool.title) for tool in TOOL_FILES.values()),
        ],
        initial="csv",
        widget=forms.RadioSelect,
    )
    what = forms.ChoiceField(
        label="Rows",
        choices=[
            ("both", "People’s labels and judges’ verdicts"),
            ("labels", "People’s labels"),
            ("verdicts", "Judges’ verdicts"),
            ("references", "The reference: one human grade per item, adjudicated or by the project’s rule"),
            ("items", "No grades: items alone, for people to label afresh in a labelling tool"),
        ],
        initial="both",
        widget=forms.RadioSelect,
    )
    judge = JudgeChoice(
        label="Whose grades",
        queryset=Judge.objects.none(),
        empty_label="The reference: people’s one grade per item",
        required=False,
    )

    item_set = ItemSetChoice(
        label="Items",
        queryset=ItemSet.objects.none(),
        empty_label="All items; variants are left out",
        required=False,
        help_text="Of an item set everything goes out: its variants, with what they were made from, and"
        " (though not to labelling tools) the verdicts of experiments.",
    )
    pseudonyms = forms.BooleanField(
        label="Numbers instead of people’s names",
        required=False,
        help_text="Each person keeps theirs from export to export. What they wrote stays as it is.",
    )

    def __init__(self, *args, project: Project, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item_set"].queryset = project.item_sets.order_by("of_pairs", "name")
        answered = Run.objects.filter(judge=OuterRef("pk"), job__state=Job.State.DONE, n_graded__gt=0)
        judges = Judge.objects.filter(Exists(answered), project=project).select_related("prompt")
        self.fields["judge"].queryset = judges
        self.scales = {f"scale:{rubric.pk}": rubric for rubric in project.rubrics.order_by("id")[1:]}
        self.fields["what"].choices += [
            (key, f"Labels of rounds on “{rubric}”: {rubric.get_kind_display().lower()}")
            for key, rubric in self.scales.items()
        ]

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("file_format") in TOOL_FILES and cleaned.get("what") not in (*FOR_TOOLS, None):
            self.add_error("what", "Labelling tools get labels and verdicts. Choose one of these, or both.")
        if cleaned.get("file_format") in ("csv", "jsonl") and cleaned.get("what") == "items":
            self.add_error("what", "The long form has a row for each grade. Choose a labelling tool’s file.")
        return cleaned

    def choices(self) -> dict:
        """The keyword arguments for `prepare_export`."""
        return self._choices() | {"pseudonyms": self.cleaned_data["pseudonyms"]}

    def _choices(self) -> dict:
        cleaned = self.cleaned_data
        chosen = {"file_format": cleaned["file_format"], "item_set": cleaned["item_set"]}
        if cleaned["file_format"] == "qrels":
            return chosen | {"judge": cleaned["judge"], "what": whose(cleaned["judge"])}
        if scale := self.scales.get(cleaned["what"]):
            return chosen | {"what": "labels", "scale": scale}
        return chosen | {"what": cleaned["what"]}


def whose(judge: Judge | None) -> str:
    """Qrels of a judge hold verdicts, those of the reference people's labels."""
    return "verdicts" if judge else "labels"


class ChoicesForm(forms.Form):
    """What the user says about a file: its kind, encoding, whose grades it holds, what its columns mean.

    Of a labelling tool's file also which grade each choice of its answers is. The columns' choices count only
    for the kind and encoding they were made under (`shown_kind`, `shown_encoding`); with another kind or
    encoding the columns are matched anew.
    """

    kind = forms.ChoiceField(label="Read as", required=False)
    encoding = forms.ChoiceField(required=False)
    source = forms.ChoiceField(
        label="Whose grades are these?",
        choices=[("rater", "People’s: they become labels"), ("judge", "A judge’s: they become verdicts")],
        required=False,
        widget=forms.RadioSelect,
    )
    judge = forms.CharField(
        max_length=200, required=False, help_text="The model that gave them, for example gpt-4o."
    )
    rater = forms.CharField(max_length=200, required=False)
    condition = forms.CharField(
        max_length=200, required=False, help_text="Only where the judge was shown something other than usual."
    )
    shown_kind = forms.CharField(required=False, widget=forms.HiddenInput)
    shown_encoding = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data=None, *, job: Job, preview: Preview) -> None:
        params = job.params
        self.job, self.preview = job, preview
        self.shown_kind = preview.sniffed.kind if preview.sniffed else params.get("kind", "")
        encoding = params.get("encoding", "")
        super().__init__(
            data,
            initial={
                "kind": self.shown_kind,
                "encoding": encoding,
                "source": "judge" if params.get("judge") else "rater",
                "judge": params.get("judge", ""),
                "rater": params.get("rater", ""),
                "condition": params.get("condition", ""),
                "shown_kind": self.shown_kind,
                "shown_encoding": encoding,
            },
        )
        unnamed = "qrels" if self.shown_kind == "qrels" else DEFAULT_RATER
        self.fields["rater"].help_text = f"Who gave them. Without a name, it is “{unnamed}”."
        kinds = list(TITLES.items())
        self.fields["kind"].choices = kinds if self.shown_kind else [("", "Choose …"), *kinds]
        detected = f" ({preview.sniffed.encoding})" if preview.sniffed and not encoding else ""
        extra = {} if encoding in ENCODINGS or not encoding else {encoding: encoding}
        self.fields["encoding"].choices = [("", f"As detected{detected}"), *(ENCODINGS | extra).items()]
        self.columns: list[tuple[str, str]] = []  # field name, the file's column
        if self.shown_kind and preview.can_be_mapped:
            for place, column in enumerate(preview.columns):
                name = f"column_{place}"
                self.columns.append((name, column))
                self.fields[name] = forms.ChoiceField(
                    label=column,
                    choices=meanings(self.shown_kind),
                    initial=preview.mapping.get(column, METADATA),
                    required=False,
                )
        self.choices_of_file: list[tuple[str, str]] = []  # field name, a choice that was made in the file
        if preview.sniffed and preview.sniffed.choices:
            self._ask_for_choices(preview.sniffed)

    def _ask_for_choices(self, sniffed: Sniffed) -> None:
        """Which grade of the rubric each choice stands for; its own numbers are not asked for."""
        rubric = self.job.project.rubric
        grades = NamedGradeReader(rubric)
        options = [
            ("", "Not a grade"),
            *((str(g["value"]), f"{g['value']} {g['name']}") for g in rubric.grades),
        ]
        if rubric.may_abstain:
            options.append((CANNOT_JUDGE, "Cannot judge"))
        outside = [
            choice
            for choice in sniffed.choices
            if not is_whole(choice) or choice in sniffed.spellings or grades.in_rubric(choice) is None
        ]
        for place, choice in enumerate(outside):
            name = f"choice_{place}"
            self.choices_of_file.append((name, choice))
            read = sniffed.spellings.get(choice, grades.in_rubric(choice))
            if read is None and means_cannot_judge(choice):
                read = CANNOT_JUDGE
            self.fields[name] = forms.ChoiceField(
                label=choice, choices=options, initial="" if read is None else str(read), required=False
            )

    def choice_rows(self):
        """(a choice made in the file, the bound field that says which grade it is) for the page."""
        return [(choice, self[name]) for name, choice in self.choices_of_file]

    def mapping_rows(self):
        """(the file's column, an example, the bound field that says what it means) for the page."""
        return [(column, self.preview.examples.get(column, ""), self[name]) for name, column in self.columns]

    def clean(self) -> dict:
        cleaned = super().clean()
        if (
            self._agrees(cleaned)
            and cleaned.get("source") == "judge"
            and "source" in self.preview.asks
            and not cleaned.get("judge")
        ):
            self.add_error("judge", ValidationError("Name the judge whose grades these are."))
        return cleaned

    @property
    def is_as_shown(self) -> bool:
        """Whether the rows that the page showed are of the kind and encoding that the user sent."""
        return self._agrees(self.cleaned_data)

    def _agrees(self, cleaned: dict) -> bool:
        return cleaned.get("kind") == cleaned.get("shown_kind") == self.shown_kind and cleaned.get(
            "encoding"
        ) == cleaned.get("shown_encoding")

    def choices(self) -> dict:
        """The keyword arguments for `choose`."""
        cleaned = self.cleaned_data
        is_guess = cleaned["kind"] == self.shown_kind and not self.job.params.get("kind")
        judges = "source" not in self.preview.asks or cleaned["source"] == "judge"
        return {
            "kind": "" if is_guess else cleaned["kind"],
            "mapping": self._mapping() if self.is_as_shown else {},
            "encoding": cleaned["encoding"],
            "judge": cleaned["judge"] if judges else "",
            "condition": cleaned["condition"] if judges else "",
            "rater": cleaned["rater"] if not judges or "rater" in self.preview.asks else "",
        }

    def _mapping(self) -> dict[str, str]:
        """theirs → ours; where two columns claim one field, the one that was just changed has it."""
        before = {column: self.preview.mapping.get(column, METADATA) for _, column in self.columns}
        chosen = {column: self.cleaned_data[name] or before[column] for name, column in self.columns}
        spellings = self._spellings()
        if chosen == before:
            choices = {choice for _, choice in self.choices_of_file}
            asked = self.job.params.get("mapping", {})
            return {theirs: ours for theirs, ours in asked.items() if theirs not in choices} | spellings
        holders: dict[str, str] = {}
        for column in sorted(chosen, key=lambda column: chosen[column] == before[column]):
            ours = chosen[column]
            if ours not in (METADATA, IGNORED, *self._shared) and holders.setdefault(ours, column) != column:
                chosen[column] = METADATA
        return {column: ours for column, ours in chosen.items() if "\0" not in column} | spellings

    @property
    def _shared(self) -> tuple[str, ...]:
        """What several columns may be at once: of a tool's table with a column for each rater, these."""
        return tuple(ROLES.values()) if self.shown_kind in TOOLS else ()

    def _spellings(self) -> dict[str, str]:
        """choice → grade, for the choices whose grade was chosen, now or before."""
        found = dict(self.preview.sniffed.spellings) if self.preview.sniffed else {}
        for name, choice in self.choices_of_file:
            value = self.cleaned_data[name]
            if not value:
                found.pop(choice, None)
            elif choice in found or value != self.fields[name].initial:
                found[choice] = value
        return found


def meanings(kind: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column of such a file can be, as groups of choices."""
    needed = {field.name for field in KINDS[kind].fields if field.is_needed}
    if kind in METADATA_IS_KEPT:
        otherwise = [(METADATA, "Keep as metadata"), (IGNORED, "Leave out")]
    else:
        otherwise = [(METADATA, "Not stored, but token counts" if kind == "verdicts" else "Not stored")]
    return [
        ("Needed", [(name, title) for name, title in fields_of(kind) if name in needed]),
        ("Possible", [(name, title) for name, title in fields_of(kind) if name not in needed]),
        ("Otherwise", otherwise),
    ]
