from corpus import counting
from corpus.models import Item


def test_few_rows_are_counted_exactly(make_item, project):
    make_item()
    assert counting.count(Item.objects.for_project(project)) == (1, False)


def test_many_rows_are_estimated_and_the_words_say_so(make_item, project, monkeypatch):
    monkeypatch.setattr(counting, "EXACT_UP_TO", 10)
    for number in range(30):
        make_item("q1", f"c{number}")
    found = counting.count(Item.objects.for_project(project).in_order())
    assert found.is_estimate
    assert found.n >= 10
    assert str(found).startswith("about ")


def test_an_estimate_has_two_digits():
    assert str(counting.Count(1_200_000, is_estimate=True)) == "about 1,200,000"
    assert str(counting.Count(1_234, is_estimate=False)) == "1,234"
