"""`run.py demo`: a whole trade on a development chain, told step by step.

A seller publishes an offer, a buyer takes it; the seller locks the coins, the buyer pays and says
so, the seller releases; the buyer has the coins. Both use the typed client, which believes nothing
that it can check. It ends with 0 only if the coins are the buyer's on the chain.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tradepost_client import Chain, Client, Trader, Wallet
from tradepost_client.agreement import DEVELOPMENT_CHAIN
from tradepost_client.amounts import from_minor, to_minor
from tradepost_client.errors import TradepostError
from tradepost_client.evm import Progress, Receipt
from tradepost_client.models import Asset, Exchange, Offer, Trade, native
from tradepost_contracts.state import Status
from tradepost_contracts.terms import ZERO_ADDRESS

#: The first account of every development chain, known to everybody and rich there alone.
_FAUCET_KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
_GAS_MONEY = Decimal("0.05")
_CURRENCY, _METHOD = "EUR", "sepa_instant"
_PATIENCE_S = 120.0


class DemoFailed(Exception):
    """What the demo shows did not come about; the message says what."""


@dataclass(frozen=True, slots=True)
class Play:
    """What is traded: the price of a coin, the money paid, and the least that can be taken."""

    price: Decimal
    fiat: Decimal
    least: Decimal


_OF_A_COIN = Play(Decimal("2500.00"), Decimal("250.00"), Decimal("0.01"))
_OF_A_DOLLAR = Play(Decimal("0.98"), Decimal("98.00"), Decimal(1))


def demo(url: str, rpc: str, asset: str | None) -> None:
    """Plays a trade of `asset`, or one of the chain's coin and one of a token.

    Args:
        url: The exchange.
        rpc: The development chain's node.
        asset: An asset's code.

    Raises:
        DemoFailed: It is not a development chain, or the buyer does not have the coins.
        TradepostError: A step of the trade failed.
    """
    with Client(url) as client, Chain(rpc, poll_s=0.3) as chain:
        exchange = client.exchange()
        found = {chain.chain_id(), exchange.chain.chain_id}
        if found != {DEVELOPMENT_CHAIN}:
            raise DemoFailed(
                f"The demo plays on a development chain ({DEVELOPMENT_CHAIN}) only, not on"
                f" {', '.join(map(str, sorted(found)))}."
            )
        for one in _chosen(exchange, asset):
            with Client(url) as sellers, Client(url) as buyers:
                seller = Trader(sellers, chain, Wallet.create())
                buyer = Trader(buyers, chain, Wallet.create())
                _Demo(chain, seller, buyer, one).run()


def _chosen(exchange: Exchange, code: str | None) -> list[Asset]:
    if code is not None:
        try:
            return [exchange.asset(code)]
        except KeyError:
            raise DemoFailed(f"The exchange does not trade {code}.") from None
    coins = [asset for asset in exchange.assets if asset.token is None][:1]
    return coins + [asset for asset in exchange.assets if asset.token is not None][:1]


class _Demo:
    """One trade between a maker who sells and a taker who buys."""

    def __init__(self, chain: Chain, seller: Trader, buyer: Trader, asset: Asset) -> None:
        self._chain = chain
        self._seller = seller
        self._buyer = buyer
        self._asset = asset
        self._play = _OF_A_COIN if asset.token is None else _OF_A_DOLLAR
        self._steps = 0

    def run(self) -> None:
        """Plays it from the wallets to the buyer's coins."""
        kind = "the chain's own coin" if self._asset.token is None else "an ERC-20 token"
        title = f"A trade of {self._asset.code}, {kind}"
        print(f"\n{title}\n{'=' * len(title)}", flush=True)
        self._fund()
        before = self._balances()
        offer = self._publish()
        trade = self._take(offer)
        self._lock(trade)
        self._pay(trade)
        self._release(trade)
        after = self._balances()
        self._check(trade, after - before)

    def _fund(self) -> None:
        faucet, address = Wallet(bytes.fromhex(_FAUCET_KEY)), self._seller.wallet.address
        amount = to_minor(2 * self._play.fiat / self._play.price, self._asset.decimals)
        gas = to_minor(_GAS_MONEY, 18)
        native_trade = self._asset.token is None
        sent = self._chain.transact(faucet, address, value=gas + amount * native_trade)
        self._chain.wait(sent, step="fund")
        if self._asset.token is not None:
            data = encode(["address", "uint256"], [address, amount])
            mint = keccak(text="mint(address,uint256)")[:4] + data
            sent = self._chain.transact(faucet, self._asset.token, mint)
            self._chain.wait(sent, step="mint")
        self._step("Two fresh wallets; the development chain's faucet fills the seller's")
        self._note("seller", address)
        self._note("buyer", f"{self._buyer.wallet.address} has nothing, and will need no gas")

    def _publish(self) -> Offer:
        self._seller.sign_in()
        offer = self._seller.publish_offer(
            direction="sell",
            asset=self._asset.code,
            currency=_CURRENCY,
            price=self._play.price,
            min_amount=self._play.least,
            max_amount=self._play.least * 100,
            total_amount=self._play.least * 100,
            payment_methods=[_METHOD],
            terms="From an account in your own name only.",
        )
        self._step("The seller signs in by his wallet and publishes an offer")
        self._note("offer", offer.id)
        self._note("sells", f"{offer.asset} at {offer.price:f} {offer.currency}, by {_METHOD}")
        return offer

    def _take(self, offer: Offer) -> Trade:
        self._buyer.sign_in()
        book = self._buyer.client.offers(
            direction="sell",
            asset=offer.asset,
            currency=offer.currency,
            fiat_amount=self._play.fiat,
            payment_methods=[_METHOD],
        )
        seen = next((one for one in book if one.id == offer.id), None)
        if seen is None:
            raise DemoFailed("The offer is not in the book.")
        trade = self._buyer.take(seen, fiat_amount=self._play.fiat, method=_METHOD)
        self._step(f"The buyer finds it in the book, and takes it for {self._play.fiat} EUR")
        self._note("trade", trade.id)
        self._note("amount", f"{trade.amount:f} {trade.asset} for {trade.fiat_amount:f} EUR")
        self._note("escrow", f"{trade.escrow.id}")
        self._note("", "which is the digest of its terms, as both clients have recomputed it")
        return trade

    def _lock(self, trade: Trade) -> None:
        self._step("The seller's client checks code, terms and amounts, and locks the coins")
        for receipt in self._seller.lock(trade.id, _progress):
            self._transaction(receipt, "the seller")
        trade = self._seller.until(trade.id, {"escrowed"}, timeout_s=_PATIENCE_S)
        self._note("trade", trade.state)

    def _pay(self, trade: Trade) -> None:
        fields = {"account_holder": "Rosa Muster", "iban": "DE02120300000000202051"}
        self._seller.send_payment_details(trade.id, fields)
        self._step("The seller signs his payment details and seals them to the buyer's key")
        kept = self._buyer.client.trade(trade.id).sealed_payment_details or ""
        self._note("exchange", f"keeps {kept[:44]}... and cannot read it")
        details = self._buyer.open_payment_details(trade.id)
        self._step("The buyer's client sees the coins locked on the chain, and opens them")
        self._note("details", ", ".join(f"{name} {value}" for name, value in details.items()))
        trade = self._buyer.payment_sent(trade.id)
        self._step(f"The buyer pays {trade.fiat_amount:f} EUR at his bank, and signs that he paid")
        self._note("trade", trade.state)

    def _release(self, trade: Trade) -> None:
        self._step("The seller sees the money and signs; the exchange brings it to the chain")
        self._seller.release(trade.id)
        done = self._buyer.until(trade.id, {"completed"}, timeout_s=_PATIENCE_S)
        receipt = self._chain.receipt(done.escrow.tx_hash or "")
        if receipt is None:
            raise DemoFailed("The release is not on the chain.")
        self._transaction(receipt, "the exchange's relayer")
        self._note("trade", done.state)

    def _check(self, trade: Trade, gained: Decimal) -> None:
        status = self._buyer.escrow.state(self._buyer.known(trade.id)).status
        self._step("What the chain says at the end")
        self._note("escrow", status.name.lower())
        self._note("buyer", f"{gained:f} {self._asset.code} more than before")
        if status is not Status.RELEASED or gained != trade.amount:
            raise DemoFailed(f"The buyer should have {trade.amount:f} {self._asset.code} more.")
        print(f"\nThe buyer has his {trade.amount:f} {self._asset.code} on the chain.", flush=True)

    def _balances(self) -> Decimal:
        """Shows what both have, and gives what the buyer has of the coin."""
        code, decimals, token = self._asset.code, self._asset.decimals, native(self._asset)
        print(f"\n    {'balance':9} {code:>26} {'' if token == ZERO_ADDRESS else 'for gas':>26}")
        found = Decimal(0)
        for name, trader in (("seller", self._seller), ("buyer", self._buyer)):
            found = from_minor(trader.escrow.balance(token), decimals)
            gas = from_minor(trader.escrow.balance(ZERO_ADDRESS), 18)
            shown = "" if token == ZERO_ADDRESS else f"{gas:f}"
            print(f"    {name:9} {found:>26f} {shown:>26}", flush=True)
        return found

    def _step(self, words: str) -> None:
        self._steps += 1
        print(f"\n{self._steps:2}. {words}", flush=True)

    def _note(self, name: str, words: str) -> None:
        print(f"    {name:9} {words}", flush=True)

    def _transaction(self, receipt: Receipt, payer: str) -> None:
        fee = from_minor(receipt.fee, 18)
        self._note("on chain", receipt.tx_hash)
        self._note("", f"block {receipt.block_number}, gas {receipt.gas_used:,}:")
        self._note("", f"{fee:f} ETH, paid by {payer} ({receipt.sender})")


def _progress(progress: Progress) -> None:
    seen = f"{progress.confirmations} of {progress.needed} confirmations"
    print(f"    {progress.step:9} {seen}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Reads the arguments and plays; returns the exit code."""
    own = os.environ
    parser = argparse.ArgumentParser(prog="demo", description="Play a whole trade.")
    parser.add_argument("--url", default=own.get("TRADEPOST_URL") or "http://127.0.0.1:8000")
    rpc = own.get("TRADEPOST_RPC") or own.get("RPC_URL") or "http://127.0.0.1:8545"
    parser.add_argument("--rpc", default=rpc)
    parser.add_argument("--asset", help="An asset's code; by default the coin, then a token.")
    given = parser.parse_args(arguments)
    try:
        demo(given.url, given.rpc, given.asset)
    except (TradepostError, DemoFailed, ValueError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
