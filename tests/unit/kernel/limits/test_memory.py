"""The memory of one process: bounded, whatever comes."""

import tracemalloc

from tradepost.kernel.limits.bucket import Ask, Policy, Rate, judge
from tradepost.kernel.limits.memory import MemoryStore
from tradepost.kernel.limits.recent import Recent

POLICY = Policy("address", Rate.parse("60/60 burst 100"))


def ask(who: str, units: int = 1) -> list[Ask]:
    return [Ask(who, POLICY, units * POLICY.interval_us)]


def test_a_flood_of_addresses_does_not_fill_the_memory() -> None:
    now = [0]
    store = MemoryStore(lambda: now[0], most=4_096)
    tracemalloc.start()
    try:
        for number in range(100_000):
            now[0] += 1
            store.take(ask(f"address{number:032x}", 100))
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(store) == 4_096
    assert size < 2_000_000


def test_after_a_flood_the_memory_is_given_back() -> None:
    now = [0]
    store = MemoryStore(lambda: now[0])
    for number in range(10_000):
        store.take(ask(str(number)))
    assert len(store) == 10_000
    now[0] += POLICY.capacity_us
    for number in range(2_500):
        store.take(ask(f"later {number}"))
    assert len(store) <= 2_500


def test_who_keeps_coming_is_not_forgotten_in_a_flood() -> None:
    store = MemoryStore(lambda: 0, most=100)
    assert not judge(ask("spender", 100), store.take(ask("spender", 99))).violated
    for number in range(1_000):
        store.take(ask(str(number)))
        if number % 50 == 0:
            store.fine(*ask("spender"))
    assert judge(ask("spender"), store.take(ask("spender"))).violated


def test_what_was_found_is_kept_for_a_while_and_bounded() -> None:
    now = [0]
    recent: Recent[str, int] = Recent(lambda: now[0], kept_s=60, most=2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (None, 2, 3)
    recent.forget("b")
    recent.forget("nobody")
    assert recent.get("b") is None
    now[0] += 60_000_001
    assert recent.get("c") is None
