import re

from django.urls import reverse

from corpus.services import create_project

URL = "/p/soil/items/"


def ids(response) -> list[str]:
    return [item.candidate.external_id for item in response.context["page"].rows]


def test_an_empty_project_says_what_belongs_here(client_of, alice):
    assert "No items yet" in client_of(alice).get(URL).content.decode()


def test_pages_go_forward_and_back_through_every_item_once(client_of, alice, make_item):
    wanted = []
    for query in range(6):
        for candidate in range(20):
            make_item(f"q{query}", f"c{query}-{candidate:02}")
            wanted.append(f"c{query}-{candidate:02}")
    client = client_of(alice)
    first = client.get(URL)
    second = client.get(URL, {"after": first.context["page"].after})
    third = client.get(URL, {"after": second.context["page"].after})
    assert ids(first) + ids(second) + ids(third) == wanted
    assert first.context["page"].before is None
    assert third.context["page"].after is None
    back = client.get(URL, {"before": third.context["page"].before})
    assert ids(back) == ids(second)
    assert ids(client.get(URL, {"before": back.context["page"].before})) == ids(first)


def test_a_page_number_that_makes_no_sense_shows_the_first_page(client_of, alice, make_item):
    make_item()
    for nonsense in ("x", "-1", "99999999999999999999999", "٣", "0"):
        assert ids(client_of(alice).get(URL, {"after": nonsense})) == ["c1"]


def test_another_projects_item_is_no_place_to_continue_from(client_of, alice, make_item):
    make_item()
    foreign = make_item("zz", "zz", of=create_project("Other"))
    assert ids(client_of(alice).get(URL, {"after": foreign.pk})) == ["c1"]


def test_the_search_finds_words_of_a_query_and_exact_ids(client_of, alice, make_item):
    make_item("q1", "c1", query="What slows carbon loss?")
    make_item("q2", "c2", query="100% wool_blend")
    client = client_of(alice)
    assert ids(client.get(URL, {"q": "CARBON"})) == ["c1"]
    assert ids(client.get(URL, {"q": "q2"})) == ["c2"]
    assert ids(client.get(URL, {"q": "0% wool_"})) == ["c2"]
    assert ids(client.get(URL, {"q": "%"})) == ["c2"]
    assert "Nothing found" in client.get(URL, {"q": "basalt"}).content.decode()


def test_items_are_filtered_by_whether_they_have_a_reference(client_of, vic, make_item):
    make_item("q1", "with", grade=2)
    make_item("q1", "without")
    client = client_of(vic)
    assert ids(client.get(URL, {"reference": "yes"})) == ["with"]
    assert ids(client.get(URL, {"reference": "no"})) == ["without"]
    assert len(ids(client.get(URL, {"reference": "perhaps"}))) == 2


def test_an_annotator_sees_no_grades_and_cannot_filter_by_them(client_of, ann, vic, make_item):
    make_item("q1", "with", grade=3)
    make_item("q1", "without")
    assert 'class="grade ramp-10"' in client_of(vic).get(URL).content.decode()
    page = client_of(ann).get(URL, {"reference": "yes"})
    assert len(ids(page)) == 2
    assert "ramp-" not in page.content.decode()
    assert "Reference" not in page.content.decode()


def test_a_page_of_fifty_costs_as_many_queries_as_a_page_of_one(
    client_of, alice, make_item, django_assert_num_queries
):
    for number in range(60):
        make_item("q1", f"c{number}", grade=number % 4)
    client = client_of(alice)
    with django_assert_num_queries(8):  # session, user, project, role, variants, count, items, rubric
        client.get(URL)


def test_imported_text_is_shown_as_text_in_its_own_direction(client_of, alice, make_item):
    make_item(query="<img src=x onerror=alert(1)>", candidate="</td><script>alert(2)</script>" + "ش" * 999)
    page = client_of(alice).get(URL).content.decode()
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert re.search(r'<span dir="auto">\s*&lt;img', page)
    assert "ش" * 301 not in page


def test_a_query_and_a_candidate_known_by_id_alone_say_so(client_of, alice, make_item):
    make_item(query="", candidate="")
    assert (
        client_of(alice).get(reverse("corpus:item-list", args=["soil"])).content.decode().count("not known")
        == 2
    )
