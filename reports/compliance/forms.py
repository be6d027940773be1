from collections.abc import Sequence

from django import forms

from reports.compliance.figures import Report
from reports.compliance.report import UNREADABLE, WITHIN, WRONG
from reports.words import called


class CountingForm(forms.Form):
    """How answers count, from the address; what is missing or wrong there is the plan's own or the usual."""

    within = forms.TypedChoiceField(coerce=int, label="Correct is", choices=[*WITHIN.items()])
    unreadable = forms.ChoiceField(label="Unreadable answers count", choices=[*UNREADABLE.items()])

    def __init__(self, data, *, within: int) -> None:
        own = {"within": str(within), "unreadable": WRONG}
        possible = {"within": [str(each) for each in WITHIN], "unreadable": list(UNREADABLE)}
        super().__init__(own | {name: data[name] for name in own if data.get(name) in possible[name]})

    @property
    def chosen(self) -> tuple[int, str]:
        """(within, unreadable)."""
        self.full_clean()
        return self.cleaned_data["within"], self.cleaned_data["unreadable"]


def judge_choices(report: Report) -> list[tuple[str, str]]:
    """(key in an address, name) of each judge."""
    return [(str(judge.judge_id), called(judge)) for judge in report.judges]


def chosen_judge(report: Report, wanted: str, *, usual: int) -> int:
    """The position of the judge with this key; the usual one where there is none."""
    keys: Sequence[str] = [str(judge.judge_id) for judge in report.judges]
    return keys.index(wanted) if wanted in keys else usual
