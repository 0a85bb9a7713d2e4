"""When signatures of a share meet, and when they have lapsed."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.escrow.model import Party, SignedSettlement
from tradepost.trades.settlements import (
    LONGEST_OFFER_S,
    Settlement,
    SettlementLapsed,
    SettlementTooLong,
    agreed,
    check_time,
)

NOW = 1_000
shares = st.tuples(st.integers(0, 2), st.integers(NOW - 2, NOW + 2))


def signed(party: Party, share: tuple[int, int]) -> Settlement:
    return Settlement(party, *share, party.encode())


@given(st.lists(shares, min_size=3, max_size=3))
def test_two_of_the_same_share_meet_while_it_lasts(each: list[tuple[int, int]]) -> None:
    settlements = [signed(party, share) for party, share in zip(Party, each, strict=True)]
    found = agreed(settlements, NOW)
    good = {share for share in each if each.count(share) > 1 and share[1] >= NOW}
    assert (found is None) == (not good)
    if found is not None:
        assert (found.buyer_amount, found.valid_until) in good
        assert found.first is not found.second
        by_party = {one.party: one for one in settlements}
        for party, signature in (
            (found.first, found.first_signature),
            (found.second, found.second_signature),
        ):
            assert by_party[party].signature == signature
            assert by_party[party].share == (found.buyer_amount, found.valid_until)


def test_the_last_second_belongs_to_it() -> None:
    both = [signed(Party.BUYER, (7, NOW)), signed(Party.SELLER, (7, NOW))]
    for settlements in permutations(both):
        assert isinstance(agreed(settlements, NOW), SignedSettlement)
        assert agreed(settlements, NOW + 1) is None


def test_an_offer_has_a_time_ahead_and_not_too_far() -> None:
    check_time(NOW + 1, NOW)
    check_time(NOW + LONGEST_OFFER_S, NOW)
    for over in (0, NOW - 1, NOW):
        with pytest.raises(SettlementLapsed):
            check_time(over, NOW)
    with pytest.raises(SettlementTooLong):
        check_time(NOW + LONGEST_OFFER_S + 1, NOW)
