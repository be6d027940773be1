"""What a run will take, said before it starts: tokens, time and money."""

from typing import NamedTuple

from django.db import connection
from django.db.models import F

from corpus.models import ItemSet, Job
from judges.models import Condition, Judge, Run
from judges.models.judge import Scoring

LEAST_ITEMS = 20  # an earlier run of fewer tells nothing
SAMPLE = 2000  # items whose texts are measured
CHARACTERS_A_TOKEN = 4.0
ASKED_TIMES = {Scoring.PAIRWISE: 2}  # questions an item
WRITTEN = {Scoring.REASON: 0.4, Scoring.CRITERIA: 0.4, Scoring.LISTWISE: 0.1}  # share of max_tokens, an item


class Estimate(NamedTuple):
    """Tokens and US dollars of a whole run, its seconds, and what that rests on, in words."""

    n_items: int
    tokens_in: int
    tokens_out: int
    dollars: float | None  # None where the engine has no price
    seconds: float | None  # None where nothing like it has run yet
    rests_on: str


def estimate_run(judge: Judge, item_set: ItemSet, *, condition: Condition | None = None) -> Estimate:
    """From the judge's last complete run under the condition or under none, else from a sample of the texts.

    What the condition's own texts add to a prompt is counted where the figures are not its own.
    """
    n = item_set.n_items
    if judge.engine is None:
        return Estimate(n, 0, 0, None, None, "a jury asks no engine")
    under_it = _earlier(Run.objects.filter(judge=judge, condition=condition))
    earlier = under_it or _earlier(Run.objects.filter(judge=judge, condition=None))
    if earlier is not None:
        tokens_in, tokens_out = earlier.tokens_in / earlier.n_done, earlier.tokens_out / earlier.n_done
        rests_on = f"{earlier} of this judge"
    else:
        tokens_in, tokens_out = _measured(judge, item_set)
        rests_on = "the lengths of the texts, four characters a token"
    if under_it is None:
        tokens_in += ASKED_TIMES.get(judge.scoring, 1) * _n_characters_of(condition) / CHARACTERS_A_TOKEN
    alike = earlier or _earlier(
        Run.objects.filter(judge__engine=judge.engine, judge__model=judge.model, judge__scoring=judge.scoring)
    )
    seconds = n / _pace(alike) if alike else None
    engine = judge.engine
    has_price = bool(engine.price_in or engine.price_out)
    dollars = n * (tokens_in * engine.price_in + tokens_out * engine.price_out) / 1e6 if has_price else None
    return Estimate(n, round(n * tokens_in), round(n * tokens_out), dollars, seconds, rests_on)


def _n_characters_of(condition: Condition | None) -> int:
    parts = condition.content.get("parts", []) if condition else []
    return sum(len(part["text"]) for part in parts)


def _earlier(runs) -> Run | None:
    done = runs.filter(job__state=Job.State.DONE, job__started_at__isnull=False, n_items__gte=LEAST_ITEMS)
    done = done.filter(job__finished_at__gt=F("job__started_at"), tokens_in__gt=0)
    return done.select_related("job").order_by("-pk").first()


def _pace(run: Run) -> float:
    """Items a second from its start, or from its probe, to its end."""
    began = max(
        moment for moment in (run.job.started_at, run.probed_at) if moment and moment < run.job.finished_at
    )
    return run.n_done / max((run.job.finished_at - began).total_seconds(), 1e-3)


def _measured(judge: Judge, item_set: ItemSet) -> tuple[float, float]:
    """Prompt and reply tokens an item."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(avg(length(q.text) + length(q.need) + length(c.title) + length(c.text)
                                + coalesce(length(r.title) + length(r.text), 0)), 0)
            FROM (SELECT item_id FROM corpus_itemsetentry WHERE item_set_id = %s ORDER BY position LIMIT %s) e
            JOIN corpus_item i ON i.id = e.item_id
            JOIN corpus_query q ON q.id = i.query_id
            JOIN corpus_candidate c ON c.id = i.candidate_id
            LEFT JOIN corpus_candidate r ON r.id = i.rival_id
            """,
            [item_set.pk, SAMPLE],
        )
        n_characters = float(cursor.fetchone()[0])
    n_characters += sum(len(message["content"]) for message in judge.prompt.messages)
    n_characters += sum(
        len(grade["name"]) + len(grade.get("meaning", "")) + 6 for grade in judge.rubric.grades
    )
    times = ASKED_TIMES.get(judge.scoring, 1)
    written = WRITTEN.get(judge.scoring, 0) * judge.options.get("max_tokens", 0)
    return times * n_characters / CHARACTERS_A_TOKEN, times * max(1.0, written)
