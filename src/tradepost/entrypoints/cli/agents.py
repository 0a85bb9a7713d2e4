"""`tradepost agent-token`, `confirmations`, `confirm`, `refuse`: an owner and his agents."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from tradepost.entrypoints.cli import shown
from tradepost.entrypoints.cli.desk import Desk, command

if TYPE_CHECKING:
    from tradepost_client.confirmations import Confirmation

owner = typer.Typer()

_DAY_S = 24 * 3600
ConfirmationId = Annotated[str, typer.Argument(help="The confirmation's id.")]


@command(owner, "agent-token")
def agent_token(
    desk: Desk,
    label: Annotated[str, typer.Option(help="What you call it.")] = "agent",
    days: Annotated[int, typer.Option(min=1, max=90, help="How long it is good.")] = 7,
) -> None:
    """Make a token for an agent: it can look and ask you, and do nothing by itself."""
    from tradepost_client.confirmations import AGENT_SCOPES

    made = desk.client().create_token(label, AGENT_SCOPES, days * _DAY_S)
    machine = {"token": made.token, "expires_at": made.expires_at.isoformat()}
    desk.say("It is shown this once. Revoke it when the agent has done its work.")
    desk.show(machine, lambda: shown.pairs(machine.items()))


@command(owner, "confirmations")
def list_confirmations(
    desk: Desk,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    every: Annotated[
        bool, typer.Option("--all", help="Those too that have their answer, or have lapsed.")
    ] = False,
) -> None:
    """Show what your agents ask you to confirm, the newest first."""
    asked = desk.client().confirmations()
    some = list(islice((one for one in asked if every or one.state == "pending"), limit))
    desk.show(
        {"data": [one.model_dump(mode="json") for one in some]},
        lambda: shown.table(
            ("id", "state", "until", "what"),
            [(one.id, one.state, shown.moment(one.expires_at), one.summary) for one in some],
        ),
    )


@command(owner, "confirm", asks=True)
def confirm(desk: Desk, confirmation_id: ConfirmationId) -> None:
    """Look at what an agent asks, and have it done: your wallet signs what is to be signed."""
    from tradepost_client import Owner

    trader = desk.trader()
    asked = trader.client.confirmation(confirmation_id)
    desk.ask(_told(asked), "Confirm it?")
    done = Owner(trader).confirm(asked)
    machine = done.model_dump(mode="json") | {"verified": True}
    desk.show(machine, lambda: shown.trade(done, verified=True))


@command(owner, "refuse")
def refuse(desk: Desk, confirmation_id: ConfirmationId) -> None:
    """Refuse what an agent asks: it cannot be confirmed any more."""
    refused = desk.client().refuse_confirmation(confirmation_id)
    machine = refused.model_dump(mode="json")
    desk.show(machine, lambda: typer.echo("It is refused; nothing was done."))


def _told(asked: "Confirmation") -> list[str]:
    """All that decides what happens: the exchange's wording alone is not enough."""
    decides = {name: text for name, text in asked.parameters.items() if name != "terms"}
    lines = [asked.summary, *(f"  {name}: {text}" for name, text in decides.items())]
    if terms := asked.parameters.get("terms"):
        lines.append(f"  the maker's terms: {terms}")
    return [*lines, f"An agent asked for it; it can be confirmed until {asked.expires_at}."]
