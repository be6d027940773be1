"""What a release's card has to say, gathered at the moment of its rows. JSON, never changed afterwards."""

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.db.models import Count

from annotate.models import Guidelines, Label
from exchange.datasets.sources import Sources
from exchange.datasets.splits import Placed
from exchange.datasets.voices import Voice
from exchange.datasets.writers.base import Missed
from exchange.datasets.writers.formats import FORMATS
from exchange.releases.agreement import agreement_of_judge, agreement_of_people
from judges.models import Run
from mining.models import Selection
from mining.rule_words import say_rule, say_sampling
from mining.rules import rule_of
from mining.sampling import sampling_of

CELL = attrgetter("split", "state", "graded_by")


class Tally:
    """Counts the long table as it passes."""

    def __init__(self) -> None:
        self.rows: Counter[tuple[str, str, str]] = Counter()  # by CELL
        self.queries: Counter[str] = Counter()

    def add(self, rows: Sequence[Any]) -> None:
        """One query's rows."""
        self.queries[rows[0].split] += 1
        self.rows.update(map(CELL, rows))

    def as_json(self) -> dict[str, Any]:
        return {
            "queries": dict(sorted(self.queries.items())),
            "rows": [[*cell, n] for cell, n in sorted(self.rows.items())],
        }


def gather_facts(sources: Sources, placed: Placed) -> dict[str, Any]:
    """Everything but what the rows themselves tell: judges, scale, guidelines, agreement."""
    project, rubric, choices = sources.project, sources.rubric, sources.choices
    return {
        "project": {"slug": project.slug, "name": project.name},
        "rubric": {"name": rubric.name, "grades": rubric.grades, "cut": rubric.cut},
        "reference_rule": project.get_reference_rule_display(),
        "guidelines": _guidelines(sources),
        "item_set": sources.item_set.name if sources.item_set else "",
        "selection": _selection(sources.selection) if sources.selection else None,
        "criteria": sources.criteria.name if sources.criteria else "",
        "judges": [
            {"used_for": used_for, **_judge(voice)}
            for used_for, voice in (
                ("verdicts and scores", sources.judge),
                ("comparisons", sources.pair_judge),
                ("several criteria", sources.criteria_judge),
            )
            if voice
        ],
        "keeps_test": placed.keeps_test,
        "choices": choices._asdict(),
        "editions": {name: FORMATS[name].edition for name in sources.plan.formats},
        "agreement": {
            "people": agreement_of_people(sources, placed) if sources.plan.uses_people else None,
            "judge": agreement_of_judge(sources, placed),
        },
    }


def missed_as_json(missed: Mapping[str, Missed]) -> dict[str, dict[str, int]]:
    """What each format left out, by reason; formats that left out nothing are not in it."""
    found = {name: {reason: n for reason, n in sorted(each.items()) if n} for name, each in missed.items()}
    return {name: reasons for name, reasons in sorted(found.items()) if reasons}


def _selection(selection: Selection) -> dict[str, Any]:
    """The pool, the rules in words, and what was taken of each query."""
    second = selection.second_run
    return {
        "pool": selection.pool.name,
        "name": selection.name,
        "run": selection.run_id,
        "rule": say_rule(rule_of(selection.rule["first"])),
        "second_judge": str(second.judge) if second else "",
        "second_rule": say_rule(rule_of(selection.rule["second"])) if second else "",
        "sampling": say_sampling(sampling_of(selection.sampling)),
    }


def _guidelines(sources: Sources) -> dict[str, Any]:
    """The version that people have before them now, and how many labels were given under which."""
    current = Guidelines.objects.filter(project=sources.project).order_by("-version").first()
    labels = Label.objects.current().filter(round__project=sources.project, round__rubric=sources.rubric)
    by_version = labels.values_list("guidelines_version").annotate(n=Count("pk"))
    return {
        "current": current.version if current else None,
        "of_labels": sorted(
            ([version, n] for version, n in by_version), key=lambda each: (each[0] is None, each[0])
        ),
    }


def _judge(voice: Voice) -> dict[str, Any]:
    judge = voice.judge
    ended = Run.objects.filter(pk__in=voice.runs).values_list("pk", "job__finished_at").order_by("pk")
    return {
        "name": judge.name,
        "version": judge.version,
        "model": judge.model,
        "scoring": judge.get_scoring_display() if judge.scoring else "brought in from a file",
        "options": judge.options,
        "prompt": judge.prompt.name if judge.prompt else "",
        "prompt_hash": voice.prompt_hash,
        "scores": voice.unit,
        "runs": [[run, moment.isoformat() if moment else None] for run, moment in ended],
    }
