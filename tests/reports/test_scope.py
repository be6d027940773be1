import pytest

from reports.scope import ScopeRefused, reported_split, scope_of


def test_the_cut_is_the_rubrics_unless_another_is_asked_for(project):
    assert scope_of(project).cut == 2
    assert scope_of(project, cut=3).cut == 3


@pytest.mark.parametrize("cut", [0, 4, -1])
def test_a_cut_outside_the_rubric_is_refused_with_those_that_exist(project, cut):
    with pytest.raises(ScopeRefused, match=r"choose one of 1, 2, 3\."):
        scope_of(project, cut=cut)


def test_an_unknown_split_is_refused(project):
    with pytest.raises(ScopeRefused, match="choose one of tune, test"):
        scope_of(project, split="dev")


def test_all_queries_are_reported_on_until_some_are_kept_for_tuning(compared):
    project = compared.project
    assert reported_split(project, None) is None
    query = compared.items[0].query
    query.split = "tune"
    query.save()
    assert reported_split(project, None) == "test"
    assert reported_split(project, "all") is None
    assert reported_split(project, "tune") == "tune"


def test_a_key_changes_with_everything_that_figures_depend_on(project):
    scope = scope_of(project)
    keys = {scope.key(project, 1), scope.key(project, 2), scope_of(project, cut=1).key(project, 1)}
    project.reference_version += 1
    keys |= {scope.key(project, 1), scope._replace(seed=5).key(project, 1)}
    assert len(keys) == 5
    assert scope.key(project, 1) == scope.key(project, 1)
