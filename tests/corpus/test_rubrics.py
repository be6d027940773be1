"""Further scales of a project."""

import pytest
from django.core.exceptions import ValidationError

from corpus.models import Rubric
from corpus.rubrics import TEMPLATES, add_rubric, remove_rubric
from corpus.services import freeze_rubric

RUBRIC = "/p/soil/settings/rubric/"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_makes_a_scale_that_makes_sense(project, template):
    rubric = add_rubric(project, template=template)
    rubric.full_clean()
    assert not rubric.is_main
    assert project.rubric.values == [0, 1, 2, 3]


def test_names_are_made_free_and_changing_one_leaves_its_template(project):
    first = add_rubric(project, template="criteria")
    first.criteria[0]["name"] = "Changed"
    second = add_rubric(project, template="criteria")
    assert (first.name, second.name) == ("Helpfulness", "Helpfulness (2)")
    assert second.criteria[0]["name"] == "Correctness"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"criteria": []}, "at least one beside the first"),
        ({"kind": "graded"}, "at least one beside the first"),
        ({"criteria": [{"name": "Helpfulness", "meaning": "", "grades": []}]}, "two to eleven grades"),
    ],
)
def test_criteria_that_make_no_sense_are_refused(project, changed, words):
    rubric = add_rubric(project, template="criteria")
    for name, value in changed.items():
        setattr(rubric, name, value)
    with pytest.raises(ValidationError, match=words):
        rubric.full_clean()


def test_a_preference_has_its_own_grades(project):
    rubric = add_rubric(project, template="preference")
    rubric.grades = project.rubric.grades
    with pytest.raises(ValidationError, match="0 and 2"):
        rubric.full_clean()
    assert [rubric.sign(value) for value in (0, 1, 2)] == ["B", "=", "A"]


def test_the_criteria_of_a_frozen_scale_stay(project):
    rubric = add_rubric(project, template="criteria")
    freeze_rubric(rubric)
    rubric.criteria = rubric.criteria[:1]
    with pytest.raises(ValidationError, match="frozen"):
        rubric.save()


def test_only_an_unused_further_scale_is_removed(project):
    unused, used = (add_rubric(project, template=name) for name in ("yes_no", "graded"))
    freeze_rubric(used)
    assert not remove_rubric(project.rubric)
    assert not remove_rubric(used)
    assert remove_rubric(unused)
    assert [rubric.name for rubric in project.rubrics.order_by("id")] == ["Relevance", used.name]


def test_an_owner_adds_changes_and_removes_a_scale_in_the_browser(client_of, alice, project):
    client = client_of(alice)
    page = client.post(f"{RUBRIC}add/", {"template": "criteria", "rubric_name": "Quality"}, follow=True)
    rubric = Rubric.objects.get(name="Quality")
    sent = {"name": "Quality", "cut": "3"}
    for name in ("grades", "criteria"):
        sent |= {f"{name}-TOTAL_FORMS": page.context[name].total_form_count(), f"{name}-INITIAL_FORMS": 4}
        for form in page.context[name].forms:
            given = {f"{form.prefix}-{field}": form[field].value() for field in form.fields}
            sent |= {field: "" if value is None else value for field, value in given.items()}
    assert sent["criteria-0-scale"].splitlines()[0] == "0 Not at all"
    sent["grades-INITIAL_FORMS"] = 5
    sent |= {"criteria-1-name": "", "criteria-1-scale": "", "criteria-1-meaning": ""}
    sent["criteria-3-scale"] = "0 Short: fits a line\n1 Long"
    answer = client.post(f"{RUBRIC}{rubric.pk}/", sent)
    assert answer.status_code == 302, answer.context["criteria"].errors
    rubric.refresh_from_db()
    assert [scale.name for scale in rubric.scales] == ["Quality", "Correctness", "Complexity", "Verbosity"]
    assert rubric.criteria[2]["grades"] == [
        {"value": 0, "name": "Short", "meaning": "fits a line"},
        {"value": 1, "name": "Long", "meaning": ""},
    ]
    sent["criteria-3-scale"] = "none"
    page = client.post(f"{RUBRIC}{rubric.pk}/", sent).content.decode()
    assert "“none” does not begin with a number and a name." in page
    client.post(f"{RUBRIC}{rubric.pk}/remove/")
    assert not Rubric.objects.filter(name="Quality").exists()


def test_ties_are_forbidden_in_the_browser(client_of, alice, project):
    rubric = add_rubric(project, template="preference")
    client_of(alice).post(f"{RUBRIC}{rubric.pk}/", {"name": "Better", "may_abstain": "on"})
    rubric.refresh_from_db()
    assert (rubric.name, rubric.values, rubric.cut) == ("Better", [0, 2], 2)
