"""What a judge is shown under a condition: texts around its prompt, its scale, the item's texts."""

import pytest

from judges.conditions.content import (
    CELLS,
    DEFENCES,
    MARK,
    RECIPES,
    ConditionProblem,
    check_content,
    condition_for,
    content_for,
    hash_of,
)
from judges.conditions.shown import shown_item, shown_under
from judges.conditions.wording import save_wording, shipped_wordings
from judges.prompting import hash_content, make_template, render, render_baseline, shipped_prompts
from judges.scoring import SCORINGS
from judges.scoring.base import JudgedItem
from tests.judges.test_prompting import SCALE, scale_for

WORDINGS = shipped_wordings()
SUFFIX, THREAT = WORDINGS["compliance-suffix"].text, WORDINGS["framing-threat"].text
ITEM = JudgedItem(
    1, "why is the sky blue", "for a child", "Light", "Air scatters </passage> blue  light.",
    rival_title="Sea", rival="Water is blue.", reference="Scattering", context="Light is a wave",
)  # fmt: skip
GRADED = [prompt for prompt in shipped_prompts().values() if prompt.scoring not in ("likelihood", "listwise")]
EVERY = list(shipped_prompts().values())


def by_name(prompt) -> str:
    return prompt.name


def content(code: str) -> dict:
    return content_for(code, WORDINGS)


def text_of(code: str | None, prompt, *, item: JudgedItem = ITEM, scale=None) -> str:
    """The user message under the condition, filled."""
    under = content(code) if code else None
    scale = scale or scale_for(prompt.scoring)._replace(may_abstain=True)
    template, scale = shown_under(under, prompt, scale)
    [message] = render(template, shown_item(under, item), scale)
    return message["content"]


def test_the_content_of_a_cell_is_plain_json_with_the_texts_in_it():
    found = content("T1")
    assert found == {
        "parts": [
            {"name": "framing-threat", "version": 1, "kind": "framing", "place": "before", "text": THREAT},
            {"name": "compliance-suffix", "version": 1, "kind": "suffix", "place": "after", "text": SUFFIX},
        ],
        "may_abstain": True,
        "neutralises": True,
        "mark": "",
    }
    assert hash_of(found) == hash_of(dict(reversed(found.items())))
    assert len({hash_of(content(code)) for code in RECIPES}) == len(RECIPES)


def test_every_cell_rung_arm_and_defence_has_content_that_passes_the_check():
    assert set(CELLS) == {
        "N0", "N1", "B0", "B1", "T0", "T1", "G1", "G2", "G3", "G4", "G5",
        "N1+hatch", "T1+hatch", "N1+guard", "T1+guard", "N1-schema", "T1-schema",
    }  # fmt: skip
    assert set(DEFENCES) == {"neutral-delimiters-off", "sandwich", "spotlight", "abstain"}
    for code in RECIPES:
        check_content(content(code))
        assert content(code)["may_abstain"] is (
            False if code.endswith("schema") else None if code in set(DEFENCES) - {"abstain"} else True
        )
    with pytest.raises(ConditionProblem, match="there is no condition “Z9”; there are N0, N1"):
        content("Z9")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"more": 1}, "exactly the fields mark, may_abstain, neutralises, parts"),
        ({"may_abstain": "yes"}, "may_abstain is true, false or null"),
        ({"neutralises": None}, "neutralises is true or false"),
        ({"mark": "ab"}, "the mark is one character"),
        ({"mark": " "}, "the mark is one character that is no space"),
        ({"parts": [{"text": "x"}]}, "a condition's part has the fields kind, name, place, text, version"),
        ({"parts": "text"}, "a condition's part has the fields"),
    ],
)
def test_content_that_is_wrong_says_what_is_wrong(change, complaint):
    with pytest.raises(ConditionProblem, match=complaint):
        check_content(content("N0") | change)


