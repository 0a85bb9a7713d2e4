"""Payment codes for the buyer, made on the client: what a banking app scans or opens.

Three kinds: the EPC's QR code for SEPA transfers (EPC069-12, version 002), the BR Code of Pix (the
EMV format of QR codes with a static key and an amount) and UPI's deep link. None is ever made by
the exchange, which does not know the account.

Banks read what a payment says. Its reference is therefore letters and digits that name nothing.
"""

import hashlib
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import segno

from tradepost_payments.model import PaymentMethod

#: Neither I nor O, nor 0 nor 1: people copy it by hand. No vowels, so that no words come out.
_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ23456789"
_REFERENCE_LENGTH: Final = 10
#: What version 13 of a QR code holds at level M.
_MAX_EPC_BYTES: Final = 331
_MAX_AMOUNT: Final = Decimal("999999999.99")


class CodeImpossible(ValueError):
    """A payment code cannot be made of this; the message says why."""


@dataclass(frozen=True, slots=True)
class PaymentCode:
    """What a banking app scans.

    Attributes:
        kind: `epc`, `pix` or `upi`.
        text: What the picture says; Pix's can be pasted, UPI's opened.
    """

    kind: str
    text: str

    def svg(self) -> str:
        """The picture for a page."""
        out = io.BytesIO()
        self._qr().save(out, kind="svg", scale=4, border=4, xmldecl=False)
        return out.getvalue().decode()

    def terminal(self) -> str:
        """The picture in characters of half a line's height."""
        out = io.StringIO()
        self._qr().terminal(out, border=2, compact=True)
        return out.getvalue()

    def _qr(self) -> segno.QRCode:
        # EPC069-12 asks for level M, and no more than version 13.
        return segno.make_qr(self.text, error="m", boost_error=False, encoding="utf-8")


def reference(trade_id: str) -> str:
    """What a payment for this trade says: letters and digits that tell a stranger nothing.

    Both sides have the same from the trade's id, and it cannot be turned back into it.
    """
    number = int.from_bytes(hashlib.sha256(b"payment reference/" + trade_id.encode()).digest())
    letters = []
    for _ in range(_REFERENCE_LENGTH):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)


def payment_code(
    method: PaymentMethod, account: Mapping[str, str], amount: Decimal, currency: str, said: str
) -> PaymentCode | None:
    """The code for one payment; None where the method has none.

    Args:
        method: The trade's payment method.
        account: What `accounts.check_account` gave for the one who is paid.
        amount: In whole units of the currency, with at most two decimals.
        currency: The trade's.
        said: The payment's `reference`.

    Raises:
        CodeImpossible: The amount or a part of the account does not fit into the code.
    """
    makers = {("sepa", "EUR"): _epc, ("sepa_instant", "EUR"): _epc, ("pix", "BRL"): _pix}
    makers["upi", "INR"] = _upi
    make = makers.get((method.code, currency))
    if make is None:
        return None
    if re.fullmatch(r"[A-Z0-9]{1,25}", said) is None:
        raise CodeImpossible("the reference has to be 1 to 25 capital letters and digits")
    if not amount.is_finite() or not 0 < amount <= _MAX_AMOUNT:
        raise CodeImpossible("the amount has to be above zero and below a thousand million")
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount:
        raise CodeImpossible("the amount has more than two decimals")
    return make(account, f"{cents:f}", said)


def _epc(account: Mapping[str, str], amount: str, said: str) -> PaymentCode:
    name = account["account_holder"]
    if len(name) > 70:
        raise CodeImpossible("the name has more than 70 characters")
    lines = (
        "BCD",
        "002",
        "1",  # UTF-8
        "SCT",
        account.get("bic", ""),
        name,
        account["iban"],
        f"EUR{amount}",
        "",  # purpose
        "",  # structured reference
        said,
    )
    text = "\n".join(lines)
    if len(text.encode()) > _MAX_EPC_BYTES:
        raise CodeImpossible("the name is too long for the code")
    return PaymentCode("epc", text)


def _pix(account: Mapping[str, str], amount: str, said: str) -> PaymentCode:
    """The BR Code: fields of two digits for what it is, two for how long, then the value."""
    name = _plain(account["account_holder"], 25)
    # The standard wants a city; who gave none is in Brazil.
    city = _plain(account.get("city", ""), 15) or "BRASIL"
    if not name:
        raise CodeImpossible("the name has no letters that Pix can carry")
    merchant = _entry("00", "br.gov.bcb.pix") + _entry("01", account["pix_key"])
    text = "".join(
        (
            _entry("00", "01"),
            _entry("26", merchant),
            _entry("52", "0000"),
            _entry("53", "986"),
            _entry("54", amount),
            _entry("58", "BR"),
            _entry("59", name),
            _entry("60", city),
            _entry("62", _entry("05", said)),
            "6304",
        )
    )
    return PaymentCode("pix", f"{text}{crc16(text.encode()):04X}")


def _upi(account: Mapping[str, str], amount: str, said: str) -> PaymentCode:
    entries = {
        "pa": account["upi_id"],
        "pn": account["account_holder"],
        "am": amount,
        "cu": "INR",
        "tn": said,
    }
    # A plus for a space is read as a plus by many an app: each is written as %20.
    query = "&".join(f"{name}={quote(value, safe='@')}" for name, value in entries.items())
    return PaymentCode("upi", f"upi://pay?{query}")


def crc16(content: bytes) -> int:
    """The checksum of EMV codes: CRC-16 with polynomial 0x1021, beginning with 0xFFFF."""
    crc = 0xFFFF
    for byte in content:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _entry(tag: str, value: str) -> str:
    if len(value) > 99:
        raise CodeImpossible("a part of the code has more than 99 characters")
    return f"{tag}{len(value):02}{value}"


def _plain(text: str, length: int) -> str:
    """Letters without accents, digits and spaces: what every Brazilian app can read."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    return " ".join(re.sub(r"[^A-Z0-9 ]", " ", bare).split())[:length].strip()
