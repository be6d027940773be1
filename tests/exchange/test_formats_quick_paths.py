"""The quick path of a kind and the close look come to the same row wherever the quick one comes to any."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.formats.kind import MISSING, closely, never_quick
from exchange.formats.kinds import KINDS

TEXTS = st.text(max_size=6) | st.sampled_from(
    [
        "",
        " ",
        "q1",
        " q1",
        "a b",
        "\0",
        "x" * 501,
        "\u00a0a",
        "1.5",
        "nan",
        "1_0",
        "inf",
        "1e999",
        "2",
        "\n",
        "-",
    ]
)
VALUES = (
    TEXTS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.just(MISSING)
    | st.lists(TEXTS, max_size=2)
    | st.dictionaries(st.text(max_size=3), TEXTS, max_size=2)
)
PLAIN = {
    "pairs": ["q1", "q1", "", "d1", "", "text", "2", "", None],
    "attacks": ["q1", "q1", "", "d1", "", "text", "random", "none", "1.5", "", "", "", "2", "", None],
}


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.quick is not never_quick])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_quick_and_close_agree(name, data):
    kind = KINDS[name]
    plain = PLAIN.get(name)
    values = [
        data.draw(st.just(plain[place] if plain else "1.5") | VALUES, label=field.name)
        for place, field in enumerate(kind.fields)
    ]
    quick = kind.quick(1, tuple(values))
    if quick is not None:
        assert quick == closely(kind, 1, values, {})


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.tool is None])
def test_the_fields_of_a_kind_are_those_of_its_row(name):
    kind = KINDS[name]
    assert kind.row._fields == ("line", *(field.name for field in kind.fields))
