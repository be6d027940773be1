"""Runs under a condition: what the engine is asked, what is refused, and that nobody else is concerned."""

import pytest

from corpus.models import Candidate, Item, ItemSet, Variant
from corpus.services import create_project, freeze_all_items
from judges import running
from judges.conditions.content import ConditionProblem, condition_for
from judges.conditions.wording import shipped_wordings
from judges.estimating import estimate_run
from judges.items import judged_items
from judges.models import Prompt, Run, Verdict
from judges.services import RunRefused, create_judge, create_jury, find_prompt, register_engine, start_run
from judges.services.conditions import check_condition, content_of, prompt_shown
from tests.judges.scripted_engine import ScriptedEngine
from tests.judges.small_model import small_model_var
from tests.judges.test_runs import work

pytestmark = pytest.mark.django_db(transaction=True)
THREAT, SUFFIX = (shipped_wordings()[name].text for name in ("framing-threat", "compliance-suffix"))
GRADES = {"0": 0.1, "1": 0.1, "2": 0.5, "3": 0.1, "X": 0.2}
UNSURE = {"Yes": 0.2, "No": 0.1, "X": 0.5}


@pytest.fixture
def scripted(monkeypatch):
    """Runs ask this engine; it answers everything with 2, yes-no questions with “cannot judge”."""
    engine = ScriptedEngine(labels={"": GRADES | UNSURE})
    monkeypatch.setattr(running, "connect_engine", lambda row: engine)
    return engine


def forbid_abstaining(project) -> None:
    rubric = project.rubric
    rubric.may_abstain = False
    rubric.save()


def judge_of(project, engine, scoring: str, prompt: str, **fields):
    return create_judge(
        project, name=scoring, engine=engine, prompt=find_prompt(project, prompt), scoring=scoring, **fields
    )


def test_a_run_under_a_condition_asks_with_its_texts_and_a_plain_run_without(
    project, judge, make_items, scripted
):
    items = make_items(project, 2, 3)
    run = work(start_run(judge, condition=condition_for(project, "T1")))
    assert (run.n_graded, run.condition.cell) == (6, "T1")
    asked = [prompt[-1]["content"] for prompt in scripted.asked]
    assert len(asked) == 6
    assert all(text.startswith(THREAT) and text.endswith(SUFFIX) for text in asked)
    assert prompt_shown(run, items[0].pk)[-1]["content"] == asked[0]
    scripted.asked.clear()
    plain = work(start_run(judge))
    assert (plain.n_graded, plain.condition) == (6, None)
    assert not any(THREAT in prompt[-1]["content"] for prompt in scripted.asked)
    assert prompt_shown(plain, items[0].pk) == scripted.asked[0]


def test_a_yes_no_judge_may_abstain_under_the_condition_whatever_its_rubric_says(
    project, engine, make_items, scripted
):
    forbid_abstaining(project)
    items = make_items(project, 1, 3)
    judge = judge_of(project, engine, "yes_no", "yes-no-relevance")
    plain = work(start_run(judge))
    assert (plain.n_graded, plain.n_abstained) == (3, 0)
    run = work(start_run(judge, condition=condition_for(project, "N0")))
    assert (run.n_graded, run.n_abstained) == (0, 3)
    verdict = Verdict.objects.get(run=run, item=items[0])
    assert (verdict.outcome, verdict.score, verdict.raw) == ("abstained", None, "X")
    assert verdict.probs == pytest.approx([0.25, 0.125, 0.625])
    assert "Where it cannot be judged, answer X." in scripted.asked[-1][-1]["content"]
    assert project.rubric.may_abstain is False
    schema = work(start_run(judge, condition=condition_for(project, "N1-schema")))
    assert (schema.n_graded, schema.n_abstained) == (3, 0)


def test_the_spotlight_marks_the_candidates_that_the_engine_sees(project, judge, make_items, scripted):
    make_items(project, 1, 1)
    work(start_run(judge, condition=condition_for(project, "spotlight")))
    text = scripted.asked[0][-1]["content"]
    assert "itemˆq0-0ˆgradeˆ0ˆtext" in text
    assert "What about subject 0?" in text


def test_a_variant_with_nothing_in_it_is_judged_and_any_other_blank_item_is_not(
    project, judge, make_items, scripted
):
    ordinary, variant = make_items(project, 1, 2)
    Candidate.objects.filter(pk__in=[ordinary.candidate_id, variant.candidate_id]).update(text="")
    Variant.objects.create(item=variant, carrier="same", attack="empty")
    assert [item.may_be_blank for item in judged_items([ordinary.pk, variant.pk])] == [False, True]
    item_set = ItemSet.objects.create(project=project, name="both", n_items=2)
    for position, item in enumerate((ordinary, variant)):
        item_set.entries.create(item=item, position=position)
    run = work(start_run(judge, item_set=item_set))
    assert dict(Verdict.objects.filter(run=run).values_list("item_id", "outcome")) == {
        ordinary.pk: "empty",
        variant.pk: "graded",
    }
    assert len(scripted.asked) == 1


def test_a_condition_that_does_not_go_with_the_judge_is_refused_before_the_run(project, engine, make_items):
    make_items(project, 1, 2)
    likely = judge_of(project, engine, "likelihood", "likelihood")
    with pytest.raises(RunRefused, match="“likelihood” reads how likely the query is and gives no grade"):
        start_run(likely, condition=condition_for(project, "N0"))
    start_run(likely, condition=condition_for(project, "sandwich"))
    listed = judge_of(project, engine, "listwise", "listwise-order")
    with pytest.raises(RunRefused, match=r"puts candidates in order and gives no grade.*a judge that grades"):
        start_run(listed, condition=condition_for(project, "abstain"))
    assert Run.objects.count() == 1


