from tests.judging_fixtures import engine, judge, make_items, stub  # noqa: F401 - fixtures
