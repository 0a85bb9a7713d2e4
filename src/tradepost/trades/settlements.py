"""What two of three sign to share a trade's coins: a share is offered, joined, or lapses.

Whoever signs first chooses the share and the last chain time of his offer; whoever joins signs the
same. The contract takes two signatures over the same words, and only until that time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from tradepost.escrow.model import Party, SignedSettlement
from tradepost.kernel.errors import Problem

#: A signature that is given cannot be taken back: an offer is open for a month at most.
LONGEST_OFFER_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Settlement:
    """A sum for the buyer (minor units) that one party has signed, until `valid_until` (unix s)."""

    party: Party
    buyer_amount: int
    valid_until: int
    signature: bytes

    @property
    def share(self) -> tuple[int, int]:
        """What is signed: two signatures of the same meet."""
        return self.buyer_amount, self.valid_until

    def lapsed(self, chain_time: int) -> bool:
        """Whether the contract would refuse it at this chain time."""
        return chain_time > self.valid_until


def check_time(valid_until: int, chain_time: int) -> None:
    """Raises `SettlementLapsed` or `SettlementTooLong` for an offer's last chain time (unix s)."""
    if valid_until <= chain_time:
        raise SettlementLapsed(chain_time=chain_time)
    if valid_until > chain_time + LONGEST_OFFER_S:
        raise SettlementTooLong(latest=chain_time + LONGEST_OFFER_S)


def agreed(settlements: Iterable[Settlement], chain_time: int) -> SignedSettlement | None:
    """The share that two have signed and that the contract still takes, if there is one."""
    open_ = [one for one in settlements if not one.lapsed(chain_time)]
    for first, second in combinations(open_, 2):
        if first.share == second.share:
            return SignedSettlement(
                *first.share, first.party, first.signature, second.party, second.signature
            )
    return None


class SettlementTooLarge(Problem):
    """The buyer cannot be given more than the trade's amount."""

    status = 400


class SettlementLapsed(Problem):
    """The contract would take this settlement no more: its last chain time has passed."""

    status = 409


class SettlementTooLong(Problem):
    """A settlement can be open for 30 days of chain time at most."""

    status = 400
