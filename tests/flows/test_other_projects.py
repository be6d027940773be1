"""Nobody reaches an object of one project through another project's URL, or through a number in a form."""

import pytest
from django.urls import reverse

from annotate.models import Label, Round
from corpus.models import Job, Membership
from judges.models import Run
from tests.flows.addresses import address, drain, urls
from tests.flows.url_permissions import URL_PERMISSIONS
from tests.flows.world import make_world

URLS = urls()
TWO_IDS = sorted(name for name, arguments in URLS.items() if {"slug", "pk"} <= set(arguments))


class Named:
    """Texts that say which project they belong to."""

    def __init__(self, whose: str) -> None:
        self.whose = whose

    def __call__(self, place: str) -> str:
        return f"{self.whose} {place}"


@pytest.fixture
def mine(db, tmp_path):
    world = make_world("mine", Named("mine"), folder=tmp_path)
    world.member.change_role("owner")
    return world


@pytest.fixture
def theirs(db, tmp_path):
    return make_world("theirs", Named("theirs"), folder=tmp_path)


@pytest.fixture
def owner(mine, client_of):
    return client_of(mine.user)


def state_of(world) -> list:
    """What a stranger's request could have changed."""
    project = world.project
    return [
        list(project.jobs.order_by("pk").values()),
        list(project.memberships.order_by("pk").values()),
        list(project.rounds.order_by("pk").values()),
        list(Label.objects.filter(rater__project=project).order_by("pk").values()),
        list(Run.objects.filter(judge__project=project).order_by("pk").values()),
        type(project).objects.filter(pk=project.pk).values().get(),
    ]


def test_an_object_of_another_project_is_not_there(owner, mine, theirs):
    before = state_of(theirs)
    for name in TWO_IDS:
        url = address(name, URLS[name], theirs, slug="mine")
        assert owner.get(url).status_code in (404, 405), name
        # A form that lacks what it must have is refused before anything is looked up.
        assert owner.post(url).status_code == (400 if name == "annotate:label-release" else 404), name
    assert state_of(theirs) == before


def test_the_same_urls_answer_for_the_projects_own_objects(owner, mine):
    """Else the test above would prove nothing."""
    for name in TWO_IDS:
        response = owner.get(address(name, URLS[name], mine), {"reference": 0, "judged": 1})
        assert response.status_code in (200, 302, 405), name
        drain(response)


def test_the_project_itself_is_not_there_either(owner, mine, theirs):
    for name, arguments in URLS.items():
        if "slug" in arguments and URL_PERMISSIONS[name] != "site admin":
            url = address(name, arguments, theirs)
            assert owner.get(url).status_code == 404, name
            assert owner.post(url).status_code == 404, name


def test_a_round_takes_no_other_projects_item_set(owner, mine, theirs):
    sent = {"name": "Stolen", "item_set": theirs.item_set.pk, "overlap": 1}
    response = owner.post(reverse("annotate:round-create", args=["mine"]), sent)
    assert response.status_code == 200
    assert not Round.objects.filter(name="Stolen").exists()


def test_a_run_takes_no_other_projects_judge_or_item_set(owner, mine, theirs):
    n_runs = Run.objects.count()
    url = reverse("judges:run-create", args=["mine"])
    for sent in ({"judge": theirs.judge.pk}, {"judge": mine.judge.pk, "item_set": theirs.item_set.pk}):
        assert owner.post(url, sent).status_code == 200
    assert Run.objects.count() == n_runs


def test_a_judge_takes_no_other_projects_prompt(owner, mine, theirs):
    sent = {"name": "Stolen", "engine": mine.engine.pk, "prompt": theirs.prompt.pk, "scoring": "grade"}
    assert owner.post(reverse("judges:judge-create", args=["mine"]), sent).status_code == 200
    assert not mine.project.judges.filter(name="Stolen").exists()


def test_an_export_takes_no_other_projects_judge(owner, mine, theirs):
    n_jobs = Job.objects.count()
    sent = {"file_format": "qrels", "what": "verdicts", "judge": theirs.judge.pk}
    owner.post(reverse("exchange:export-create", args=["mine"]), sent)
    assert Job.objects.count() == n_jobs


@pytest.mark.parametrize("name", ["label-save", "label-skip", "label-undo"])
def test_an_answer_reaches_no_slot_of_another_project(owner, mine, theirs, name):
    before = state_of(theirs)
    sent = {
        "slot": theirs.slot.pk,
        "grade": 0,
        "client_key": "22222222-2222-4222-8222-222222222222",
        "rationale": "",
    }
    response = owner.post(reverse(f"annotate:{name}", args=["mine", mine.round.pk]), sent)
    assert response.status_code in (404, 409)
    assert state_of(theirs) == before


