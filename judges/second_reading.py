"""The second reader: another engine says of each written reply of a run what it states.

Beside the strict reader of judges.scoring.reading it is the other of two classifiers that are held against
each other. It works in a job: replies that were read stay read, whatever becomes of the job, so that one that
was cancelled or failed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from corpus import jobs
from corpus.audit import record
from corpus.jobs import JobFailed, Progress
from corpus.models import Job, User
from corpus.models.audit import Verb
from judges.chunks import Asking
from judges.engines.base import Engine as OpenEngine
from judges.engines.base import EngineUnavailable, EngineUnsuited, LabelLogprobs, Reply
from judges.models import Engine, Run, SecondReading
from judges.models.judge import Scoring
from judges.prompting import PromptTemplate, abstain_label, load_prompt_file
from judges.recording import storable
from judges.scoring.asking import ask_fitted, ask_labels, likeliest_label
from judges.scoring.base import Answer, JudgedItem, Scale, answer_fault
from judges.scoring.reading import THOUGHTS
from judges.services.engines import connect_engine, is_outside
from judges.services.judges import scale_of
from judges.services.prompts import template_of

PROMPT_FILE = Path(__file__).parent / "second_reading.yaml"
DECLINES, NEITHER = "X", "N"
FIELD = "reading"
LONGEST_SHOWN = 8000  # characters of a reply, its end: a grade stands there, and a cut one has none
MOST_TOKENS = 64
BATCH = 500  # replies read from the database at once
NO_USE = "error"  # the outcome of an answer that says nothing about the reply
WRITTEN = ("graded", "abstained", "unreadable", "out_of_range")  # verdicts that come with a reply


class ReadingRefused(Exception):
    """The run cannot be read a second time like this; one sentence says why."""


@transaction.atomic
def start_second_reading(run: Run, engine: Engine, *, by: User | None = None) -> Job:
    """A job in which `engine` reads every written reply of the run that it has not read yet.

    Raises ReadingRefused where the run has no written replies or is not at its end, where the engine is the
    judge's own or texts may not leave for it, or where it is reading this run already.
    """
    judge = run.judge
    project = judge.project
    if judge.scoring != Scoring.REASON or judge.engine is None:
        raise ReadingRefused(
            f"{run} has no written replies: only judges that give their reasons in words have."
        )
    if engine.pk == judge.engine_id:
        raise ReadingRefused(f"The second reader has to be another engine than the judge's own, “{engine}”.")
    if is_outside(engine) and not project.may_leave:
        raise ReadingRefused(
            f"The engine “{engine}” is outside this machine, and the project's settings do not let texts"
            " leave it. An owner can allow that in the settings."
        )
    if not run.job.is_ended:
        raise ReadingRefused(f"{run} is still under way: its replies are read when it has ended.")
    Run.objects.select_for_update(of=["self"]).get(pk=run.pk)
    params = {"run": run.pk, "engine": engine.pk}
    if under_way := project.jobs.filter(kind=Job.Kind.READ, params=params).unfinished().first():
        raise ReadingRefused(f"{under_way} of {run} by “{engine}” is under way already.")
    job = Job.objects.create(
        project=project,
        kind=Job.Kind.READ,
        params=params,
        unit="replies",
        n_total=_count(run, engine)[0],
        created_by=by,
    )
    record(Verb.READING_STARTED, run, project=project, by=by, judge=judge.name, engine=engine.name)
    jobs.enqueue(job)
    return job


def run_second_reading(job_id: int) -> Job | None:
    """Do a job of `start_second_reading`; its result counts replies by what was found."""
    return jobs.do_exclusively(job_id, _read_run)


def _read_run(job: Job, progress: Progress) -> dict[str, Any]:
    run = Run.objects.select_related("judge__prompt", "judge__rubric").get(pk=job.params["run"])
    engine = Engine.objects.get(pk=job.params["engine"])
    n_total, n_read = _count(run, engine)
    progress.update(n_done=n_read, n_total=n_total, note="Reading replies")
    try:
        with _asking(run, engine) as asking:
            after = 0
            while batch := _unread(run, engine, after=after):
                after = batch[-1].item_id
                with closing(asking.answers(batch, is_wanted=lambda: True)) as stream:
                    for answered in stream:
                        n_read += _write(run, engine, answered.items, answered.answers)
                        progress.update(n_done=n_read)
    except EngineUnavailable as away:
        raise JobFailed(
            f"The engine “{engine}” does not answer. The {n_read:,} replies that were read are kept; try"
            " again when it is back.",
            result=_result(run, engine),
        ) from away
    except EngineUnsuited as unsuited:
        raise JobFailed(f"The engine “{engine}” cannot read replies: {unsuited}") from unsuited
    return _result(run, engine)


def _asking(run: Run, engine: Engine) -> Asking:
    """The engine with what it is asked: held to a schema, or of an engine in this process, to the signs."""
    template = template_of(run.judge.prompt)
    prompt = reading_prompt()._replace(reply={"abstain": abstain_label(template)})
    scale = scale_of(run.judge.rubric)._replace(may_abstain=True)
    read = read_by_signs if engine.kind == Engine.Kind.LOCAL else read_by_schema
    return Asking(connect_engine(engine), partial(read, prompt=prompt, scale=scale))


@lru_cache(maxsize=1)
def reading_prompt() -> PromptTemplate:
    """What the second reader is asked; the reply stands in the candidate's place."""
    return load_prompt_file(PROMPT_FILE)


