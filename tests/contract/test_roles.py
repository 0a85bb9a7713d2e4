"""Each operation asked by everybody: who may not gets nothing and changes nothing, who may does.

The request is one that its owner is answered well. Others send the very same before him, so that
nothing but who they are is the reason for a refusal.
"""

from collections import Counter

import pytest

from tests.contract.asks import ASKS, Ask, newcomer
from tests.contract.ground import Ground, Operation, case_of
from tests.contract.schema import SCHEMA, is_private
from tests.faults.deals import Player
from tests.faults.liar import Liar

pytestmark = pytest.mark.slow

#: Steps that are for both parties of a trade, whoever comes first.
_OF_BOTH = {"POST /v1/trades/{trade_id}/dispute"}
#: A wallet's proof names no account, and is good once, for whoever brings it; and others who end
#: their sessions could not ask any more.
_NOT_BY_OTHERS = {"POST /v1/account/wallets", "DELETE /v1/sessions/current"}
#: About another account, which everybody may name.
_OF_ANOTHER = {"PUT /v1/my/partners/{account_id}", "DELETE /v1/my/partners/{account_id}"}


def _statuses(label: str) -> set[int]:
    """How a stranger is refused: an offer is there for all, whatever else is not there for him."""
    return {403} if "/offers/" in label else {404}


@pytest.mark.parametrize("label", ASKS)
def test_who_may_and_who_may_not(ground: Ground, label: str) -> None:
    operation = SCHEMA.find_operation_by_label(label)
    assert operation is not None
    ask = ground.ask(label)
    if is_private(operation):
        stranger = ground.run(newcomer, ground.arena)
        others = [] if label in _NOT_BY_OTHERS else [stranger, ground.arena.arbitrator]
        _others_get_nothing(ground, operation, ask, others)
        if ask.other is not None:
            _the_other_party(ground, operation, ask, ask.other)
    headers = {} if ask.player is None else ask.player.headers()
    # With the checks of Schemathesis: among them, whether he is asked who he is at all.
    response = case_of(operation, ask).call_and_validate(headers=headers)
    assert response.status_code < 300, response.text
    ground.counts["operations answered well"] += 1


def _others_get_nothing(
    ground: Ground, operation: Operation, ask: Ask, others: list[Player]
) -> None:
    liar = Liar(ground.arena, Counter(), {})
    ground.run(liar.begin)
    for token in ("", "Bearer tp_" + "A" * 43):
        headers = {"Idempotency-Key": "k"} | ({"Authorization": token} if token else {})
        refused = case_of(operation, ask).call(headers=headers)
        assert refused.status_code == 401, refused.text
    ground.run(liar.nothing_changed)
    for other in others:
        answered = case_of(operation, ask).call(headers=other.headers())
        ground.counts["requests of others"] += 1
        if operation.label in _OF_ANOTHER:
            continue
        assert not any(secret in answered.text for secret in ask.secrets), answered.text
        if ask.path:
            assert answered.status_code in _statuses(operation.label), answered.text
            ground.run(liar.nothing_changed)


def _the_other_party(ground: Ground, operation: Operation, ask: Ask, other: Player) -> None:
    liar = Liar(ground.arena, Counter(), {})
    ground.run(liar.begin)
    if operation.label in _OF_BOTH:
        return
    answered = case_of(operation, ask).call(headers=other.headers())
    ground.counts["requests of others"] += 1
    if operation.method == "get":
        assert answered.status_code == 200, answered.text
    else:
        assert answered.status_code in {400, 403, 409, 422}, answered.text
    ground.run(liar.nothing_changed)
