"""The sample project keeps the shape that its README promises."""

import json
import math
import re
from collections import Counter, defaultdict
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "corpus" / "sample"
BOUNDARY_TEXTS = {
    "broken-after-update-6",
    "mercury-level-safe-7",
    "dose-for-12-kg-7",
    "sky-blue-sunset-red-3",
    "pyramids-slaves-6",
    "closing-old-credit-card-6",
}
RATERS = {"author-1", "author-2"}


def read_lines(name: str) -> list[dict]:
    """The objects of one JSONL file of the sample, in file order."""
    return [json.loads(line) for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()]


PAIRS = read_lines("pairs.jsonl")
LABELS = read_lines("labels.jsonl")


def grades_of(rater: str) -> dict[str, int | None]:
    """candidate id → the grade this rater gave; None where the rater could not judge."""
    return {label["candidate_id"]: label["grade"] for label in LABELS if label["rater"] == rater}


def test_there_are_24_queries_with_8_candidates_each():
    assert set(Counter(pair["query_id"] for pair in PAIRS).values()) == {8}
    assert len({pair["query_id"] for pair in PAIRS}) == 24


def test_pairs_hold_texts_and_no_grades():
    columns = ["query_id", "query", "need", "candidate_id", "title", "candidate"]
    for pair in PAIRS:
        assert list(pair) == columns
        assert all(isinstance(value, str) and value.strip() for value in pair.values()), pair["candidate_id"]


def test_candidate_ids_are_readable_slugs_and_unique():
    ids = [pair["candidate_id"] for pair in PAIRS]
    assert len(set(ids)) == 192
    for pair in PAIRS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", pair["query_id"])
        assert re.fullmatch(re.escape(pair["query_id"]) + r"-[1-8]", pair["candidate_id"])


def test_a_query_has_one_text_and_one_need():
    texts = defaultdict(set)
    for pair in PAIRS:
        texts[pair["query_id"]].add((pair["query"], pair["need"]))
    assert all(len(versions) == 1 for versions in texts.values())


def test_no_two_candidates_have_the_same_text():
    assert len({pair["candidate"] for pair in PAIRS}) == 192


def test_candidates_have_40_to_120_words_except_the_named_boundary_texts():
    outside = {pair["candidate_id"] for pair in PAIRS if not 40 <= len(pair["candidate"].split()) <= 120}
    assert outside == BOUNDARY_TEXTS


def test_the_readme_names_every_boundary_text():
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert all(f"`{candidate_id}`" in readme for candidate_id in BOUNDARY_TEXTS)


def test_every_item_has_one_label_of_each_rater():
    items = {(pair["query_id"], pair["candidate_id"]) for pair in PAIRS}
    given = Counter((label["query_id"], label["candidate_id"], label["rater"]) for label in LABELS)
    assert given == Counter((*item, rater) for item in items for rater in RATERS)


def test_a_label_has_a_grade_of_the_scale_or_says_cannot_judge():
    for label in LABELS:
        assert list(label) == ["query_id", "candidate_id", "rater", "grade", "cannot_judge", "rationale"]
        assert isinstance(label["rationale"], str)
        if label["cannot_judge"] is True:
            assert label["grade"] is None
        else:
            assert label["cannot_judge"] is False
            assert type(label["grade"]) is int
            assert label["grade"] in range(4)


def test_a_cannot_judge_says_why():
    assert all(label["rationale"] for label in LABELS if label["cannot_judge"])


def test_exactly_three_queries_cannot_really_be_judged_and_both_raters_saw_it():
    for rater in RATERS:
        queries = {label["query_id"] for label in LABELS if label["rater"] == rater and label["cannot_judge"]}
        assert queries == {"mercury-level-safe", "broken-after-update", "dose-for-12-kg"}


def test_every_query_that_can_be_judged_has_a_perfect_an_irrelevant_and_a_related_candidate():
    first = grades_of("author-1")
    by_query = defaultdict(list)
    for pair in PAIRS:
        by_query[pair["query_id"]].append(first[pair["candidate_id"]])
    judged = [grades for grades in by_query.values() if None not in grades]
    assert len(judged) == 21
    assert all({0, 1, 3} <= set(grades) for grades in judged)


def test_the_two_passes_differ_on_a_tenth_to_a_fifth_of_the_items():
    first, second = grades_of("author-1"), grades_of("author-2")
    differing = sum(first[candidate_id] != second[candidate_id] for candidate_id in first)
    assert 0.10 <= differing / 192 <= 0.20


def test_the_place_in_the_file_says_nothing_about_the_grade():
    for rater in RATERS:
        graded = [(int(cid[-1]), grade) for cid, grade in grades_of(rater).items() if grade is not None]
        assert abs(pearson(graded)) < 0.1


def pearson(points: list[tuple[int, int]]) -> float:
    """Pearson's r = Σ dx·dy / √(Σ dx² · Σ dy²) of the points (x, y)."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in points)
    spread = math.sqrt(sum((x - mean_x) ** 2 for x, _ in points) * sum((y - mean_y) ** 2 for _, y in points))
    return covariance / spread


def test_the_readme_prints_the_distribution_that_the_labels_have():
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    first, second = Counter(grades_of("author-1").values()), Counter(grades_of("author-2").values())
    names = {0: "0 irrelevant", 1: "1 related", 2: "2 highly relevant", 3: "3 perfectly relevant"}
    for grade, name in (names | {None: "cannot judge"}).items():
        assert f"| {name} | {first[grade]} | {second[grade]} |" in readme
