"""The route to the exchange's node, for wallets that have none of their own."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from tradepost.escrow.evm.calls import MAX_PARAMS, NodeMethod, checked, units_of
from tradepost.escrow.evm.node import Node
from tradepost.escrow.model import NodeRefused, NodeUnreachable
from tradepost.kernel.access import Scope, ScopeMissing, Unauthenticated
from tradepost.kernel.database import Database
from tradepost.kernel.http import CHARGE, Bearer, Body, Charged, StrictRoute, authenticated
from tradepost.kernel.limits.costs import costs
from tradepost.kernel.openapi import AUTHENTICATED, problems

router = APIRouter(prefix="/chain", tags=["chain"], route_class=StrictRoute)

_BALANCE: dict[str, Any] = {
    "method": "eth_getBalance",
    "params": ["0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "latest"],
}
_CALL: dict[str, Any] = {
    "method": "eth_call",
    "params": [
        {
            "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
            "data": "0x70a082310000000000000000000000007e5f4552091a69125d5dfcb7b8c2659029395bdf",
        },
        "latest",
    ],
}


class NodeCallBody(Body):
    """A call of JSON-RPC, without its envelope."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BALANCE, _CALL]})

    method: NodeMethod
    params: Annotated[
        list[Any],
        Field(max_length=MAX_PARAMS, description="As the execution API of Ethereum has them."),
    ]


class NodeAnswer(BaseModel):
    """What the node answers; null where it does not know what was named."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"result": "0xde0b6b3a7640000"}]})

    result: str | dict[str, Any] | None


@router.post(
    "/calls",
    response_model=NodeAnswer,
    summary="Ask the exchange's node",
    responses=problems(*AUTHENTICATED, NodeRefused, NodeUnreachable),
    # Without a token there is what everybody can see on the chain.
    openapi_extra={"security": [{}, {"HTTPBearer": []}]} | costs(1, money=False),
)
async def call_node(request: Request, credentials: Bearer, body: NodeCallBody) -> Response:
    """For a wallet without a node of its own; who has one asks that, and believes it more.

    A list of methods, their parameters checked: no other state, no whole transactions of a block,
    data of 16 KiB at most. Left out, a block is `latest`. What the node refuses is the problem
    `node-refused` with its `code`, `message` and, of what reverted, `data`.

    `eth_sendRawTransaction` needs a token with `trades:write`. It gives the transaction's hash,
    also where it was sent before: to send it again does nothing. A call costs 1 unit of the limits,
    and the dearer ones more: `docs/limits.md`.
    """
    params = checked(body.method, body.params)
    charge: Charged | None = request.scope.get(CHARGE)
    if charge is not None and (more := units_of(body.method) - 1):
        await charge.more(more)
    await _admit(request, credentials, body.method)
    node: Node = request.app.state.node
    return Response(
        to_json({"result": await node.ask(body.method, params)}), media_type="application/json"
    )


async def _admit(request: Request, credentials: Bearer, method: NodeMethod) -> None:
    """Raises `Unauthenticated` and `ScopeMissing`; no transaction is held while the node is asked.

    A token that came along has to be good: nobody should believe that he is signed in.
    """
    if credentials is None:
        if method is NodeMethod.SEND:
            raise Unauthenticated
        return
    database: Database = request.app.state.database
    async with database.transaction() as tx:
        caller = await authenticated(request, tx, credentials)
    scope = Scope.TRADES_WRITE
    if method is NodeMethod.SEND and scope not in caller.scopes:
        raise ScopeMissing(f"The scope is {scope}.", scope=scope)
