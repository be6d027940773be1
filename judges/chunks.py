"""How much of a shard is put to the engine at once, and what becomes of a chunk that breaks."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from django.db import Error

from judges import engines
from judges.engines.base import EngineUnavailable, EngineUnsuited
from judges.models import Engine
from judges.prompting import PromptTemplate
from judges.scoring.base import Answer, JudgedItem, Scale, Scoring, ScoringProblem

logger = logging.getLogger(__name__)
GOAL_SECONDS = 1.5  # results are written, and a pause is noticed, about this often
FEWEST_LOCAL = 4
CONCURRENCY = 16  # an HTTP engine's own default
MOST = 500


class ChunkSize:
    """`n` items make about a second and a half of work; learnt from the chunks before."""

    def __init__(self, engine: Engine) -> None:
        if engine.kind == Engine.Kind.LOCAL:
            self._fewest = FEWEST_LOCAL
        else:  # enough to keep all connections busy, however slow the server is
            self._fewest = 2 * int(engine.settings.get("concurrency", CONCURRENCY))
        self.n = self._fewest

    @contextmanager
    def measured(self, n_items: int) -> Iterator[None]:
        """Time one chunk of `n_items` and set `n` for the next; it grows at most fourfold."""
        began = time.monotonic()
        yield
        per_second = n_items / max(time.monotonic() - began, 1e-3)
        self.n = int(max(self._fewest, min(per_second * GOAL_SECONDS, self.n * 4, MOST)))


def score_chunk(
    items: Sequence[JudgedItem],
    scoring: Scoring,
    *,
    engine: engines.Engine,
    prompt: PromptTemplate,
    scale: Scale,
    options: Mapping,
) -> list[Answer]:
    """One answer an item. Where the chunk breaks as a whole, its items are asked one by one.

    So one bad item is an error of its own and never fails its shard; when every item breaks, something
    else is wrong and the last exception is raised.
    """

    def score(asked: Sequence[JudgedItem]) -> list[Answer]:
        answers = scoring.score(asked, engine=engine, prompt=prompt, scale=scale, options=options)
        if len(answers) != len(asked):
            raise ValueError(
                f"The scoring {scoring.name} gave {len(answers)} answers for {len(asked)} items."
            )
        return answers

    try:
        return score(items)
    except (EngineUnavailable, EngineUnsuited, ScoringProblem, Error):
        raise
    except Exception:
        if len(items) == 1:
            raise
        logger.exception("A chunk of %s items broke; asking one by one", len(items))
    answers = []
    n_broken = 0
    for item in items:
        try:
            answers += score([item])
        except (EngineUnavailable, EngineUnsuited, ScoringProblem, Error):
            raise
        except Exception as error:
            n_broken += 1
            if n_broken == len(items):
                raise
            logger.exception("Item %s broke", item.item_id)
            answers.append(
                Answer("error", reason=f"Something went wrong inside Concord ({type(error).__name__}).")
            )
    return answers
