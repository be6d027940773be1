import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from annotate.keys import ACTIONS, check_keys, keys_of, save_keys

URL = "/keys/"


def test_keys_are_as_shipped_until_somebody_chooses(ann):
    keys = keys_of(ann)
    assert (keys["skip"], keys["later"], keys["flag"], keys["grade_0"]) == ("s", "l", "f", "")
    save_keys(ann, keys | {"skip": "x", "grade_0": "a"})
    assert (keys_of(ann)["skip"], keys_of(ann)["grade_0"]) == ("x", "a")


def test_two_actions_never_share_a_key(ann):
    with pytest.raises(ValidationError, match="another action"):
        save_keys(ann, keys_of(ann) | {"skip": "l"})
    assert keys_of(ann)["skip"] == "s"


@pytest.mark.parametrize("key", ["1", "?", " ", "ab", '"', "<script>", "\u202e"])
def test_what_is_no_free_key_is_refused(key):
    with pytest.raises(ValidationError):
        check_keys({"skip": key})


def test_the_page_saves_refuses_and_resets(ann, bob, client_of):
    client = client_of(ann)
    shown = client.get(URL).text
    assert all(f'name="{action}"' in shown for action in ACTIONS)
    assert "another action" in client.post(URL, keys_of(ann) | {"later": "s"}).text
    client.post(URL, keys_of(ann) | {"later": "W"})
    assert keys_of(ann)["later"] == "w"
    assert keys_of(bob)["later"] == "l"
    client.post(URL, {"reset": "1"})
    assert keys_of(ann)["later"] == "l"


def test_the_labelling_page_gets_the_keys_as_data_alone(ann, make_round, client_of):
    save_keys(ann, keys_of(ann) | {"skip": "<"})
    text = client_of(ann).get(reverse("annotate:label-item", args=["soil", make_round().pk])).text
    data = re.search(r'<script id="label-keymap" type="application/json">(.*?)</script>', text)[1]
    assert json.loads(data)["skip"] == "<"
    assert "<" not in data