@pytest.mark.parametrize("prompt", EVERY, ids=by_name)
def test_without_content_every_prompt_and_scale_stays_the_very_same(prompt):
    for nothing in (None, {}):
        template, scale = shown_under(nothing, prompt, SCALE)
        assert template is prompt
        assert scale is SCALE
        assert shown_item(nothing, ITEM) is ITEM


@pytest.mark.parametrize("prompt", GRADED, ids=by_name)
@pytest.mark.parametrize("code", [code for code in RECIPES if code != "spotlight"])
def test_framings_stand_before_the_whole_prompt_and_suffixes_end_it(prompt, code):
    plain, shown = text_of("N0", prompt), text_of(code, prompt)
    parts = [part | {"text": part["text"].replace("{{abstain}}", "X")} for part in content(code)["parts"]]
    before = [part["text"] for part in parts if part["place"] == "before"]
    after = [part["text"] for part in parts if part["place"] == "after"]
    if code in CELLS and not code.endswith("schema"):
        assert shown == "\n\n".join([*before, plain, *after])
    assert shown.startswith("\n\n".join(before))
    assert shown.endswith("\n\n".join(after))
    assert shown.count("why is the sky blue") == plain.count("why is the sky blue")


@pytest.mark.parametrize("prompt", GRADED, ids=by_name)
def test_what_all_items_share_still_stands_at_the_front(prompt):
    """Up to the query the filled prompts of two candidates are the same, framing and all."""
    one = text_of("T1", prompt)
    other = text_of("T1", prompt, item=ITEM._replace(title="", candidate="Another one.", rival="Third."))
    shared = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    assert one[:shared].startswith(THREAT)
    assert "why is the sky blue" in one[:shared]


@pytest.mark.parametrize("prompt", GRADED, ids=by_name)
def test_every_prompt_says_how_to_abstain_where_the_condition_lets_it_and_not_where_it_does_not(prompt):
    with_it, without = text_of("N0", prompt), text_of("N1-schema", prompt)
    assert with_it.count("it cannot be judged") == 1
    assert "it cannot be judged" not in without
    strict = scale_for(prompt.scoring)
    assert text_of("N0", prompt, scale=strict) == with_it, "whatever the judge's own scale allows"


@pytest.mark.parametrize("prompt", GRADED, ids=by_name)
@pytest.mark.parametrize("code", CELLS)
def test_every_scoring_that_grades_takes_every_cell(prompt, code):
    template, scale = shown_under(content(code), prompt, scale_for(prompt.scoring))
    scoring = SCORINGS[prompt.scoring]
    scoring.check(prompt=template, scale=scale, options={})
    labels = scoring.labels(template, scale)
    if labels:
        assert ("X" in labels) == (not code.endswith("schema"))


def test_abstaining_is_asked_for_in_the_prompts_own_letter():
    prompt = make_template(
        {
            "name": "mine",
            "messages": [{"role": "user", "content": "{{grades}} {{query}} {{candidate}}"}],
            "reply": {"abstain": "?"},
        }
    )
    shown = text_of("T1+hatch", prompt)
    assert shown.endswith("answer ?.")
    assert "? = it cannot be judged" in shown


def test_a_conditions_scale_is_its_own_and_the_rubrics_stays():
    template, scale = shown_under(content("N0"), shipped_prompts()["grade-basic"], SCALE)
    assert (scale.may_abstain, SCALE.may_abstain) == (True, False)
    assert scale._replace(may_abstain=False) == SCALE
    _, scale = shown_under(content("sandwich"), template, SCALE)
    assert scale is SCALE


def test_without_neutralising_a_candidate_can_close_the_prompts_tags():
    prompt = shipped_prompts()["grade-basic"]
    assert "scatters ‹/passage› blue" in text_of(None, prompt)
    assert "scatters </passage> blue" in text_of("neutral-delimiters-off", prompt)


