"""How judges are called on pages."""

from django import template

from reports.agreement import JudgeAgreement
from reports.words import called as words

register = template.Library()


@register.filter
def called(judge: JudgeAgreement) -> str:
    return words(judge)
