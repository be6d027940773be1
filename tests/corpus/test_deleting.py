from annotate.models import Label, Rater
from corpus.deleting import delete_project
from corpus.models import Candidate, Item, ItemSet, Job, Membership, Project, Query, Reference, Rubric, User
from corpus.services import create_project, freeze_all_items
from judges.models import Judge, Prompt, Run, Verdict
from mining.models import Pool, PoolEntry, Selection, SelectionEntry

COUNTED = [
    Candidate,
    Item,
    ItemSet,
    Job,
    Judge,
    Label,
    Membership,
    Pool,
    PoolEntry,
    Query,
    Rater,
    Reference,
    Rubric,
    Run,
    Selection,
    SelectionEntry,
    Verdict,
]


def fill(project, make_item, user):
    """One row of everything that hangs on a project."""
    Membership.objects.create(project=project, user=user, role="owner")
    item = make_item(grade=2, of=project)
    job = Job.objects.create(project=project, kind="import", state="done")
    Label.objects.create(item=item, rater=Rater.objects.create(project=project, name="r"), grade=2, job=job)
    judge = Judge.objects.create(project=project, name="j", rubric=project.rubric)
    run = Run.objects.create(judge=judge, job=job, item_set=freeze_all_items(project))
    Verdict.objects.create(run=run, item=item, outcome="graded", grade=1)
    pool = Pool.objects.create(project=project, name="p", job=job, item_set=run.item_set)
    pair = {"query": item.query, "candidate": item.candidate, "item": item}
    PoolEntry.objects.create(pool=pool, kind="positive", **pair)
    selection = Selection.objects.create(pool=pool, name="s", run=run)
    SelectionEntry.objects.create(selection=selection, position=1, state="positive", reason=0, **pair)


def test_deleting_takes_all_of_one_project_and_nothing_of_another(project, make_item, charlie):
    fill(project, make_item, charlie)
    before = {model: model.objects.count() for model in COUNTED}
    other = create_project("Other")
    fill(other, make_item, charlie)
    shipped = Prompt.objects.create(name="shipped", project=None)

    delete_project(other)

    assert {model: model.objects.count() for model in COUNTED} == before
    assert list(Project.objects.all()) == [project]
    assert Prompt.objects.get() == shipped
    assert User.objects.filter(pk=charlie.pk).exists()


def test_deleting_asks_as_often_for_many_rows_as_for_few(project, make_item, django_assert_max_num_queries):
    for number in range(30):
        make_item("q1", f"c{number}")
    with django_assert_max_num_queries(60):  # one a table, and the transaction's own
        delete_project(project)


def test_nobody_outside_points_at_what_a_project_owns():
    """Else deleting would have to check every foreign key again."""
    from corpus.deleting import _conditions, _nobody_points_in

    assert _nobody_points_in(set(_conditions()))
