"""The follower against a chain that reorganises, with blocks late, twice and out of order."""

import hashlib
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tradepost.escrow.evm.follow import REMEMBERED, Changes, Follower
from tradepost.escrow.model import Block

START = 5


def _block(number: int, parent: bytes, branch: int) -> Block:
    name = hashlib.sha256(f"{number}/{branch}".encode() + parent).digest()
    return Block(number, name, parent, 1_000 + number)


@dataclass
class Node:
    """A chain that can be reorganised; it keeps all blocks it ever had."""

    blocks: list[Block] = field(default_factory=lambda: [_block(0, b"", 0)])
    seen: list[Block] = field(default_factory=list)
    branch: int = 0

    def mine(self, count: int) -> None:
        for _ in range(count):
            tip = self.blocks[-1]
            self.blocks.append(_block(tip.number + 1, tip.hash, self.branch))
        self.seen += self.blocks[-count:]

    def reorganise(self, depth: int, longer: int) -> None:
        depth = min(depth, len(self.blocks) - 1)
        self.branch += 1
        del self.blocks[len(self.blocks) - depth :]
        self.mine(depth + longer)


@dataclass
class Rows:
    """What a database would hold: the applied branch, whole."""

    blocks: list[Block] = field(default_factory=list)

    def apply(self, changes: Changes) -> None:
        self.blocks = [block for block in self.blocks if block.number <= changes.keep]
        for block in changes.blocks:
            if self.blocks:
                assert block.number == self.blocks[-1].number + 1
                assert block.parent_hash == self.blocks[-1].hash
            self.blocks.append(block)


def _catch_up(node: Node, rows: Rows, noise: list[Block]) -> Follower:
    follower = Follower(START, rows.blocks[-REMEMBERED:])
    head = node.blocks[-1]
    while (number := follower.wanted(head)) is not None:
        for stray in noise[:1]:
            follower.take(stray)
            noise = noise[1:]
        wanted = follower.wanted(head)
        if wanted is None:
            break
        follower.take(node.blocks[wanted])
        assert number <= head.number
    changes = follower.changes()
    if changes is not None:
        rows.apply(changes)
    return follower


class ChainMachine(RuleBasedStateMachine):
    """Whatever the chain does, what was applied is the canonical branch."""

    @initialize()
    def begin(self) -> None:
        self.node, self.rows, self.settled = Node(), Rows(), True

    @rule(count=st.integers(1, 20))
    def mine(self, count: int) -> None:
        self.node.mine(count)
        self.settled = False

    @rule(depth=st.integers(1, 12), longer=st.integers(1, 3))
    def reorganise(self, depth: int, longer: int) -> None:
        self.node.reorganise(depth, longer)
        self.settled = False

    @rule(picks=st.lists(st.integers(0, 10_000), max_size=5))
    def catch_up(self, picks: list[int]) -> None:
        known = self.node.seen
        noise = [known[pick % len(known)] for pick in picks if known]
        _catch_up(self.node, self.rows, noise)
        # Noise may have misled it at the end: a round without any mends that.
        _catch_up(self.node, self.rows, [])
        self.settled = True

    @invariant()
    def applied_is_canonical(self) -> None:
        if self.settled:
            assert self.rows.blocks == self.node.blocks[START:]


TestChainMachine = ChainMachine.TestCase


@given(st.integers(1, 12))
def test_a_reorganisation_of_any_depth_is_one_step(depth: int) -> None:
    node, rows = Node(), Rows()
    node.mine(40)
    _catch_up(node, rows, [])
    fork = node.blocks[-1].number - depth
    node.reorganise(depth, 1)
    follower = _catch_up(node, rows, [])
    changes = follower.changes()
    assert changes is not None
    assert changes.keep == fork
    assert [block.number for block in changes.blocks] == list(range(fork + 1, 42))


def test_a_node_that_lags_is_no_reorganisation() -> None:
    node, rows = Node(), Rows()
    node.mine(30)
    _catch_up(node, rows, [])
    follower = Follower(START, rows.blocks)
    assert follower.wanted(node.blocks[20]) is None
    assert follower.changes() is None


def test_nothing_before_the_start_is_wanted() -> None:
    follower = Follower(START, [])
    assert follower.wanted(_block(START - 1, b"", 0)) is None


def test_a_reorganisation_deeper_than_remembered_starts_over() -> None:
    node, rows = Node(), Rows()
    node.mine(400)
    _catch_up(node, rows, [])
    node.reorganise(300, 1)
    _catch_up(node, rows, [])
    _catch_up(node, rows, [])
    assert rows.blocks == node.blocks[START:]


def test_a_block_older_than_remembered_is_ignored() -> None:
    """What is late by more than is remembered says nothing: it may be of any branch."""
    node, rows = Node(), Rows()
    node.mine(270)
    _catch_up(node, rows, [])
    node.mine(1)
    follower = _catch_up(node, rows, [node.blocks[START + 1]])
    assert follower.changes() is not None
    assert rows.blocks == node.blocks[START:]
