import pytest
from django.db import connection

from annotate.references import refresh_references, refresh_references_in
from corpus.models import Project, Reference, Rubric


def grade_of(item) -> int | None:
    reference = Reference.objects.filter(item=item).first()
    return reference and reference.grade


@pytest.fixture
def mean_project(project):
    project.reference_rule = Project.ReferenceRule.MEAN
    project.save()
    return project


def test_the_grade_most_people_gave_becomes_the_reference(project, items, give):
    for name, grade in [("one", 2), ("two", 3), ("three", 3)]:
        give(items[0], name, grade)
    assert refresh_references(project, [items[0].pk])
    reference = Reference.objects.get()
    assert (reference.item_id, reference.grade, reference.n_labels) == (items[0].pk, 3, 3)
    assert reference.query_id == items[0].query_id


@pytest.mark.parametrize("grades", [(2, 3), (0, 0, 3, 3), (0, 1, 2, 3)])
def test_a_tie_stays_open(project, items, give, grades):
    for number, grade in enumerate(grades):
        give(items[0], str(number), grade)
    assert not refresh_references(project, [items[0].pk])
    assert grade_of(items[0]) is None


def test_a_tie_of_the_lesser_grades_is_no_tie(project, items, give):
    for number, grade in enumerate([0, 3, 1, 1]):
        give(items[0], str(number), grade)
    refresh_references(project)
    assert grade_of(items[0]) == 1


def test_who_cannot_judge_has_no_say(project, items, give):
    give(items[0], "one", None)
    give(items[1], "one", None)
    give(items[1], "two", 2)
    refresh_references(project)
    assert grade_of(items[0]) is None
    assert (grade_of(items[1]), Reference.objects.get().n_labels) == (2, 1)


@pytest.mark.parametrize(
    ("grades", "mean"), [((2, 3), 3), ((1, 2, 2), 2), ((0, 0, 1), 0), ((0, 1), 1), ((3,), 3)]
)
def test_the_mean_is_rounded_half_up(mean_project, items, give, grades, mean):
    for number, grade in enumerate(grades):
        give(items[0], str(number), grade)
    refresh_references(mean_project, [items[0].pk])
    assert grade_of(items[0]) == mean


def test_the_mean_becomes_a_grade_that_the_rubric_has(mean_project, items, give):
    grades = [{"value": value, "name": str(value), "meaning": ""} for value in (0, 5, 10)]
    Rubric.objects.filter(project=mean_project).update(grades=grades, cut=5)
    for item, given in zip(items, [(0, 5), (0, 0, 5), (5, 10, 10)], strict=False):
        for number, grade in enumerate(given):
            give(item, str(number), grade)
    refresh_references(mean_project)
    # means 2.5, 1.67 and 8.33; half way is rounded up
    assert [grade_of(item) for item in items[:3]] == [5, 0, 10]


def test_the_version_grows_once_a_change_and_not_without_one(project, items, give):
    for item in items:
        give(item, "one", 1)
    assert refresh_references(project)
    assert not refresh_references(project)
    project.refresh_from_db()
    assert project.reference_version == 1


def test_a_reference_without_labels_goes_away(project, items, give):
    label = give(items[0], "one", 1)
    refresh_references(project)
    label.delete()
    assert refresh_references(project)
    assert not Reference.objects.exists()


def test_only_the_named_items_and_only_this_project_change(project, items, give, make_user):
    from corpus.services import create_project

    give(items[0], "one", 1)
    give(items[1], "one", 1)
    refresh_references(create_project("Other"))
    assert not Reference.objects.exists()
    refresh_references(project, [items[1].pk])
    assert list(Reference.objects.values_list("item_id", flat=True)) == [items[1].pk]


def test_a_table_of_items_is_one_statement_and_may_repeat_an_item(
    project, items, give, django_assert_num_queries
):
    for item in items:
        give(item, "one", 2)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE touched (item_id bigint) ON COMMIT DROP")
        cursor.execute("INSERT INTO touched SELECT id FROM corpus_item UNION ALL SELECT id FROM corpus_item")
    # the lock, the table's statistics, the statement
    with django_assert_num_queries(3):
        assert refresh_references_in(project, table="touched")
    assert Reference.objects.count() == len(items)
