"""A bot that buys coins in a sandbox and trades to the end; docs/sandbox.md tells the rest."""

import os
from decimal import Decimal
from time import sleep

from tradepost_client import FINAL_STATES, Chain, Client, Trader, Wallet
from tradepost_client.amounts import from_minor
from tradepost_contracts.terms import ZERO_ADDRESS

URL = os.environ.get("TRADEPOST_URL", "http://127.0.0.1:8000")
NODE = os.environ.get("RPC_URL", "http://127.0.0.1:8545")
METHOD = "sepa_instant"

with Client(URL) as client, Chain(NODE, poll_s=0.3) as chain:
    trader = Trader(client, chain, Wallet.create())
    trader.sign_in()
    for gift in client.draw_from_faucet(trader.wallet.address).gifts:
        chain.arrived(gift.tx_hash)
    before = from_minor(trader.escrow.balance(ZERO_ADDRESS), 18)
    print(f"{trader.wallet.address} has {before:f} ETH")

    offer = None
    while offer is None:  # the traders come a moment after the exchange
        sleep(0.5)
        book = client.offers(
            direction="sell", asset="ETH", currency="EUR", payment_methods=[METHOD], online=True
        )
        offer = next((one for one in book if "keeps to the rules" in (one.terms or "")), None)
    trade = trader.take(offer, method=METHOD, amount=Decimal("0.05"))
    print(f"takes {trade.amount:f} ETH for {trade.fiat_amount:f} EUR")

    # Everything that happened to this account's trades, from the first on, and what happens next.
    for _ in client.stream(["trades"], resume_from={"trades": 0}):
        trade = trader.trade(trade.id)
        print(f"the trade is {trade.state}")
        if trade.state == "escrowed" and trade.sealed_payment_details:
            print("pays to", trader.open_payment_details(trade.id)["iban"])
            trader.payment_sent(trade.id)
        if trade.state in FINAL_STATES:
            break

    after = from_minor(trader.escrow.balance(ZERO_ADDRESS), 18)
    print(f"{trader.wallet.address} has {after:f} ETH, {after - before:+f}")
