from reports.next_steps import Standing, next_steps

EMPTY = Standing(
    n_items=0,
    n_references=0,
    has_pairs=False,
    open_round=None,
    has_open_rounds=False,
    n_judges_here=0,
    is_judging=False,
    best_judge=None,
)
MANAGER = {"view", "label", "report", "manage"}


def urls(standing, may=MANAGER):
    return [step.url_name for step in next_steps(standing, may=may)]


def test_an_empty_project_needs_a_file_first():
    assert urls(EMPTY) == ["exchange:import-upload"]


def test_items_need_people_and_judges():
    assert urls(EMPTY._replace(n_items=10)) == ["annotate:round-create", "judges:judge-create"]


def test_a_judge_that_has_not_answered_needs_a_run():
    standing = EMPTY._replace(n_items=10, n_references=5, has_pairs=True, n_judges_here=1)
    assert urls(standing) == ["judges:run-create"]
    assert urls(standing._replace(is_judging=True)) == []


def test_one_grade_an_item_asks_for_a_second_person():
    standing = EMPTY._replace(n_items=10, n_references=5, best_judge=(3, "gpt"))
    assert urls(standing) == ["annotate:round-create", "reports:judge-agreement", "exchange:export-list"]


def test_open_rounds_come_first_and_there_are_never_more_than_three_steps():
    standing = EMPTY._replace(
        n_items=10, n_references=5, open_round=(4, "First"), has_open_rounds=True, best_judge=(3, "gpt")
    )
    assert urls(standing) == ["annotate:label-item", "reports:judge-agreement", "exchange:export-list"]
    assert len(urls(standing._replace(has_open_rounds=False))) == 3


def test_nobody_is_sent_where_they_may_not_go():
    standing = EMPTY._replace(n_items=10, n_references=5, open_round=(4, "First"), best_judge=(3, "gpt"))
    assert urls(standing, may={"view", "report"}) == ["reports:judge-agreement"]
    assert urls(standing, may={"view", "label"}) == ["annotate:label-item"]
