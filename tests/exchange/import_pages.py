"""What tests of the import pages send and read: small files, a preview's form, a page's text."""

import pytest

PAIRS = """query_id,query,candidate_id,candidate,human_grade,colour
q1,what slows soil carbon loss,c1,Cover crops keep roots in the ground.,3,red
q1,what slows soil carbon loss,c2,Carbon dates old wood.,0,blue
"""
WITH_BAD_ROWS = PAIRS + "q2,how deep do roots grow,c3,Two metres.,9,red\n,nothing,c4,Nobody asked.,1,red\n"
HTMX = {"HX-Request": "true"}

real_jobs = pytest.mark.django_db(transaction=True)


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def choices(response, **changes: str) -> dict[str, str]:
    """What the preview's form would send, with some answers changed."""
    form = response.context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    assert changes.keys() <= sent.keys()
    return sent | changes
