"""`tradepost offer import`: offers of a file, each published once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from tradepost.entrypoints.cli import said
from tradepost.entrypoints.cli.desk import Desk
from tradepost.entrypoints.cli.importing.files import Fault, Row, read
from tradepost.entrypoints.cli.importing.runs import Report, Step, key_of, run
from tradepost_client import Client
from tradepost_client.amounts import to_minor
from tradepost_client.errors import ProblemError
from tradepost_client.models import Exchange
from tradepost_client.offers import NewOffer, read_offer

#: Columns that the API calls otherwise.
_OWN: Final = {"margin": "margin_bps", "hours": "working_hours"}
_SHOWN: Final = {name: column for column, name in _OWN.items()}
COLUMNS: Final = (frozenset(NewOffer.__annotations__) | _OWN.keys()) - set(_OWN.values())
_LISTS: Final = frozenset({"payment_methods", "taker_countries"})
_AMOUNTS: Final = ("min_amount", "max_amount", "total_amount", "first_trade_limit")


def import_file(desk: Desk, file: Path, *, dry_run: bool) -> None:
    """Checks every row of the file, and publishes those that are right unless `dry_run`."""
    rows, faults = read(file, COLUMNS)
    client = desk.client(signed_in=not dry_run)
    lists = Lists(client, client.exchange())
    offers: list[tuple[Row, NewOffer]] = []
    for row in rows:
        offer, wrong = understood(row)
        wrong += lists.faults(row.line, offer) if offer is not None else []
        faults += wrong
        if offer is not None and not wrong:
            offers.append((row, offer))
    report = Report("offers", dry_run=dry_run, faults=faults)
    if dry_run or not offers:
        report.right = len(offers)
        report.end(desk)
    trader = desk.trader()
    desk.ask(
        [
            (
                f"Offers to be published, unless they were before: {len(offers)};"
                f" wrong lines: {report.wrong_lines}."
            ),
            f"The escrow's wallet is {trader.wallet.address}.",
        ],
        "Publish?",
    )
    account = client.account().id

    def publish(offer: NewOffer, key: str) -> str:
        return trader.publish_offer(**offer, once=key).id

    keyed = ((row, offer, key_of("offer", account, row)) for row, offer in offers)
    run(
        desk,
        report,
        [Step(row.line, key, partial(publish, offer, key)) for row, offer, key in keyed],
    )


def understood(row: Row) -> tuple[NewOffer | None, list[Fault]]:
    """The offer that a row says, or all that is wrong with it whatever the exchange."""
    document: dict[str, Any] = {}
    wrong: list[Fault] = []
    for column, value in row.said.items():
        try:
            document[_OWN.get(column, column)] = _value(column, value)
        except ValueError as error:
            wrong.append(Fault(row.line, column, str(error)))
    if wrong:
        return None, wrong
    if "max_amount" in document:
        document.setdefault("total_amount", document["max_amount"])
    offer, faults = read_offer(document)
    return offer, [Fault(row.line, _SHOWN.get(name, name), words) for name, words in faults]


def _value(column: str, value: Any) -> Any:
    if column in _LISTS:
        return re.split(r"[\s,;|]+", value) if isinstance(value, str) else value
    if column == "hours":
        texts = value if isinstance(value, list) else _as_text(value).split(";")
        return said.hours([text for text in texts if text.strip()])
    if column == "margin":
        return said.margin(_as_text(value))
    if column == "closes_at":
        return said.moment(_as_text(value))
    return value


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        raise ValueError("has to be one value")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


@dataclass
class Lists:
    """What the exchange trades, asked for as far as the rows need it."""

    client: Client
    exchange: Exchange
    _methods: Mapping[str, tuple[str, ...] | None] | None = None
    _sources: dict[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)

    def faults(self, line: int, offer: NewOffer) -> list[Fault]:
        """What of an offer the exchange does not trade, and what is finer than its units."""
        return [Fault(line, _SHOWN.get(name, name), words) for name, words in self._unfit(offer)]

    def _unfit(self, offer: NewOffer) -> Iterator[tuple[str, str]]:
        decimals = {}
        for name, known in (
            ("asset", {one.code: one.decimals for one in self.exchange.assets}),
            ("currency", {one.code: one.decimals for one in self.exchange.currencies}),
        ):
            code = str(offer[name])  # type: ignore[literal-required]  # one of the two above
            if code not in known:
                yield name, f"the exchange does not trade {code}"
            else:
                decimals[name] = known[code]
        yield from self._unfit_methods(offer)
        if len(decimals) < 2:
            return
        yield from _too_fine(offer, decimals[offer.get("amount_unit") or "asset"])
        if offer.get("margin_bps") is not None:
            yield from self._unfit_source(offer)

    def _unfit_methods(self, offer: NewOffer) -> Iterator[tuple[str, str]]:
        if self._methods is None:
            self._methods = {one.code: one.currencies for one in self.client.payment_methods()}
        for code in offer["payment_methods"]:
            carried = self._methods.get(code, ())
            if code not in self._methods:
                yield "payment_methods", f"the exchange does not know {code}"
            elif carried is not None and offer["currency"] not in carried:
                yield "payment_methods", f"{code} does not carry {offer['currency']}"

    def _unfit_source(self, offer: NewOffer) -> Iterator[tuple[str, str]]:
        pair = offer["asset"], offer["currency"]
        if pair not in self._sources:
            self._sources[pair] = self._sources_of(*pair)
        known, source = self._sources[pair], offer.get("price_source") or "index"
        if known is None:
            yield "margin", f"nobody tells the exchange a price of {'/'.join(pair)}"
        elif source != "index" and source not in known:
            yield "price_source", f"the exchange has no source {source} of {'/'.join(pair)}"

    def _sources_of(self, asset: str, currency: str) -> frozenset[str] | None:
        """The names of the sources of a pair; None where nobody quotes it."""
        try:
            return frozenset(one.name for one in self.client.price(asset, currency).sources)
        except ProblemError as error:
            if error.slug == "pair-not-quoted":
                return None
            if error.slug != "price-unavailable":
                raise
            told = error.facts.get("sources")
            rows = told if isinstance(told, list) else []
            return frozenset(str(one.get("name")) for one in rows if isinstance(one, dict))


def _too_fine(offer: NewOffer, decimals: int) -> Iterator[tuple[str, str]]:
    for name in _AMOUNTS:
        amount = offer.get(name)
        if not isinstance(amount, Decimal):
            continue
        try:
            to_minor(amount, decimals)
        except ValueError as error:
            yield name, str(error)
