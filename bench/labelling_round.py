"""Opens a round over all items for so many people, and says how they log in. A process of its own.

python -m bench.labelling_round PEOPLE ORDER FILE prints n_items, seconds of the opening, queries per request.
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from annotate.services.opening import open_round  # noqa: E402
from annotate.services.rounds import create_round  # noqa: E402
from bench.importing import PROJECT  # noqa: E402
from corpus.models import Membership, Project, User  # noqa: E402
from corpus.services import freeze_all_items  # noqa: E402

OVERLAP = 3
CARD = re.compile(r'name="slot" value="(\d+)">\s*<input type="hidden" name="client_key" value="([^"]+)"')


def main() -> None:
    n_people, order, path = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    settings.ALLOWED_HOSTS = ["*"]
    project = Project.objects.get(slug=PROJECT)
    items = freeze_all_items(project)
    round = create_round(project, name=f"Bench {order}", item_set=items, overlap=OVERLAP, order=order)
    began = time.monotonic()
    round = open_round(round)
    opening = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotate_slot")
    people = [_session(project, number) for number in range(n_people + 1)]
    url = f"/p/{PROJECT}/rounds/{round.pk}/label/"
    path.write_text(json.dumps({"url": url, "sessions": people[1:], "cookie": settings.SESSION_COOKIE_NAME}))
    told = {"n_items": round.n_items, "opening": opening, "queries": _queries(people[0], url)}
    print(json.dumps(told))


def _session(project: Project, number: int) -> str:
    user, _ = User.objects.get_or_create(username=f"bench-{number}")
    Membership.objects.get_or_create(project=project, user=user, defaults={"role": "annotator"})
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _queries(session: str, url: str) -> dict[str, int]:
    """SQL statements of one request of each kind, once the person has labelled a little."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    page = client.get(url).content.decode()
    found = {}
    for _ in range(5):
        slot, key = CARD.findall(page)[0]
        answer = {"slot": slot, "client_key": key, "grade": "1", "seconds": "1.5", "page": str(uuid4())}
        with CaptureQueriesContext(connection) as context:
            page = client.post(f"{url}save/", answer, headers={"HX-Request": "true"}).content.decode()
        found["save"] = len(context)
    with CaptureQueriesContext(connection) as context:
        client.get(url)
    found["page"] = len(context)
    with CaptureQueriesContext(connection) as context:
        client.post(f"{url}keep/", {"slots": slot, "page": str(uuid4())})
    found["keep"] = len(context)
    return found


if __name__ == "__main__":
    main()
