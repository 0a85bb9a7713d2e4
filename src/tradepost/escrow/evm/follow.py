"""Follows a chain without touching a network: fed blocks, it says what changed.

The caller asks `wanted()` for a block's number, reads that block and hands it to `take()`, until
nothing is wanted. What has gathered by then, `changes()`, is one step from a branch to another:
applied in one database transaction, no half-way state is ever seen. Blocks may come late, twice
or from a branch that is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tradepost.escrow.model import Block

#: How many blocks are remembered: a reorganisation deeper than this starts all over.
REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Changes:
    """Forget all above `keep`, then append `blocks` (ascending, without a gap)."""

    keep: int
    blocks: tuple[Block, ...]


@dataclass(slots=True)
class Follower:
    """`start` is the first block that matters; `known` the branch as it was last applied."""

    start: int
    known: Sequence[Block]
    _branch: list[Block] = field(init=False)
    _keep: int = field(init=False)

    def __post_init__(self) -> None:
        self._branch = list(self.known)
        self._keep = self._tip()

    def _tip(self) -> int:
        return self._branch[-1].number if self._branch else self.start - 1

    def wanted(self, head: Block) -> int | None:
        """The number of the block to read next on the way to `head`; None at the end of it."""
        if head.number < self.start:
            return None
        if head.number > self._tip():
            return self._tip() + 1
        # A node that lags shows an older block of the same branch: that is no reorganisation.
        lags = self._known_hash(head.number) in {head.hash, None}
        return None if lags else head.number

    def take(self, block: Block) -> None:
        """Adds `block` where it fits; drops what it contradicts; ignores what it cannot place."""
        tip = self._tip()
        oldest = self._branch[0].number if self._branch else self.start
        if not oldest <= block.number <= tip + 1:
            return
        if block.number <= tip:
            if self._known_hash(block.number) == block.hash:
                return
            self._cut(block.number - 1)
        if self._branch and self._branch[-1].hash != block.parent_hash:
            # Its parent is another than ours: ours goes, and is asked for again.
            self._cut(block.number - 2)
        else:
            self._branch.append(block)

    def changes(self) -> Changes | None:
        """What differs from `known`; None if nothing does."""
        fresh = tuple(block for block in self._branch if block.number > self._keep)
        if not fresh and self._keep == (self.known[-1].number if self.known else self._keep):
            return None
        return Changes(self._keep, fresh)

    def branch(self) -> tuple[Block, ...]:
        """The branch after the changes, as far as it is remembered."""
        return tuple(self._branch[-REMEMBERED:])

    def _known_hash(self, number: int) -> bytes | None:
        if not self._branch or number < self._branch[0].number:
            return None
        return self._branch[number - self._branch[0].number].hash

    def _cut(self, number: int) -> None:
        first = self._branch[0].number if self._branch else self.start
        if number < first:
            # Nothing remembered is left: the chain is read again from its start.
            self._branch.clear()
            self._keep = self.start - 1
            return
        del self._branch[number - first + 1 :]
        self._keep = min(self._keep, number)
