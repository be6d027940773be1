"""Windows from the back to the front; a reply is an order however careless it is, or nothing."""

import re

import pytest

from judges.engines.base import Reply
from judges.prompting import shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem, Scale, ScoringProblem
from judges.scoring.listwise import read_order
from tests.judges.scripted_engine import ScriptedEngine

SCALE = Scale(((0, "no", ""), (1, "yes", "")), 1, False)
PROMPT = shipped_prompts()["listwise-order"]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("[2] > [1] > [3]", [1, 0, 2]),
        ("[3]", [2, 0, 1]),  # what is missing follows in its old order
        ("[2] > [2] > [1] > [3] > [1]", [1, 0, 2]),  # repeats are dropped
        ("[7] > [3] > [0] > [1]", [2, 0, 1]),  # what was not shown is passed over
        ("<think>[1] > [2]</think> The order is [3]>[2]>[1].", [2, 1, 0]),
        ("I cannot say.", None),
        ("[9]", None),
    ],
)
def test_an_order_is_read_of_what_the_reply_names(text, order):
    assert read_order(text, 3) == order


class Sorter(ScriptedEngine):
    """Sorts each window by the number behind “worth”, highest first."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[list[int]] = []

    def generate(self, prompts, *, max_tokens, schema=None):
        shown = re.findall(r"\[(\d+)\] worth (\d+)", prompts[0][-1]["content"])
        self.windows.append([int(worth) for _, worth in shown])
        order = sorted(shown, key=lambda entry: -int(entry[1]))
        return [Reply(" > ".join(f"[{number}]" for number, _ in order), "stop", 100, 10, 0, 5)]


def items(worths, *, query_id=1, start=0) -> list[JudgedItem]:
    return [
        JudgedItem(start + n, f"query {query_id}", "", "", f"worth {worth}", query_id)
        for n, worth in enumerate(worths)
    ]


def score(given, engine, **options):
    return SCORINGS["listwise"].score(given, engine=engine, prompt=PROMPT, scale=SCALE, options=options)


def test_windows_slide_from_the_back_to_the_front_and_carry_the_best_along():
    engine = Sorter()
    answers = score(items([1, 2, 3, 4, 5, 9]), engine, window=4, step=2)
    assert engine.windows == [[3, 4, 5, 9], [1, 2, 9, 5]]
    # Order in the end: 9 5 2 1 | 4 3; the score falls from 1 to 0 in steps of a fifth.
    assert [round(answer.score * 5) for answer in answers] == [2, 3, 0, 1, 4, 5]
    assert {answer.outcome for answer in answers} == {"scored"}
    assert answers[5].raw == "rank 1 of 6"
    assert sum(answer.tokens_in for answer in answers) == 200


def test_queries_are_ranked_each_for_itself_and_a_single_candidate_is_not_asked_about():
    engine = Sorter()
    answers = score([*items([1, 2]), *items([7], query_id=2, start=5)], engine)
    assert [answer.score for answer in answers] == [0.0, 1.0, 1.0]
    assert engine.windows == [[1, 2]]


def test_a_reply_without_numbers_leaves_the_whole_query_unreadable():
    engine = ScriptedEngine(replies={"query 1": "They are all fine.", "query 2": "[2] > [1]"})
    answers = score([*items([1, 2]), *items([3, 4], query_id=2, start=5)], engine)
    assert [answer.outcome for answer in answers] == ["unreadable", "unreadable", "scored", "scored"]
    assert answers[0].raw == "They are all fine."


def test_a_long_candidate_is_cut_with_a_mark():
    engine = Sorter()
    long = items([1, 2])
    long[0] = long[0]._replace(candidate="worth 1 " + "x" * 5000)
    score(long, engine, max_characters=100)
    assert engine.windows == [[1, 2]]


@pytest.mark.parametrize("options", [{"window": 1}, {"step": 30}, {"max_tokens": 0}, {"speed": 1}])
def test_an_option_out_of_bounds_is_refused(options):
    with pytest.raises(ScoringProblem):
        score(items([1, 2]), Sorter(), **options)
