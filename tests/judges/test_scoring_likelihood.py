import json
import random

import pytest
from scipy.stats import rankdata

from judges.engines.base import ItemFault
from judges.prompting import shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, Scale
from tests.judges.scripted_engine import ScriptedEngine
from tests.judges.small_model import small_engine

SCALE = Scale(((0, "no", ""), (1, "yes", "")), 1, False)
PROMPT = shipped_prompts()["likelihood"]
QUERY = "why is the sky blue"


def item(candidate: str, number: int = 1, query: str = QUERY) -> JudgedItem:
    return JudgedItem(number, query, "", "", candidate)


def score(items, engine, **options):
    return SCORINGS["likelihood"].score(items, engine=engine, prompt=PROMPT, scale=SCALE, options=options)


def test_the_score_is_what_the_candidate_adds_to_the_querys_log_probability():
    """log p(query | candidate) = −12, log p(query) = −30: 18 in all, or 3.6 for each of the 5 tokens."""
    engine = ScriptedEngine(texts={"light": -12.0, "bread": -33.0, "<passage>": -30.0})
    light, bread = score([item("light"), item("bread")], engine)
    assert (light.outcome, light.score, light.grade) == ("scored", 18.0, None)
    assert bread.score == -3.0
    assert "-12.0000" in light.raw
    assert score([item("light")], engine, unit="per_token")[0].score == pytest.approx(3.6)


def test_a_baseline_is_asked_once_for_each_query_and_counted_once():
    engine = ScriptedEngine(texts={"light": -12.0, "bread": -33.0, "<passage>": -30.0})
    answers = score([item("light"), item("bread"), item("light", query="what is bread")], engine)
    assert len(engine.asked) == 3 + 2
    assert {text for _, text in engine.asked} == {QUERY, "what is bread"}
    assert [answer.tokens_in for answer in answers] == [100, 50, 100]
    assert [answer.tokens_cached for answer in answers] == [20, 10, 20]


def test_one_bad_item_fails_nobody_else_and_blank_ones_are_not_asked():
    engine = ScriptedEngine(texts={"light": -12.0, "odd": ItemFault("error", "it broke"), "<passage>": -30.0})
    answers = score([item("light"), item("odd"), item(" "), item("light", query=" ")], engine)
    assert [answer.outcome for answer in answers] == ["scored", "error", "empty", "empty"]
    assert len(engine.asked) == 3


def test_a_candidate_too_long_is_cut_so_that_the_query_still_fits():
    long = " ".join(f"word{n}" for n in range(300))
    engine = ScriptedEngine(texts={"word0": -12.0, "<passage>": -30.0}, context_tokens=60)
    [answer] = score([item(long)], engine)
    asked = max(engine.count_tokens(prefix) for prefix, _ in engine.asked)
    assert asked == 60 - 5 - 1
    assert "candidate cut" in answer.reason


@pytest.mark.model
def test_the_real_model_finds_the_passage_that_answers_more_telling():
    answers = score(
        [
            item("Air scatters blue light more than red light, and so the sky looks blue by day."),
            item("Knead the dough, let it rise for an hour, then bake the bread until it is brown."),
        ],
        small_engine(),
    )
    assert answers[0].score > answers[1].score


@pytest.mark.model
def test_on_real_grades_the_small_models_score_is_better_than_chance(dl21):
    """AUC at grade ≥ 1 with midranks; 0.77 on 240 items of TREC DL 2021, 0.5 would be chance."""
    rows = [json.loads(line) for line in (dl21 / "pairs.jsonl").read_text().splitlines()]
    rows = random.Random(1).sample(rows, 60)
    items = [item(row["candidate"], n, row["query"]) for n, row in enumerate(rows)]
    ranks = rankdata([answer.score for answer in score(items, small_engine())])
    relevant = [row["human_grade"] >= 1 for row in rows]
    n = sum(relevant)
    above = sum(rank for rank, is_relevant in zip(ranks, relevant, strict=True) if is_relevant)
    auc = (above - n * (n + 1) / 2) / (n * (len(rows) - n))
    assert auc > 0.65
