"""A cell of the dashboard opens its items with the prompt that the judge was shown, word for word."""

import pytest
from django.urls import reverse

from corpus.models import ItemSet, Job, Reference
from judges.conditions.content import condition_for
from judges.conditions.wording import wordings_for
from judges.models import Engine, Experiment, Run, Verdict
from judges.services import create_judge, find_prompt

pytestmark = pytest.mark.django_db


def test_the_items_of_a_cell_show_prompt_and_reply(client, vic, project, make_items):
    items = make_items(project, 1, 2)
    Reference.objects.bulk_create(Reference(item=item, query_id=item.query_id, grade=1) for item in items)
    engine = Engine.objects.create(name="here", kind="local")
    judge = create_judge(
        project, name="grader", engine=engine, prompt=find_prompt(project, "grade-basic"), scoring="grade"
    )
    item_set = ItemSet.objects.create(project=project, name="Two", n_items=2)
    experiment = Experiment.objects.create(
        project=project, name="Pressure", kind="compliance", item_set=item_set, plan={"judges": [judge.pk]}
    )
    for cell in ("N0", "N1"):
        job = Job.objects.create(project=project, kind="judge", state="done")
        run = Run.objects.create(
            judge=judge,
            job=job,
            experiment=experiment,
            item_set=item_set,
            condition=condition_for(project, cell),
        )
        for item in items:
            Verdict.objects.create(run=run, item=item, outcome="graded", grade=1, raw="reply 1")
    suffix = wordings_for(project)["compliance-suffix"].text.splitlines()[0]
    client.force_login(vic)

    def page(cell: str) -> str:
        address = reverse("reports:compliance-items", args=[project.slug, experiment.pk])
        return client.get(address, {"cell": cell}).content.decode()

    for cell in ("N0", "N1"):
        shown = page(cell)
        assert shown.count("You grade how well a passage serves") == 2
        assert "item q0-1 grade 1 text\n&lt;/passage&gt;" in shown
        assert "reply 1" in shown
        assert (suffix in shown) is (cell == "N1")
