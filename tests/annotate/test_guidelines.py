from uuid import uuid4

import pytest
from django.urls import reverse

from annotate.models import Guidelines, Label
from annotate.templatetags.labelling import markdown


def test_a_changed_text_is_the_next_version(project):
    assert Guidelines.objects.current(project) is None
    for text, version in (("Read.", 1), ("Read.", 1), ("Read twice.", 2), ("", 3), ("Read.", 4)):
        project.guidelines = text
        project.save()
        found = Guidelines.objects.current(project)
        assert (found.version, found.text) == (version, text)


def test_a_label_keeps_the_version_that_was_on_the_screen(project, make_round, ann, client_of, slots):
    project.guidelines = "# Read\n\n- *all* of it"
    project.save()
    round, client = make_round(), client_of(ann)
    url = reverse("annotate:label-item", args=["soil", round.pk])
    text = client.get(url).text
    assert "<h3>Read</h3>" in text
    assert "<em>all</em>" in text
    assert 'name="guidelines_version" value="1"' in text
    project.guidelines = "Changed"
    project.save()
    sent = {"slot": slots(round)[0].pk, "grade": "1", "client_key": str(uuid4()), "guidelines_version": "1"}
    answer = client.post(url + "save/", sent, headers={"HX-Request": "true"}).text
    assert 'data-guidelines="2"' in answer
    assert Label.objects.get().guidelines_version == 1


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](http://example.org/x.png)",
        '[x](http://example.org "\\" onmouseover=\\"alert(1)")',
        '<a href="javascript:alert(1)">x</a>',
    ],
)
def test_markdown_cannot_act(text):
    html = markdown(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html.lower()
    assert 'href="data:' not in html
    assert '" onmouseover=' not in html


def test_links_open_beside_the_page_and_headings_begin_below_it():
    html = markdown("## A\n\n#### B\n\n[x](https://example.org)")
    assert "<h3>A</h3>" in html
    assert "<h4>B</h4>" in html
    assert 'target="_blank" rel="noopener noreferrer nofollow"' in html
