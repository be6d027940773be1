from annotate.models import Label, Rater
from corpus.models import Reference
from corpus.services import freeze_rubric

SETTINGS = "/p/soil/settings/"
RUBRIC = "/p/soil/settings/rubric/"


def settings_of(project, **changed) -> dict:
    return {"name": project.name, "reference_rule": project.reference_rule} | changed


def grades(*rows) -> dict:
    """The form of a rubric with these (value, name) rows."""
    sent = {"name": "Relevance", "cut": "1", "grades-TOTAL_FORMS": len(rows), "grades-INITIAL_FORMS": "0"}
    sent |= {"criteria-TOTAL_FORMS": "0", "criteria-INITIAL_FORMS": "0"}
    for number, (value, name) in enumerate(rows):
        sent |= {f"grades-{number}-value": value, f"grades-{number}-name": name}
    return sent


def test_settings_are_saved(client_of, alice, project):
    client_of(alice).post(SETTINGS, settings_of(project, guidelines="Read it all.", name="Earth"))
    project.refresh_from_db()
    assert (project.name, project.guidelines) == ("Earth", "Read it all.")


def test_a_refused_change_leaves_the_frame_as_it_was(client_of, alice, project):
    page = client_of(alice).post(SETTINGS, settings_of(project, name="")).content.decode()
    assert "<title>Settings · Soil · Concord</title>" in page


def test_a_new_reference_rule_makes_the_references_again(client_of, alice, project, make_item):
    item = make_item()
    for name, grade in (("a", 1), ("b", 2)):
        Label.objects.create(item=item, rater=Rater.objects.create(project=project, name=name), grade=grade)
    client_of(alice).post(SETTINGS, settings_of(project, reference_rule="mean"))
    assert Reference.objects.get(item=item).grade == 2  # (1 + 2) / 2 = 1.5, rounded half up
    client_of(alice).post(SETTINGS, settings_of(project, reference_rule="majority"))
    assert not Reference.objects.exists()  # one to one: open


def test_a_scale_is_changed_and_its_empty_rows_left_out(client_of, alice, project):
    response = client_of(alice).post(RUBRIC, grades(("1", "Yes"), ("0", "No"), ("", "")))
    assert response.status_code == 302, response.context["form"].errors
    assert [(each["value"], each["name"]) for each in project.rubric.grades] == [(0, "No"), (1, "Yes")]


def test_a_scale_that_makes_no_sense_is_refused_in_words(client_of, alice, project):
    for rows in [[("1", "Only one")], [("1", "Same"), ("1", "value")], [("0", ""), ("1", "Yes")]]:
        response = client_of(alice).post(RUBRIC, grades(*rows))
        assert response.status_code == 200
        assert 'class="errorlist' in response.content.decode()
        assert project.rubric.values == [0, 1, 2, 3]


def test_a_scale_in_use_is_shown_and_not_changed(client_of, alice, project):
    freeze_rubric(project.rubric)
    page = client_of(alice).get(RUBRIC).content.decode()
    assert "frozen" in page
    assert "<textarea" not in page
    client_of(alice).post(RUBRIC, grades(("0", "No"), ("1", "Yes")))
    assert project.rubric.values == [0, 1, 2, 3]


def test_a_grade_is_taken_out_by_emptying_its_row(client_of, alice, project):
    client = client_of(alice)
    sent = {"name": "Relevance", "cut": "1", "may_abstain": "on"}
    for form in client.get(RUBRIC).context["grades"].forms:
        sent |= {f"{form.prefix}-{name}": form[name].value() or "" for name in form.fields}
    sent |= {"grades-TOTAL_FORMS": "6", "grades-INITIAL_FORMS": "4"}
    sent |= {"criteria-TOTAL_FORMS": "0", "criteria-INITIAL_FORMS": "0"}
    sent |= {"grades-3-value": "", "grades-3-name": "", "grades-0-value": "0"}
    assert client.post(RUBRIC, sent).status_code == 302
    assert project.rubric.values == [0, 1, 2]
