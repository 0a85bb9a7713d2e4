"""Operations one after the other: what one answers is what the next is about.

Which leads to which, Schemathesis finds in the names of the document. Who walks has one of each
thing to begin with, a trade too. Whatever he is answered well about a thing of his, somebody else
asks as well, and gets nothing.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import FlakyStrategyDefinition

from tests.contract.asks import HOOK, locked, made
from tests.contract.ground import Case, Ground
from tests.contract.schema import EXAMPLES, ONCE, SCHEMA, SEED, is_private
from tests.faults.arena import SEALED, Arena
from tests.faults.deals import Player
from tests.faults.liar import Liar

pytestmark = pytest.mark.slow

#: What stands alone leads nowhere; and whoever ends his session walks no further.
_ALONE = (
    r"^/(livez|readyz|v1/(time|exchange|problems|nonces|accounts|sessions|markets|prices|chain|push/key"
    r"|admin)\b)"
)
Machine: Any = SCHEMA.exclude(path_regex=_ALONE).as_state_machine()
#: Chains of one walker: after that most of what he had is used up.
_CHAINS = 6


async def _walker(arena: Arena) -> Player:
    """A seller in the middle of a trade, with one of each thing that an account can have."""
    player = (await locked(arena)).seller
    token = {"label": "bot", "scopes": ["offers:read"], "expires_in_s": 3600}
    await made(player, "/v1/tokens", token)
    await made(player, "/v1/saved-searches", {"name": "Coins", "asset": "ETH"})
    await made(player, "/v1/payment-accounts", {"method": "sepa", "sealed": SEALED})
    webhook = await made(player, "/v1/webhooks", {"url": HOOK})
    await made(player, f"/v1/webhooks/{webhook['id']}/test")
    return player


@pytest.mark.parametrize("number", range(EXAMPLES))
def test_what_one_answers_is_what_the_next_is_about(ground: Ground, number: int) -> None:
    liar = Liar(ground.arena, Counter(), {})
    walked: Counter[str] = Counter()
    failed: list[Exception] = []
    walker = ground.run(_walker, ground.arena)

    @contextmanager
    def noted() -> Iterator[None]:
        try:
            yield
        except Exception as error:
            failed.append(error)
            raise

    @hypothesis.seed(1_000 * SEED + number)
    class Walk(Machine):  # type: ignore[misc]  # made of the document
        def setup(self) -> None:
            ground.counts["chains"] += 1

        def before_call(self, case: Case) -> None:
            # A schema of the whole answer fits no part of it.
            case.query.pop("fields", None)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            ground.look()
            return {"headers": ground.headers(case, walker)}

        def call(self, case: Case, **kwargs: Any) -> Any:
            with noted():
                response = case.call(**kwargs)
                if response.status_code < 300:
                    walked[case.operation.label] += 1
                    if case.path_parameters and is_private(case.operation):
                        self.another(case)
            return response

        def validate_response(self, response: Any, case: Case, **kwargs: Any) -> None:
            with noted():
                super().validate_response(response, case, **kwargs)

        def another(self, case: Case) -> None:
            """What the walker was answered well, asked by a stranger."""
            ground.run(liar.begin)
            stranger = ground.arena.stranger
            headers = {**case.headers, **stranger.headers()}
            response = case.operation.schema.transport.send(
                case.operation.Case(
                    path_parameters=dict(case.path_parameters),
                    query=dict(case.query),
                    body=case.body,
                    media_type=case.media_type,
                ),
                headers=headers,
                app=SCHEMA.app,
            )
            assert response.status_code in {403, 404}, response.text
            ground.run(liar.nothing_changed)
            ground.counts["requests of others"] += 1

    try:
        Walk.run(settings=hypothesis.settings(ONCE, max_examples=_CHAINS, stateful_step_count=25))
    except FlakyStrategyDefinition:
        # The same choices have met an exchange that has moved on: Hypothesis walks no further. What
        # was walked until then is checked, and a request that failed is not taken for this.
        assert not failed, failed
        ground.counts["walks cut short"] += 1
    # It went somewhere: into things that he has.
    assert any("{" in label for label in walked), walked
