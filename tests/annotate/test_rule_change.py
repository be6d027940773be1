from annotate.references import refresh_references
from corpus.models import Project, Reference
from corpus.services import save_project


def test_a_new_rule_applies_to_the_labels_that_are_there(project, items, give):
    for name, grade in [("one", 0), ("two", 3)]:
        give(items[0], name, grade)
    refresh_references(project)
    assert not Reference.objects.exists()  # a tie stays open
    project.reference_rule = Project.ReferenceRule.MEAN
    save_project(project, changed=["reference_rule"])
    assert Reference.objects.get().grade == 2  # 1.5, rounded half up
