import pytest

from judges.cells import CELLS, cell_of


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("T1", "T1"),
        (" t1 ", "T1"),
        ("n1+HATCH", "N1+hatch"),
        ("t1-schema", "T1-schema"),
        ("g5", "G5"),
        ("neutral", "N0"),
        ("Neutral + suffix", "N1"),
        ("distraction", "B0"),
        ("distraction+suffix", "B1"),
        ("Benign distraction, suffix", "B1"),
        ("threat", "T0"),
        ("threat_suffix", "T1"),
        ("suffix", ""),
        ("T2", ""),
        ("a threat", ""),
        ("", ""),
    ],
)
def test_a_name_tells_the_cell_by_its_code_or_in_words(name, cell):
    assert cell_of(name) == cell


def test_every_cell_is_known_by_its_own_code():
    assert [cell_of(cell) for cell in CELLS] == list(CELLS)
    assert len({cell.lower() for cell in CELLS}) == len(CELLS) == 17
