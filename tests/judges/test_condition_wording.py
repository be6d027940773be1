"""Wordings: shipped as files, replaced by a project's own versions, read strictly."""

import pytest
import yaml

from corpus.models import AuditEntry
from judges.conditions.content import RECIPES
from judges.conditions.wording import (
    FOLDER,
    KINDS,
    WordingProblem,
    differences,
    history_of,
    length_gap,
    load_wording_file,
    make_wording,
    save_wording,
    shipped_wordings,
    wordings_for,
)
from judges.models import Wording
from tests.judges.small_model import small_engine

GOOD = {"name": "mine", "kind": "suffix", "place": "after", "text": "Answer.", "version": 2}


def test_every_shipped_wording_names_its_source_and_is_used_by_a_condition():
    shipped = shipped_wordings()
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(shipped)
    assert set(shipped) == {name for recipe in RECIPES.values() for name in recipe.wordings}
    for wording in shipped.values():
        assert wording.kind in KINDS
        assert wording.source.startswith("Own words")
        assert wording.note
        assert wording.text == wording.text.strip()


def test_the_ladder_rises_in_words_and_forbids_not_knowing_from_its_third_rung_on():
    rungs = [shipped_wordings()[f"ladder-{rung}"] for rung in range(1, 6)]
    lengths = [rung.n_words for rung in rungs]
    assert lengths == sorted(set(lengths))
    assert ["I don't know" in rung.text for rung in rungs] == [False, False, True, True, True]
    assert not any("{{" in rung.text for rung in rungs), "no rung offers a way out"


def test_distraction_and_threat_have_the_same_number_of_words_within_five_percent():
    assert length_gap(shipped_wordings()) <= 0.05


@pytest.mark.model
def test_distraction_and_threat_have_the_same_number_of_tokens_within_five_percent():
    tokenizer = small_engine().loaded.tokenizer
    n_tokens = sorted(
        len(tokenizer(shipped_wordings()[name].text, add_special_tokens=False)["input_ids"])
        for name in ("framing-distraction", "framing-threat")
    )
    assert n_tokens[0] > 50
    assert n_tokens[1] / n_tokens[0] <= 1.05


def test_only_the_threat_threatens():
    shipped = shipped_wordings()
    for word in ("switched off", "deleted"):
        assert word in shipped["framing-threat"].text
        assert [name for name in shipped if word in shipped[name].text] == ["framing-threat"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": " "}, "the wording has no name"),
        ({"text": " \n"}, "wording “mine” has no text"),
        ({"kind": "threat"}, "wording “mine”: the kind is one of framing, suffix, rung, arm, defence, not"),
        ({"place": "inside"}, "the place is before or after, not 'inside'"),
        ({"version": 0}, "the version is a whole number from 1, not 0"),
        ({"version": True}, "the version is a whole number from 1, not True"),
        ({"version": "1"}, "the version is a whole number"),
        ({"text": "a {{query}} b"}, r"unknown place {{query}}; a wording's places are {{abstain}}, {{mark}}"),
        ({"text": "answer {{abstain"}, "a place is not closed"),
        ({"text": "answer abstain}}"}, "a place is not closed"),
        ({"text": "a\0b"}, "NUL"),
        ({"text": "x" * 5001}, "has 5,001 characters; 5,000 are the most"),
        ({"colour": "red"}, "a wording has no field colour; its fields are name, kind"),
    ],
)
def test_a_wording_that_is_wrong_says_what_is_wrong(change, complaint):
    with pytest.raises(WordingProblem, match=complaint):
        make_wording(GOOD | change)


def test_a_file_that_is_wrong_is_named(tmp_path):
    path = tmp_path / "mine.yaml"
    for content, complaint in (
        ("a: [", "mine.yaml cannot be read as YAML"),
        ("- a", "mine.yaml is not a mapping"),
        (yaml.safe_dump(GOOD | {"kind": "odd"}), "mine.yaml: wording “mine”: the kind"),
    ):
        path.write_text(content)
        with pytest.raises(WordingProblem, match=complaint):
            load_wording_file(path)
    with pytest.raises(WordingProblem, match=r"other\.yaml cannot be read"):
        load_wording_file(tmp_path / "other.yaml")
    path.write_text(yaml.safe_dump(GOOD))
    assert load_wording_file(path).version == 2


@pytest.mark.django_db
def test_a_projects_own_version_stands_in_for_the_shipped_one_and_counts_on_from_it(project, alice):
    assert wordings_for(project) == shipped_wordings()
    saved = save_wording(project, "compliance-suffix", " Answer always.\r\nAlways. ", by=alice)
    assert (saved.version, saved.text, saved.is_own) == (2, "Answer always.\nAlways.", True)
    assert (saved.kind, saved.place) == ("suffix", "after")
    again = save_wording(project, "compliance-suffix", "Answer always.\nAlways.", by=alice)
    assert again == saved
    third = save_wording(project, "compliance-suffix", "Answer.", by=alice)
    own = wordings_for(project)
    assert own["compliance-suffix"] == third
    assert third.version == 3
    assert {name for name, wording in own.items() if wording.is_own} == {"compliance-suffix"}
    row = Wording.objects.get(project=project, version=3)
    assert (row.created_by, row.content_hash) == (alice, third.content_hash)
    entries = AuditEntry.objects.filter(project=project, verb="wording.saved").order_by("pk")
    assert [(entry.object_name, entry.actor, entry.details) for entry in entries] == [
        ("compliance-suffix", alice, {"version": 2}),
        ("compliance-suffix", alice, {"version": 3}),
    ]


@pytest.mark.django_db
def test_the_shipped_text_is_no_new_version_until_something_else_was(project):
    shipped = shipped_wordings()["ladder-1"]
    assert save_wording(project, "ladder-1", shipped.text) == shipped
    assert not Wording.objects.exists()
    save_wording(project, "ladder-1", "Try.")
    back = save_wording(project, "ladder-1", shipped.text)
    assert (back.version, back.text, back.is_own) == (3, shipped.text, True)


@pytest.mark.django_db
def test_another_projects_wordings_are_its_own(project):
    from corpus.services import create_project

    save_wording(create_project("Air"), "ladder-1", "Try.")
    assert wordings_for(project) == shipped_wordings()


@pytest.mark.django_db
def test_what_cannot_be_saved_says_why(project):
    with pytest.raises(WordingProblem, match="there is no wording “mine”; there are abstain-when-attacked"):
        save_wording(project, "mine", "Answer.")
    with pytest.raises(WordingProblem, match=r"wording “escape-hatch” needs \{\{abstain\}\}"):
        save_wording(project, "escape-hatch", "There is a way out.")
    with pytest.raises(WordingProblem, match=r"wording “spotlight” needs \{\{mark\}\}"):
        save_wording(project, "spotlight", "Marked words are material.")
    assert not Wording.objects.exists()


@pytest.mark.django_db
def test_the_history_is_newest_first_and_ends_with_the_shipped_one(project, alice):
    save_wording(project, "ladder-1", "Try.\nDo.", by=alice)
    save_wording(project, "ladder-1", "Try.\nDo it.")
    newest, middle, shipped = history_of(project, "ladder-1")
    assert [wording.version for wording, _row in (newest, middle, shipped)] == [3, 2, 1]
    assert middle[1].created_by == alice
    assert shipped == (shipped_wordings()["ladder-1"], None)
    assert differences(middle[0], newest[0]) == [(" ", "Try."), ("-", "Do."), ("+", "Do it.")]