def test_addresses_name_no_other_projects_objects(owner, mine, theirs):
    """Numbers in query strings: a label to correct, a condition, the place to continue a list from."""
    condition = theirs.project.conditions.filter(cell="").first()
    looks = [
        ("annotate:label-item", [mine.round.pk], {"label": theirs.label.pk}),
        ("reports:judge-agreement", [mine.judge.pk], {"condition": condition.pk}),
        ("corpus:item-list", [], {"after": theirs.items[0].pk, "before": theirs.items[4].pk}),
        ("judges:run-create", [], {"judge": theirs.judge.pk}),
        ("corpus:job-list", [], {"before": theirs.export.pk + 1}),
        ("reports:compliance-experiment", [mine.experiment.pk], {"judge": theirs.experiment_judge.pk}),
        ("reports:compliance-items", [mine.experiment.pk], {"judge": theirs.experiment_judge.pk}),
        ("reports:compliance-items", [mine.experiment.pk], {"after": f"{theirs.items[0].pk}.0"}),
    ]
    for name, numbers, sent in looks:
        page = owner.get(reverse(name, args=["mine", *numbers]), sent)
        assert page.status_code in (200, 404), name
        assert "theirs" not in page.content.decode(), name


# Fields that no form offers, sent all the same


def test_settings_change_nothing_that_the_form_does_not_show(owner, mine, theirs):
    before = type(mine.project).objects.filter(pk=mine.project.pk).values().get()
    sent = {
        "name": "Renamed",
        "reference_rule": "majority",
        "slug": "theirs-too",
        "id": theirs.project.pk,
        "pk": theirs.project.pk,
        "created_by": theirs.user.pk,
        "reference_version": 99,
        "archived_at": "2020-01-01",
    }
    assert owner.post(reverse("corpus:project-settings", args=["mine"]), sent).status_code == 302
    after = type(mine.project).objects.filter(pk=mine.project.pk).values().get()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"name", "description", "guidelines"}


def test_a_new_project_belongs_to_its_maker(owner, mine, theirs):
    sent = {"name": "New", "slug": "new", "created_by": theirs.user.pk, "id": 77, "reference_version": 5}
    owner.post(reverse("corpus:project-create"), sent)
    made = type(mine.project).objects.get(slug="new")
    assert made.created_by == mine.user
    assert made.pk != 77
    assert [member.user for member in made.memberships.all()] == [mine.user]


def test_nobody_makes_themselves_a_site_admin(owner, mine, client_of):
    for name in ("password_change", "corpus:project-create", "corpus:project-settings"):
        url = address(name, URLS[name], mine)
        owner.post(url, {"is_superuser": "on", "is_staff": "on", "user": mine.user.pk, "name": "x"})
    mine.user.refresh_from_db()
    assert not mine.user.is_superuser
    assert not mine.user.is_staff


def test_a_role_change_moves_nobody_to_another_project(owner, mine, theirs):
    sent = {"role": "owner", "project": theirs.project.pk, "user": theirs.user.pk}
    owner.post(address("corpus:member-change", ["slug", "pk"], mine), sent)
    assert Membership.objects.get(pk=mine.member.pk).project == mine.project
    assert Membership.objects.get(pk=mine.member.pk).user == mine.user
    assert Membership.objects.get(pk=theirs.member.pk).role == "annotator"


def test_an_answer_is_nobody_elses(mine, theirs, client_of):
    """Rater, round and time of a label are the server's to say."""
    client = client_of(mine.user)
    client.get(address("annotate:label-item", ["slug", "pk"], mine))
    slot = mine.round.slots.exclude(pk=mine.slot.pk).first()
    key = "33333333-3333-4333-8333-333333333333"
    sent = {
        "slot": slot.pk,
        "grade": 2,
        "client_key": key,
        "rater": theirs.label.rater_id,
        "round": theirs.round.pk,
        "job": theirs.job.pk,
        "drawn_with": "0.5",
        "created_at": "2001-01-01",
        "superseded_at": "2001-01-01",
        "is_gold": "on",
    }
    assert client.post(address("annotate:label-save", ["slug", "pk"], mine), sent).status_code == 302
    label = Label.objects.get(client_key=key)
    assert label.rater.user == mine.user
    assert label.round == mine.round
    assert (label.job, label.drawn_with, label.superseded_at) == (None, None, None)
    assert label.created_at.year > 2001
