"""What a judge may be used for: the rules, where they are set, and the judge's page."""

import numpy as np
import pytest
from django.urls import reverse

from corpus.models import AuditEntry
from corpus.models.audit import Verb
from measures.estimates import Estimate
from reports.agreement import agreement
from reports.details import details
from reports.models import UseFloors
from reports.scope import scope_of
from reports.systems import rank_systems
from reports.uses import NO, OPEN, UNKNOWN, YES, Use, say_uses, uses_of
from tests.reports.conftest import GRADES, Collection


def uses(project):
    scope = scope_of(project)
    (found,) = agreement(project, scope=scope)
    return {
        use.name: use for use in uses_of(project, found, details(project, found, scope=scope), scope=scope)
    }


@pytest.fixture
def fair(project):
    """A judge that is right on nine of ten of 200 items, and calls the rest relevant."""
    collection = Collection(project)
    collection.add_items(n_queries=40, per_query=5)
    generator = np.random.default_rng(7)
    truth = generator.integers(0, 4, 200)
    collection.label(truth.tolist())
    collection.run(np.where(generator.random(200) < 0.9, truth, 3).tolist())
    return collection


def test_an_interval_above_the_floor_is_a_yes_below_it_a_no_and_around_it_open(fair):
    found = uses(fair.project)
    assert found["Graded qrels"].answer == YES
    assert found["Hard negatives"].answer == YES  # it errs to the relevant side alone
    assert "1.000 [1.000, 1.000]" in found["Hard negatives"].reason
    scope = scope_of(fair.project)
    (judge,) = agreement(fair.project, scope=scope)
    UseFloors(project=fair.project, graded=0.99, binary=judge.agreement.kappa_binary.value).save()
    found = uses(fair.project)
    assert found["Graded qrels"].answer == NO
    assert "stays below 0.99" in found["Graded qrels"].reason
    assert found["Filtering by relevance"].answer == OPEN


def test_failures_count_as_wrong(fair):
    before = uses(fair.project)["Graded qrels"].reason
    fair.run(["error"] * 60 + ["-"] * 140)
    assert uses(fair.project)["Graded qrels"].reason != before
    assert uses(fair.project)["Graded qrels"].answer == NO


def test_ranking_waits_for_systems_and_for_their_orders(ranked):
    scope = scope_of(ranked.project)
    assert "Open Systems once" in uses(ranked.project)["Ranking systems"].reason
    report = rank_systems(ranked.project, measure="nDCG@10", scope=scope)
    use = uses(ranked.project)["Ranking systems"]
    assert report.judges[0].tau.value == 1
    assert use.reason.startswith("τ of 3 systems under nDCG@10 is 1.00")
    ranked.project.systems.all().delete()
    assert uses(ranked.project)["Ranking systems"].answer == UNKNOWN
    assert "no systems" in uses(ranked.project)["Ranking systems"].reason


def test_what_is_undefined_is_unknown(collection):
    collection.label([0] * 12)
    collection.run([0] * 12)
    found = uses(collection.project)
    assert found["Graded qrels"].answer == UNKNOWN
    assert "undefined" in found["Graded qrels"].reason


def test_owners_set_the_floors_and_the_log_says_so(compared, client_of, alice, bob, vic):
    address = reverse("reports:use-floors", args=["soil"])
    judge_page = reverse("reports:judge-agreement", args=["soil", compared.judge().pk])
    sent = {"graded": 0.0, "binary": 0.7, "ranking": 0.9, "negatives": 0.5}
    response = client_of(alice).post(address, sent, follow=True)
    assert "The floors are saved" in response.content.decode()
    assert UseFloors.of(compared.project).graded == 0
    assert "graded" in str(AuditEntry.objects.filter(verb=Verb.SETTINGS_CHANGED).latest("at").details)
    assert "reaches 0." in client_of(vic).get(judge_page).content.decode()
    assert client_of(vic).get(address).status_code == 403
    refused = client_of(alice).post(address, sent | {"graded": 2})
    assert "less than or equal to 1" in refused.content.decode()


def test_failures_are_told_by_their_reasons(compared, client_of, vic):
    from judges.models import Verdict

    run = compared.run(["unreadable"] * 3 + ["error"] * 2 + [1])
    Verdict.objects.filter(run=run, outcome="unreadable").update(reason="no number <b>")
    Verdict.objects.filter(run=run, outcome="error").update(reason="server gone")
    page = client_of(vic).get(reverse("reports:judge-agreement", args=["soil", compared.judge().pk]))
    assert page.context["reasons"] == [("Unreadable", "no number <b>", 3), ("Error", "server gone", 2)]
    assert "no number &lt;b&gt;" in page.content.decode()


def test_label_mass_is_drawn_where_it_was_measured(compared, client_of, vic):
    from judges.models import Verdict

    client, address = client_of(vic), reverse("reports:judge-agreement", args=["soil", compared.judge().pk])
    assert "masses" not in [figure.name for figure in client.get(address).context["figures"]]
    run = compared.run(GRADES)
    Verdict.objects.filter(run=run).update(label_mass=0.97)
    Verdict.objects.filter(run=run, item=compared.items[0]).update(label_mass=1.0)
    (figure,) = [each for each in client.get(address).context["figures"] if each.name == "masses"]
    assert figure.rows[-1] == ["0.95 to 1.00", 12]
    assert sum(n for _, n in figure.rows) == 12


def test_the_overview_says_it_of_the_best_judge_in_one_sentence(fair, client_of, vic):
    assert say_uses(list(uses(fair.project).values())) == (
        "By this project's floors it is good enough for graded qrels, filtering by relevance and hard"
        " negatives."
    )
    page = client_of(vic).get(reverse("reports:overview", args=["soil"]))
    assert "floors it is good enough for graded qrels" in page.content.decode()
    assert say_uses([Use("Graded qrels", NO, ""), Use("Hard negatives", YES, "")]) == (
        "By this project's floors it is good enough for hard negatives, not for graded qrels."
    )
    assert say_uses([Use("Graded qrels", NO, "")]).endswith("it is not good enough for graded qrels.")
    assert say_uses([Use("Graded qrels", OPEN, "")]) == ""


def test_an_interval_of_one_point_at_the_floor_is_a_yes():
    from reports.uses import _use

    assert _use("x", Estimate(0.9, 0.9, 0.9), 0.9, "τ").answer == YES
    assert _use("x", Estimate(0.9, float("nan"), float("nan")), 0.9, "τ").answer == UNKNOWN
