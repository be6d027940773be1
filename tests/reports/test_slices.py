"""Parts of a project and one judge on them, from the store and through the client."""

import numpy as np
import pytest
from django.urls import reverse

from corpus.models import Candidate, Query
from reports.agreement import agreement
from reports.runs import complete_runs
from reports.scope import scope_of
from reports.slice_words import say_slices
from reports.slices import SliceRefused, dimensions, find_slice, references_in
from reports.slicing import slice_report
from tests.reports.conftest import Collection


@pytest.fixture
def parted(project):
    """20 queries of 6 items: short and long candidates, two miners; the judge is worse on the second's."""
    collection = Collection(project)
    collection.add_items(n_queries=20, per_query=6)
    generator = np.random.default_rng(4)
    truth = generator.integers(0, 4, 120)
    answers = np.where(np.arange(120) % 2 == 0, truth, generator.integers(0, 4, 120))
    for place, item in enumerate(collection.items):
        Candidate.objects.filter(pk=item.candidate_id).update(
            metadata={
                "miner": "bm25" if place % 2 == 0 else "dense",
                "year": 1900 + place,
                "url": f"u{place}x",
            },
            text="word " * (3 + place % 6),
        )
    for place, query in enumerate(Query.objects.filter(project=project).order_by("pk")):
        Query.objects.filter(pk=query.pk).update(metadata={"kind": "how" if place % 4 else "what"})
    collection.label(truth.tolist(), rater="one")
    collection.label((truth % 3).tolist()[:60], rater="two")
    collection.label(truth.tolist()[:60], rater="three")
    collection.run(answers.tolist())
    return collection


def report_of(collection):
    (judged,) = complete_runs(collection.project)
    return slice_report(collection.project, judged, scope=scope_of(collection.project))


def parts(collection):
    scope = scope_of(collection.project)
    return {
        each.key: each
        for each in dimensions(collection.project.pk, references_in(collection.project.pk, scope))
    }


def test_items_are_parted_by_length_metadata_doubt_and_likeness(parted):
    found = parts(parted)
    assert list(found) == [
        "query_length",
        "candidate_length",
        "doubt",
        "likeness",
        "query.kind",
        "candidate.miner",
        "candidate.year",
    ]
    assert found["candidate.miner"].names == ["bm25", "dense"]
    assert found["candidate.miner"].slice_key(1) == "candidate.miner:dense"
    assert np.bincount(found["candidate_length"].buckets).tolist() == [40, 20, 40, 20]
    assert found["candidate_length"].names[0] == "up to 20"
    assert len(found["candidate.year"].marks) == 4  # many numbers are cut into quarters
    assert found["doubt"].marks == ["same", "more"]
    assert (found["doubt"].buckets == -1).sum() > 0  # items of one person


def test_a_slice_is_found_by_its_name_and_an_unknown_one_refused(parted):
    scope = scope_of(parted.project)
    references = references_in(parted.project.pk, scope)
    name, inside = find_slice(parted.project.pk, references, "candidate.miner:dense")
    assert name == "miner of the candidate: dense"
    assert inside.sum() == len(
        references_in(parted.project.pk, scope._replace(slice="candidate.miner:dense")).items
    )
    for wanted in ("candidate.miner:splade", "nothing:q1", "candidate.url:u1x", "query_length"):
        with pytest.raises(SliceRefused, match="is no slice"):
            find_slice(parted.project.pk, references, wanted)


def test_a_judge_is_worse_where_it_was_made_worse(parted):
    report = report_of(parted)
    slices = {each.key: each for of in report.dimensions for each in of.slices}
    good, bad = slices["candidate.miner:bm25"], slices["candidate.miner:dense"]
    assert good.kappa.value == 1
    assert bad.kappa_contrast.difference.value == pytest.approx(bad.kappa.value - 1)
    assert bad.kappa_holm < 0.001
    assert bad.kappa_contrast.p <= bad.kappa_holm
    assert "falls where miner of the candidate is dense" in " ".join(say_slices("gpt", report))
    np.testing.assert_equal(report_of(parted), report)  # out of the cache


def test_agreement_of_a_slice_is_that_of_its_items(parted):
    scope = scope_of(parted.project)
    (whole,) = agreement(parted.project, scope=scope)
    (part,) = agreement(parted.project, scope=scope._replace(slice="candidate.miner:bm25"))
    assert part.agreement.n < whole.agreement.n
    assert part.agreement.kappa.value == 1


def test_the_page_shows_the_best_judge_and_links_slices_to_the_scoreboard(parted, client_of, vic):
    client = client_of(vic)
    response = client.get(reverse("reports:slices", args=["soil"]))
    page = response.content.decode()
    assert response.context["found"].name == "gpt"
    assert "slice=candidate.miner%3Adense" in page
    assert [figure.name for figure in response.context["figures"]] == ["kappa", "bias"]
    scoreboard = client.get(reverse("reports:agreement", args=["soil"]), {"slice": "candidate.miner:dense"})
    assert "miner of the candidate: dense" in scoreboard.content.decode()
    assert "slice=candidate.miner%3Adense" in scoreboard.content.decode()  # the other pages are about it too
    for name in ("comparison", "slices", "disagreements"):
        part = client.get(reverse(f"reports:{name}", args=["soil"]), {"slice": "candidate.miner:dense"})
        assert ("miner of the candidate: dense" in part.content.decode()) == (name != "comparison"), name
    refused = client.get(reverse("reports:agreement", args=["soil"]), {"slice": "candidate.miner:x"})
    assert "is no slice of this project" in refused.content.decode()


def test_the_page_says_what_is_missing(collection, client_of, vic):
    client = client_of(vic)
    assert "No judge to look at yet" in client.get(reverse("reports:slices", args=["soil"])).content.decode()
