from tests.judging_fixtures import engine, judge, make_items, stub  # noqa: F401 - fixtures
from tests.worker_fixtures import broker_url, make_worker, use_broker, wait_until  # noqa: F401 - fixtures
