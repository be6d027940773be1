"""Every page about people and labelling of a lively project: axe, nothing to scroll sideways; and pictures.

With CONCORD_SCREENSHOTS set to a folder the pictures lie there for somebody to look at.
"""

import os
from pathlib import Path

import pytest
from django.urls import reverse

from corpus.rubrics import add_rubric
from judges.conditions.wording import save_wording
from tests.browser.lively_project import make_lively_project
from tests.flows.addresses import urls

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lively(make_user, settings, tmp_path):
    settings.FILES = tmp_path / "files"
    return make_lively_project(make_user)


def pages(lively) -> dict[str, tuple[str, str]]:
    """Name of the picture → name of the URL, and its address."""
    slug, rounds, found = lively.project.slug, lively.rounds, {}

    def page(picture: str, name: str, *args, query: str = "", of: str = slug) -> None:
        found[picture] = (name, reverse(name, args=[of, *args]) + query)

    page("rounds", "annotate:round-list")
    page("round-new", "annotate:round-create")
    for name, round in rounds.items():
        page(f"round-{name}", "annotate:round-detail", round.pk)
    for name in ("First pass", "Quality", "Which is better"):
        page(f"label-{name}", "annotate:label-item", rounds[name].pk)
    found["keys"] = ("annotate:key-preferences", reverse("annotate:key-preferences"))
    page("disputes", "annotate:adjudication-list")
    page("decided", "annotate:adjudication-list", query="?show=decided")
    page("dispute", "annotate:adjudication-item", lively.item.pk)
    page("dispute-pair", "annotate:adjudication-item", lively.pair.pk)
    page("people", "reports:people")
    page("systems", "reports:systems")
    page("people-criterion", "reports:people", query=f"?round={rounds['Quality'].pk}&criterion=2")
    page("people-preference", "reports:people", query=f"?round={rounds['Which is better'].pk}")
    page("overview", "reports:overview")
    page("agreement", "reports:agreement")
    page("agreement-grades", "reports:agreement", query="?show=grades&ungraded=wrong")
    page("judge", "reports:judge-agreement", lively.judge.pk)
    page("comparison", "reports:comparison")
    page("slices", "reports:slices")
    page("disagreements", "reports:disagreements")
    page("label-budget", "reports:label-budget")
    page("uses", "reports:use-floors")
    page("compliance", "reports:compliance")
    for name, experiment in lively.experiments.items():
        page(f"compliance-{name}", "reports:compliance-experiment", experiment.pk)
    experiment = lively.experiments["pressure"]
    steadfast = f"?judge={lively.steadfast.pk}&within=1&unreadable=out"
    page("compliance-steadfast", "reports:compliance-experiment", experiment.pk, query=steadfast)
    page("compliance-items", "reports:compliance-items", experiment.pk, query="?cell=T1&answer=fabricated")
    page("compliance-items-none", "reports:compliance-items", experiment.pk, query="?answer=unreadable")
    page("experiment", "judges:experiment-detail", experiment.pk)
    page("experiment-new", "judges:compliance-create")
    page("battery-new", "judges:robustness-create")
    page("compliance-imported", "reports:compliance-imported")
    page("compliance-imported-items", "reports:compliance-imported-items")
    for figure in ("mae", "attack_success", "excess_flips"):
        page(f"robustness-{figure}", "reports:robustness", query=f"?figure={figure}", of=lively.attacked.slug)
    bent = lively.attacked.judges.get(name="bent")
    cell = f"?judge={bent.pk}&carrier=nonrelevant&attack=instruction"
    page("robustness-items", "reports:robustness-items", query=cell, of=lively.attacked.slug)
    page("robustness-items-none", "reports:robustness-items")
    negatives = lively.negatives
    page("pools", "mining:pool-list")
    page("pool-new", "mining:pool-create")
    for name, pool in negatives.pools.items():
        page(f"pool-{name}", "mining:pool-detail", pool.pk)
    page("pool-delete", "mining:pool-delete", negatives.pools["failed"].pk)
    page("pool-delete-making", "mining:pool-delete", negatives.pools["making"].pk)
    made = negatives.pools["made"].pk
    page("rule", "reports:rule", made)
    odd = f"?run={negatives.run.pk}&margin=share&amount=0.3&band=-1&floor=0.2&floor_in=share&gate=0.5"
    page("rule-odd", "reports:rule", made, query=odd)
    page("selection", "mining:selection-detail", negatives.selection.pk)
    page("items", "corpus:item-list")
    page("item", "reports:item-detail", lively.item.pk)
    page("item-pair", "reports:item-detail", lively.pair.pk)
    page("team", "reports:team")
    page("log", "corpus:audit")
    page("settings", "corpus:project-settings")
    page("rubric", "corpus:rubric-edit")
    for template in ("criteria", "preference"):
        rubric = add_rubric(lively.project, template=template)
        page(f"rubric-{template}", "corpus:further-rubric-edit", rubric.pk)
    save_wording(lively.project, "compliance-suffix", "Answer.\nAlways.", by=lively.owner)
    page("attacks", "judges:attack-list", query="?change=query&dose=2")
    page("wordings", "judges:wording-list")
    page("wording", "judges:wording-detail", "compliance-suffix")
    page("wording-edit", "judges:wording-edit", "escape-hatch")
    page("archive", "corpus:project-archive")
    page("exports", "exchange:export-list")
    page("releases", "exchange:release-list")
    page("release-new", "exchange:release-create")
    page("release", "exchange:release-detail", lively.release.pk)
    page("release-compare", "exchange:release-compare", lively.release.pk, query=f"?with={lively.earlier.pk}")
    page("release-delete", "exchange:release-delete", lively.release.pk)
    for name in (
        "reports:overview",
        "reports:people",
        "reports:systems",
        "reports:compliance",
        "reports:compliance-imported",
        "reports:compliance-imported-items",
        "reports:comparison",
        "reports:slices",
        "reports:disagreements",
        "reports:label-budget",
        "reports:robustness",
        "mining:pool-list",
        "annotate:round-list",
        "annotate:adjudication-list",
        "exchange:release-list",
        "exchange:release-create",
    ):
        page(f"empty-{name.partition(':')[2]}", name, of=lively.empty.slug)
    return found


def test_every_page_of_the_labelling_room_is_among_them(lively, client_of):
    client, shown = client_of(lively.owner), {name for name, _ in pages(lively).values()}
    for name, arguments in urls().items():
        if not name.startswith("annotate:") or name in shown:
            continue
        pk = lively.item.pk if name.startswith("annotate:adjudication") else lively.rounds["First pass"].pk
        values = {"slug": lively.project.slug, "pk": pk}
        address = reverse(name, kwargs={each: values[each] for each in arguments})
        assert client.get(address).status_code == 405, f"{name} is a page that nobody looks at"


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]
)
def test_axe_finds_nothing_and_nothing_is_cut_off(lively, page_of, assert_accessible, width, scheme):
    page = page_of(lively.owner, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for picture, (_, address) in pages(lively).items():
        assert page.goto(address).status == 200, address
        assert_accessible(page)
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(too_wide) <= 0, address
        if folder := os.environ.get("CONCORD_SCREENSHOTS"):
            path = Path(folder) / f"{picture.replace(' ', '-')}-{width}-{scheme}.png"
            page.screenshot(path=path, full_page=not picture.startswith("label"))