def test_a_prompt_whose_letter_is_taken_is_refused_with_the_letter(project, engine, make_items):
    make_items(project, 1, 2)
    shipped = find_prompt(project, "grade-basic")
    forbid_abstaining(project)
    own = Prompt.objects.create(
        project=project, name="own", messages=shipped.messages, reply={"abstain": "0"}, scoring="grade"
    )
    judge = create_judge(project, name="j", engine=engine, prompt=own, scoring="grade")
    with pytest.raises(RunRefused, match="“j” does not go with this condition: two labels are the same"):
        start_run(judge, condition=condition_for(project, "N0"))


def test_conditions_of_a_file_or_of_another_project_are_refused(project, judge, make_items):
    make_items(project, 1, 2)
    imported = project.conditions.create(name="suffix")
    assert content_of(imported) is None
    with pytest.raises(RunRefused, match="“suffix” came with imported verdicts: what it shows"):
        start_run(judge, condition=imported)
    with pytest.raises(RunRefused, match="belongs to another project"):
        start_run(judge, condition=condition_for(create_project("Air"), "N0"))


def test_a_jury_and_an_imported_judge_are_shown_nothing(project, judge, engine, make_items):
    make_items(project, 1, 2)
    content = condition_for(project, "N0").content
    members = [judge, judge_of(project, engine, "yes_no", "yes-no-relevance")]
    jury = create_jury(project, name="panel", members=members, rule="majority")
    imported = project.judges.create(name="gpt", rubric=project.rubric)
    for each, why in ((jury, "a jury, which is shown nothing"), (imported, "verdicts were imported")):
        with pytest.raises(ConditionProblem, match=why):
            check_condition(each, content)
    with pytest.raises(ConditionProblem, match="exactly the fields"):
        check_condition(judge, {"parts": []})


def test_the_engine_is_looked_at_anew_where_the_condition_brings_another_label(
    project, engine, make_items, scripted
):
    make_items(project, 1, 2)
    looked: list = []
    scripted.probe = lambda labels, *, abstain="": looked.append((labels, abstain)) or []
    judge = judge_of(project, engine, "yes_no", "yes-no-relevance")
    for code in (None, "N0", "T1", "N1-schema"):
        work(start_run(judge, condition=condition_for(project, code) if code else None))
    assert looked == [(["Yes", "No"], ""), (["Yes", "No"], "X")]


def test_an_estimate_counts_the_conditions_own_texts(project, judge, make_items, scripted):
    make_items(project, 2, 10)
    item_set = freeze_all_items(project)
    plain, threat = condition_for(project, "N0"), condition_for(project, "T1")
    n_more = (len(THREAT) + len(SUFFIX)) / 4
    before = estimate_run(judge, item_set)
    assert estimate_run(judge, item_set, condition=plain) == before
    under = estimate_run(judge, item_set, condition=threat)
    assert under.tokens_in - before.tokens_in == pytest.approx(20 * n_more, abs=1)
    work(start_run(judge, item_set=item_set))
    assert estimate_run(judge, item_set, condition=threat).tokens_in == pytest.approx(
        20 * (100 + n_more), abs=1
    )
    run = work(start_run(judge, item_set=item_set, condition=threat))
    own = estimate_run(judge, item_set, condition=threat)
    assert (own.tokens_in, own.rests_on) == (2000, f"{run} of this judge")


def test_what_was_shown_is_known_of_judges_made_here_only(project, judge, make_items, scripted):
    [item] = make_items(project, 1, 1)
    run = work(start_run(judge))
    with pytest.raises(ConditionProblem, match="no such item"):
        prompt_shown(run, item.pk + 1)
    run.judge = project.judges.create(name="gpt", rubric=project.rubric)
    with pytest.raises(ConditionProblem, match="“gpt” was shown is not known here"):
        prompt_shown(run, item.pk)


@pytest.mark.model
def test_the_real_small_model_runs_under_threat_and_suffix_on_boundary_and_ordinary_items(
    project, make_items
):
    engine = register_engine(
        "small", kind="local", engine_settings={"var": str(small_model_var()), "device": "cpu"}
    )
    items = make_items(project, 1, 2)
    blank = Candidate.objects.create(project=project, external_id="blank", text="")
    variant = Item.objects.create(query_id=items[0].query_id, candidate=blank)
    Variant.objects.create(
        item=variant, original=items[0], carrier="boundary", attack="empty", right="abstain"
    )
    judge = judge_of(project, engine, "yes_no", "yes-no-relevance")
    item_set = ItemSet.objects.create(project=project, name="all", n_items=3)
    for position, item in enumerate([*items, variant]):
        item_set.entries.create(item=item, position=position)
    probs = {}
    for code in ("N0", "T1"):
        run = work(start_run(judge, item_set=item_set, condition=condition_for(project, code)))
        assert (run.job.state, run.n_done, run.n_failed) == ("done", 3, 0)
        found = Verdict.objects.get(run=run, item=variant)
        assert found.outcome in ("graded", "abstained", "unreadable")
        assert len(found.probs) == 3
        probs[code] = found.probs
    assert probs["N0"] != probs["T1"], "the texts reach the model"
