from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
from test_encoder import small
from threadpoolctl import ThreadpoolController

from pmskills.threads import one_thread


def limits():
    return [library["num_threads"] for library in ThreadpoolController().info() if library["user_api"] == "blas"]


def test_one_thread_within_and_as_many_as_before_after():
    before = limits()
    with one_thread():
        assert set(limits()) == {1}
        with one_thread():
            assert set(limits()) == {1}
        assert set(limits()) == {1}
    assert limits() == before


def test_many_at_once_leave_the_process_as_it_was():
    before, encoder = limits(), small()
    units = [["fixed", "till"]] * 50
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: encoder.encode(units), range(40)))
    assert limits() == before
    assert all(np.array_equal(found[0], other) for other in found)


def test_threads_that_meet_pieces_at_once_read_the_same():
    units = [["fix"], ["till", "fixed"], ["<num>", "till"], ["they", "june"], ["<web>", "fix"]] * 4
    expected = small().encode(units)
    for _ in range(30):
        encoder, barrier = small(), Barrier(4)

        def read(order, encoder=encoder, barrier=barrier):
            barrier.wait()
            return order, encoder.encode([units[place] for place in order])

        orders = [list(range(shift, len(units))) + list(range(shift)) for shift in range(4)]
        with ThreadPoolExecutor(4) as pool:
            for order, found in pool.map(read, orders):
                assert np.array_equal(found, expected[order])


def test_the_limit_is_lifted_after_an_error():
    before = limits()
    try:
        with one_thread():
            raise ValueError
    except ValueError:
        pass
    assert limits() == before