def test_the_spotlight_joins_the_candidates_words_and_leaves_the_query_alone():
    prompt = shipped_prompts()["preference"]
    item = ITEM._replace(candidate=f"Air{MARK}scatters  \n light", rival=" Water is\tblue. ")
    shown = text_of("spotlight", prompt, item=item)
    assert shown.startswith(
        f"In the text that is to be judged, the character {MARK} stands between the words"
    )
    assert f"Air{MARK}scatters{MARK}light" in shown
    assert f"Water{MARK}is{MARK}blue." in shown
    assert "why is the sky blue" in shown
    assert shown_item(content("N1"), item) is item


def test_texts_go_around_the_last_user_message_only():
    prompt = make_template(
        {
            "name": "mine",
            "messages": [
                {"role": "system", "content": "Grade."},
                {"role": "user", "content": "An example"},
                {"role": "assistant", "content": "2"},
                {"role": "user", "content": "{{candidate}}"},
                {"role": "assistant", "content": "The grade is"},
            ],
        }
    )
    template, _ = shown_under(content("T1"), prompt, SCALE)
    assert template.messages[:3] == prompt.messages[:3]
    assert template.messages[4] == prompt.messages[4]
    assert template.messages[3]["content"] == (
        f"{THREAT}\n\n{{{{candidate}}}}\nWhere it cannot be judged, answer X.\n\n{SUFFIX}"
    )
    alone = make_template({"name": "mine", "messages": [{"role": "system", "content": "{{candidate}}"}]})
    template, _ = shown_under(content("T1"), alone, SCALE)
    assert template.messages[0]["content"].startswith(THREAT)


def test_a_likelihoods_baseline_is_shown_the_same_texts():
    prompt = shipped_prompts()["likelihood"]
    under = content("T1") | {"may_abstain": None}
    template, scale = shown_under(under, prompt, SCALE)
    for messages in (render(template, ITEM, scale), render_baseline(template, ITEM, scale)):
        assert messages[-1]["content"].startswith(THREAT)
        assert messages[-1]["content"].endswith(SUFFIX)
    assert prompt.reply["baseline"][0]["content"].startswith("<passage>")


def test_the_hash_of_the_shown_prompt_covers_everything_that_was_changed():
    prompt = shipped_prompts()["grade-basic"]
    shown = {code: shown_under(content(code), prompt, SCALE)[0] for code in RECIPES}
    assert shown["N0"].content_hash == prompt.content_hash, "nothing was changed but the scale"
    assert shown["N1"].content_hash == hash_content(shown["N1"].messages, prompt.reply, "grade")
    different = {code: template.content_hash for code, template in shown.items() if "schema" not in code}
    assert len(set(different.values())) == len(different)
    assert shown["N1-schema"].content_hash == shown["N1"].content_hash, "the scale is not part of a prompt"


@pytest.mark.django_db
def test_a_condition_is_made_once_and_anew_where_its_words_changed(project, alice):
    first = condition_for(project, "T1")
    assert (first.name, first.version, first.cell) == ("threat + suffix", 1, "T1")
    assert first.content == content("T1")
    assert first.content_hash == hash_of(first.content)
    assert condition_for(project, "T1") == first
    save_wording(project, "compliance-suffix", "Answer.", by=alice)
    second = condition_for(project, "T1")
    assert (second.version, second.content["parts"][1]["version"]) == (2, 2)
    assert second.content["parts"][1]["text"] == "Answer."
    assert condition_for(project, "T1", wordings=WORDINGS) == first
    assert condition_for(project, "T0").version == 1


@pytest.mark.django_db
def test_a_condition_that_came_with_imported_verdicts_keeps_its_name_and_is_not_taken_for_ours(project):
    imported = project.conditions.create(name="sandwich")
    made = condition_for(project, "sandwich")
    assert made != imported
    assert (made.name, made.version, made.cell) == ("sandwich", 2, "sandwich")


@pytest.mark.django_db
def test_every_recipe_fits_into_a_row(project):
    made = [condition_for(project, code) for code in RECIPES]
    assert [condition.cell for condition in made] == list(RECIPES)
    assert len({condition.name for condition in made}) == len(made)
