"""Identifiers sort by the time they were made."""

import itertools

from tradepost.kernel.ids import new_id


def test_ids_are_uuids_of_version_7_in_order() -> None:
    made = [new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert {each.version for each in made} == {7}
    times = [each.int >> 80 for each in made]
    assert all(one <= other for one, other in itertools.pairwise(times))