def signs_of(scale: Scale) -> list[str]:
    """What the second reader chooses from: each grade, DECLINES and NEITHER."""
    return [*map(str, scale.values), DECLINES, NEITHER]


def read_by_schema(
    items: Sequence[JudgedItem], *, engine: OpenEngine, prompt: PromptTemplate, scale: Scale
) -> list[Answer]:
    """One answer a reply, from what the engine writes under a schema of one sign."""
    schema = {
        "type": "object",
        "properties": {FIELD: {"enum": signs_of(scale)}},
        "required": [FIELD],
        "additionalProperties": False,
    }

    def read(reply: Any, note: str) -> Answer:
        if not isinstance(reply, Reply):
            return answer_fault(reply)
        return _said(_sign_in(reply.text), reply.text, scale)

    return ask_fitted(
        items,
        engine=engine,
        prompt=prompt,
        scale=scale,
        reserve=MOST_TOKENS,
        too_long="refuse",
        put=lambda prompts: engine.generate(prompts, max_tokens=MOST_TOKENS, schema=schema),
        read=read,
    )


def read_by_signs(
    items: Sequence[JudgedItem], *, engine: OpenEngine, prompt: PromptTemplate, scale: Scale
) -> list[Answer]:
    """One answer a reply, from the likeliest sign: for an engine that can be held to no schema."""

    def read(reply: LabelLogprobs) -> Answer:
        sign = likeliest_label(reply)
        return _said(sign, sign, scale)

    return ask_labels(
        items,
        engine=engine,
        prompt=prompt,
        scale=scale,
        labels=signs_of(scale),
        read=read,
        mass_floor=0,
        too_long="refuse",
    )


def _sign_in(text: str) -> str:
    """The sign in a JSON object, or alone as it stands; "" where there is neither."""
    said = THOUGHTS.sub("", text).strip()
    try:
        found = json.loads(said)
    except json.JSONDecodeError:
        return said
    return str(found.get(FIELD, "")) if isinstance(found, dict) else str(found)


def _said(sign: str, raw: str, scale: Scale) -> Answer:
    if sign == DECLINES:
        return Answer("abstained", raw=raw)
    if sign == NEITHER:
        return Answer("unreadable", raw=raw)
    if sign in map(str, scale.values):
        return Answer("graded", grade=int(sign), raw=raw)
    return Answer(NO_USE, raw=raw, reason="the second reader answered with no sign")


def _count(run: Run, engine: Engine) -> tuple[int, int]:
    """How many written replies the run has, and how many of them the engine has read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(s.item_id) FROM judges_verdict v LEFT JOIN judges_secondreading s"
            " ON s.run_id = v.run_id AND s.item_id = v.item_id AND s.engine_id = %s"
            " WHERE v.run_id = %s AND v.raw <> '' AND v.outcome = ANY(%s)",
            [engine.pk, run.pk, list(WRITTEN)],
        )
        return cursor.fetchone()


def _unread(run: Run, engine: Engine, *, after: int) -> list[JudgedItem]:
    """The next replies that the engine has not read, by item, each in the place of a candidate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.item_id, right(v.raw, %s) FROM judges_verdict v"
            " WHERE v.run_id = %s AND v.item_id > %s AND v.raw <> '' AND v.outcome = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM judges_secondreading s WHERE s.run_id = v.run_id"
            "  AND s.item_id = v.item_id AND s.engine_id = %s)"
            " ORDER BY v.item_id LIMIT %s",
            [LONGEST_SHOWN, run.pk, after, list(WRITTEN), engine.pk, BATCH],
        )
        return [JudgedItem(item, "", "", "", reply, may_be_blank=True) for item, reply in cursor.fetchall()]


def _write(run: Run, engine: Engine, items: Sequence[JudgedItem], answers: Sequence[Answer]) -> int:
    """Store what was found, and return how many replies that are; one that was read already stays."""
    found = [
        SecondReading(
            run_id=run.pk,
            item_id=item.item_id,
            engine_id=engine.pk,
            outcome=answer.outcome,
            grade=answer.grade,
            raw=storable(answer.raw),
        )
        for item, answer in zip(items, answers, strict=True)
        if answer.outcome in SecondReading.Outcome.values
    ]
    SecondReading.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def _result(run: Run, engine: Engine) -> dict[str, int]:
    """n_read replies by outcome, and n_left, about which the engine said nothing of use."""
    n_total, n_read = _count(run, engine)
    outcomes = SecondReading.objects.filter(run=run, engine=engine).values_list("outcome", flat=True)
    counts = {f"n_{each}": outcomes.filter(outcome=each).count() for each in SecondReading.Outcome.values}
    return {"n_read": n_read, "n_left": n_total - n_read, **counts}
