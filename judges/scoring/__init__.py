"""Scorings: the ways to read a verdict off an engine, one file each; their words are in `base`."""

from __future__ import annotations

from judges.scoring.base import Scoring
from judges.scoring.criteria import Criteria
from judges.scoring.grade import Grade
from judges.scoring.likelihood import Likelihood
from judges.scoring.listwise import Listwise
from judges.scoring.pairwise import Pairwise
from judges.scoring.reason import Reason
from judges.scoring.yes_no import YesNo

SCORINGS: dict[str, Scoring] = {
    scoring.name: scoring
    for scoring in (Grade(), YesNo(), Reason(), Criteria(), Likelihood(), Pairwise(), Listwise())
}
