"""Threads with connections of their own: work comes in order, connections go, and nothing is swallowed."""

import threading

import pytest
from django.db import connection

from corpus.beside import Behind, ahead, spread


def backend() -> int:
    """The server process that answers this thread."""
    connection.ensure_connection()
    return connection.connection.info.backend_pid


def alive(processes: set[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [list(processes)])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_each_thread_has_a_connection_of_its_own_and_leaves_none_behind():
    mine = backend()
    with Behind() as behind:
        others = {behind.hand(backend).result(), behind.hand(backend).result()}
    others |= set(ahead(backend() for _ in range(3)))
    others |= {found for _, found in spread(lambda _: backend(), range(6), n_lanes=2)}
    assert len(others) == 4
    assert mine not in others
    for _ in range(100):
        if not alive(others):
            break
        threading.Event().wait(0.05)  # the server takes a moment to see them go
    assert not alive(others)


@pytest.mark.django_db(transaction=True)
def test_pieces_come_in_their_order_and_some_are_made_at_the_same_time():
    together = threading.Barrier(2, timeout=10)  # breaks where no two are ever made at once

    def square(number: int) -> int:
        together.wait()
        return number * number

    assert list(spread(square, range(6), n_lanes=2)) == [(n, n * n) for n in range(6)]
    assert list(ahead(iter("abc"))) == ["a", "b", "c"]
    assert list(spread(square, [])) == []


@pytest.mark.django_db(transaction=True)
def test_what_goes_wrong_in_a_thread_is_raised_where_it_is_waited_for():
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), Behind() as behind:
        behind.hand(fail)
    with Behind() as behind:
        behind.hand(fail)
        with pytest.raises(ValueError, match="no"):
            behind.hand(print)
    with pytest.raises(ZeroDivisionError):
        list(spread(lambda n: 1 // n, [1, 0, 1]))
    with pytest.raises(ZeroDivisionError):
        list(ahead(1 // n for n in [1, 0]))


@pytest.mark.django_db(transaction=True)
def test_what_was_handed_is_done_even_where_the_caller_fails():
    done = []

    def fail_half_way() -> None:
        with Behind() as behind:
            behind.hand(done.append, 1)
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert done == [1]
