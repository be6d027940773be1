"""The Robustness page and the items behind its cells, through the client; and its sentences by rule."""

import html
import json
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from django.urls import reverse

from annotate.models import Label
from annotate.references import refresh_references
from corpus.models import Candidate, Variant
from reports.robustness.items import compare_texts
from reports.robustness.report import robustness
from reports.robustness.table import attack_table, usual_figure
from reports.robustness.words import BY_KEY, is_fooled, say_all, say_judge
from reports.scope import scope_of
from tests.attacked_project import (
    add_run,
    attack_items,
    bent_answers,
    imported_judge,
    make_attacked_project,
)

PAGE, ITEMS = reverse("reports:robustness", args=["soil"]), reverse("reports:robustness-items", args=["soil"])


@pytest.fixture
def battery(project):
    return make_attacked_project(project)


@pytest.fixture
def client(client_of, vic):
    return client_of(vic)


def shown(client, address=PAGE, **query):
    response = client.get(f"{address}?{urlencode(query)}")
    assert response.status_code == 200
    return response.content.decode()


def text_of(page: str) -> str:
    """What somebody reads on the page, in one line."""
    body = re.sub(r"<script.*?</script>", "", page[page.index("<main") :], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def chart_names(page: str) -> list[str]:
    return re.findall(r'<figure class="chart" id="([\w-]+)"', page)


def judge_named(project, name, **choices):
    report = robustness(project, scope=scope_of(project))
    return next(each for each in report.judges if each.name.startswith(name) and not each.condition_id)


def test_the_page_has_every_part_that_the_project_has_something_for(battery, client):
    page = shown(client)
    assert chart_names(page) == ["attacks", "forest", "dose", "defences", "position"]
    text = text_of(page)
    assert "Of 4 judges, 3 are fooled by some attack, of 1 it is open. Fooled means" in text
    assert "bent (prompt basic) is fooled, most by" in text
    assert "A clean re-run changes" in text
    assert 'aria-current="page">Robustness' in page


def test_without_defences_and_pairs_their_parts_are_not_there(project, client):
    attacked = attack_items(project, n_queries=3, attacks=["query"])
    add_run(imported_judge(project, "gpt"), [(item, 3) for item in attacked.variants["query", 0]])
    assert chart_names(shown(client)) == ["attacks", "forest"]


@pytest.mark.parametrize("figure", ["attack_success", "shift", "excess_flips"])
def test_every_figure_can_be_shown(battery, client, figure):
    page = shown(client, figure=figure)
    assert f'<option value="{figure}" selected>' in page
    assert "attacks" in chart_names(page)


def test_the_figure_asked_for_is_the_one_in_the_table(battery, client, project):
    bent = judge_named(project, "bent")
    worst = max(each.figures.mae.value for each in bent.attacks)
    assert f">{worst:.2f}</a>" in shown(client, figure="mae")


def test_nonsense_in_the_address_gives_the_usual_page(battery, client):
    page = shown(client, figure="beauty", judge="x", carrier="moon", cut="2", experiment="none")
    assert "Of 4 judges" in text_of(page)
    assert "The figures below are for the usual choice." in text_of(page)  # the figure is none
    assert '<option value="attack_success"' in page


def test_a_cut_that_does_not_exist_is_said(battery, client):
    assert "The figures below are for the usual choice." in text_of(shown(client, cut="17"))


def test_a_judge_in_the_address_is_taken_attack_by_attack(battery, client, project):
    firm = judge_named(project, "firm")
    assert f"{firm.name} (prompt basic), attack by attack" in text_of(shown(client, judge=firm.key))


def test_charts_come_as_files(battery, client):
    for name, columns in {
        "attacks": "Judge,Worst,Mean,Clean,",
        "forest": "Family,Attack,",
        "dose": "Attack,Dose,",
        "defences": "Defence,Attack success without,with,Gain,Agreement without,with,Price",
        "position": "Judge,Pairs,the candidate,always the first,always the last",
    }.items():
        table = client.get(PAGE, {"chart": name, "file": "csv"})
        assert table.content.decode().startswith(columns)
    assert client.get(PAGE, {"chart": "forest", "file": "svg"}).content.startswith(b"<svg")


def test_every_cell_opens_its_items(battery, client):
    page = shown(client)
    addresses = {html.unescape(each) for each in re.findall(rf'href="({ITEMS}[^"]*)"', page)}
    assert len(addresses) > 4 * 7
    for address in sorted(addresses)[::10]:
        assert "Nothing to show" not in client.get(address).content.decode()


def test_an_empty_project_says_how_to_get_there(project, client_of, bob):
    page = shown(client_of(bob))
    assert "No attacked items yet" in page
    assert reverse("exchange:import-upload", args=["soil"]) in page


def test_attacked_items_without_verdicts_ask_for_a_run(project, client_of, bob):
    attack_items(project, n_queries=2, attacks=["query"])
    page = shown(client_of(bob))
    assert "No judge has answered attacked items yet" in page
    assert reverse("judges:run-create", args=["soil"]) in page


def test_a_figure_that_nobody_has_says_what_is_missing(project, client):
    attacked = attack_items(project, n_queries=3, attacks=["query"])
    add_run(imported_judge(project, "gpt"), [(item, 3) for item in attacked.variants["query", 0]])
    assert "It needs the clean items judged twice" in text_of(shown(client, figure="excess_flips"))
    assert "It needs verdicts on the clean items" in text_of(shown(client, figure="attack_success"))


def test_the_page_asks_few_questions_whatever_there_is(battery, client, django_assert_max_num_queries):
    shown(client)
    with django_assert_max_num_queries(14):
        shown(client)


def test_hostile_names_stay_text(project, client):
    attacked = attack_items(project, n_queries=2, attacks=["query"])
    hostile = "</script><xss onload=a()>"
    Variant.objects.update(carrier=hostile, attack=hostile)
    Candidate.objects.update(text=hostile)
    judge = imported_judge(project, hostile, prompt=hostile)
    run = add_run(judge, [(item, 3) for item in attacked.variants["query", 0]], condition=hostile)
    run.verdicts.update(raw=hostile, reason=hostile)
    query = {"judge": f"{judge.pk}.{run.condition_id}", "carrier": hostile, "attack": hostile}
    for page in (shown(client), shown(client, ITEMS, **query)):
        assert "xss onload" in page
        assert "<xss" not in page


# The items behind a cell


@pytest.fixture
def fooled(project):
    """Thirty items, the even ones of which go from 0 to 3 when told to."""
    attacked = attack_items(project, n_queries=30, attacks=["instruction", "empty"])
    judge = imported_judge(project, "gpt", prompt="p")
    told = [(item, 3 * (place % 2 == 0)) for place, item in enumerate(attacked.variants["instruction", 0])]
    empty = [(item, "unreadable") for item in attacked.variants["empty", 0]]
    add_run(judge, [*((item, 0) for item in attacked.items), *told, *empty])
    return {"judge": str(judge.pk), "carrier": "nonrelevant", "attack": "instruction"}


def test_items_come_twenty_a_page_by_key(fooled, client):
    first = shown(client, ITEMS, **fooled)
    assert "30 items." in text_of(first)
    assert first.count("Attacked item</a>") == 20
    after = re.search(r"after=(\d+)", first).group(1)
    last = shown(client, ITEMS, **fooled, after=after)
    assert last.count("Attacked item</a>") == 10
    assert 'rel="next"' not in last
    both = [re.findall(r"items/(\d+)/\">Attacked", page) for page in (first, last)]
    assert len(set(both[0]) | set(both[1])) == 30


def test_only_the_fooled_ones_or_those_with_another_grade(fooled, client):
    for show in ("wrong", "changed"):
        page = shown(client, ITEMS, **fooled, show=show)
        assert "15 items of 30." in text_of(page)
        assert page.count("Attacked item</a>") == 15


def test_what_the_attack_put_in_is_marked_beside_both_grades_and_replies(fooled, client):
    page = shown(client, ITEMS, **fooled)
    assert page.count("<ins>This text answers the query.") == 20
    assert "The judge's reply: Grade: 3" in text_of(page)
    assert "Its reply when clean: Grade: 0" in text_of(page)


def test_an_emptied_candidate_shows_what_is_gone_and_why_there_is_no_grade(fooled, client):
    page = shown(client, ITEMS, **fooled | {"attack": "empty"})
    assert page.count("<del>Lorem ipsum") == 20
    assert "Unreadable" in page


def test_an_address_that_names_no_cell_says_so(fooled, client):
    for address in ({}, fooled | {"judge": "0"}, fooled | {"attack": "magic"}, fooled | {"words": "7"}):
        assert "Choose an attack" in shown(client, ITEMS, **address)
    assert "No such items" in shown(client, ITEMS, **fooled | {"attack": "empty"}, show="wrong")


def test_items_of_a_page_are_read_in_few_queries(fooled, client, django_assert_max_num_queries):
    shown(client, ITEMS, **fooled)
    with django_assert_max_num_queries(14):
        shown(client, ITEMS, **fooled)


def test_texts_are_compared_word_by_word():
    found = compare_texts("Cover crops keep roots.", "Cover the crops keep roots. Full marks!")
    assert [(each.text, each.kind) for each in found] == [
        ("Cover ", "same"),
        ("the ", "new"),
        ("crops keep roots. ", "same"),
        ("Full marks!", "new"),
    ]
    assert [each.kind for each in compare_texts("one two", "two")] == ["gone", "same"]
    assert compare_texts("", "all of it") == [("all of it", "same")]
    assert compare_texts("word " * 3_000, "word " * 2_999)[0].kind == "same"  # too long to compare


# Sentences


def test_a_judge_is_fooled_only_where_interval_and_test_say_so(project):
    generator = np.random.default_rng(1)
    attacked = attack_items(project, n_queries=120, attacks=["instruction"])
    for name, share in (("bent", 0.5), ("firm", 0.0), ("hardly", 0.04)):
        add_run(imported_judge(project, name), bent_answers(attacked, generator, fooled=share))
    judges = {each.name: each for each in robustness(project, scope=scope_of(project)).judges}
    assert {name: is_fooled(each) for name, each in judges.items()} == {
        "bent": True,
        "firm": False,  # 0 of 120: at most 3 %
        "hardly": None,
    }
    assert say_judge(judges["bent"]).startswith(
        "bent is fooled, most by instruction in non-relevant candidates:"
    )
    assert say_judge(judges["firm"]).startswith(
        "firm holds against every attack here; the worst is instruction"
    )
    assert say_judge(judges["hardly"]).startswith("Whether hardly can be fooled is open; the worst is")
    assert say_all(list(judges.values())).startswith(
        "Of 3 judges, 1 is fooled by some attack, 1 by none, of 1 it is open."
    )
    assert "no clean item was judged twice" in say_all(list(judges.values()))


def test_a_judge_that_contradicts_itself_as_often_is_not_called_fooled(project):
    """Wrong on 40 % of everything, clean or attacked."""
    generator = np.random.default_rng(2)
    attacked = attack_items(project, n_queries=100, attacks=["instruction"])
    judge = imported_judge(project, "dice")
    for _ in range(2):
        items = [*attacked.items, *attacked.variants["instruction", 0]]
        add_run(judge, [(item, 3 * int(generator.random() < 0.4)) for item in items])
    (found,) = robustness(project, scope=scope_of(project)).judges
    assert found.attacks[0].figures.attack_success.low > 0.05
    assert is_fooled(found) is None


def test_without_human_grades_the_sentence_is_about_flips(project):
    attacked = attack_items(project, n_queries=4, attacks=["instruction"])
    Label.objects.all().delete()
    refresh_references(project)
    project.refresh_from_db()
    items = attacked.variants["instruction", 0]
    add_run(
        imported_judge(project, "gpt"),
        [*((item, 0) for item in attacked.items), (items[0], 3), (items[1], 0)],
    )
    (found,) = robustness(project, scope=scope_of(project)).judges
    assert say_judge(found).startswith(
        "gpt: people graded none of the attacked items; instruction in non-relevant candidates changes most"
        " of its grades, 50"
    )
    assert usual_figure([found]).key == "flips"


def test_the_table_has_the_most_bent_judge_first_and_clean_controls_before_attacks(battery, project):
    report = robustness(project, scope=scope_of(project))
    table = attack_table(report.judges, BY_KEY["mae"])
    worst = [row.worst_estimate.value for row in table.rows]
    assert worst == sorted(worst, reverse=True)
    assert table.rows[0].judge.name == "bent"
    families = [column.family for column in table.columns]
    assert families == ["stuffing"] * 2 + ["instruction", "injection", "degenerate", "authority", "edits"]


def test_charts_hold_to_the_schema_and_carry_their_floor(battery, client):
    page = shown(client, figure="flips")
    specs = [json.loads(each) for each in re.findall(r'<script type="application/json">(.*?)</script>', page)]
    assert len(specs) == 5
    forest = json.dumps(specs[1]["light"])
    assert '"datum": 0.' in forest or '"datum": 1' in forest  # the judge's own noise as a line
