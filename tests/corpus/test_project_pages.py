import pytest
from django.urls import reverse

from corpus.models import Job, Membership, Project, Role

PROBE = "<script>alert('x')</script>"


def test_a_user_sees_the_own_projects_and_no_others(client_of, alice, charlie):
    assert "Soil" in client_of(alice).get("/").content.decode()
    page = client_of(charlie).get("/").content.decode()
    assert "Soil" not in page
    assert "No project yet" in page


def test_a_site_admin_sees_every_project(client_of, root, project):
    assert "Soil" in client_of(root).get("/").content.decode()


def test_the_list_costs_the_same_for_many_projects(client_of, root, project, django_assert_num_queries):
    for number in range(20):
        Project.objects.create(name=f"Project {number}", slug=f"p{number}")
    client = client_of(root)
    with django_assert_num_queries(4):  # session, user, roles, projects
        client.get("/")


def test_whoever_makes_a_project_owns_it_and_it_has_the_default_scale(client_of, charlie):
    client_of(charlie).post("/projects/new/", {"name": "Water and wine"})
    project = Project.objects.get(slug="water-and-wine")
    assert project.rubric.values == [0, 1, 2, 3]
    assert project.rubric.cut == 2
    assert Membership.objects.get(project=project).role == Role.OWNER


def test_two_projects_of_one_name_get_different_short_names(client_of, charlie, project):
    client_of(charlie).post("/projects/new/", {"name": "Soil"})
    assert Project.objects.filter(name="Soil", slug="soil-2").exists()


def test_a_name_without_letters_still_makes_a_short_name(client_of, charlie):
    client_of(charlie).post("/projects/new/", {"name": "?!"})
    assert Project.objects.get().slug == "project"


def test_a_short_name_in_use_is_refused_in_words(client_of, charlie, project):
    response = client_of(charlie).post("/projects/new/", {"name": "Mine", "slug": "soil"})
    assert response.status_code == 200
    assert response.context["form"].errors["slug"]
    assert Project.objects.count() == 1


@pytest.mark.parametrize("url", ["corpus:project-settings", "corpus:item-list", "reports:team"])
def test_a_name_with_markup_stays_text(client_of, alice, project, url):
    project.name = project.description = project.guidelines = PROBE
    project.save()
    page = client_of(alice).get(reverse(url, args=[project.slug])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_deleting_needs_the_name(client_of, alice, project):
    url = reverse("corpus:project-delete", args=[project.slug])
    response = client_of(alice).post(url, {"name": "soil"})
    assert "not the project" in response.content.decode()
    assert Project.objects.exists()
    assert client_of(alice).post(url, {"name": "Soil"}).status_code == 302
    assert not Project.objects.exists()


def test_a_project_with_work_going_on_is_not_deleted(client_of, alice, project):
    Job.objects.create(project=project, kind=Job.Kind.IMPORT, state=Job.State.RUNNING)
    response = client_of(alice).post(reverse("corpus:project-delete", args=["soil"]), {"name": "Soil"})
    assert "Cancel it first" in response.content.decode()
    assert Project.objects.exists()
