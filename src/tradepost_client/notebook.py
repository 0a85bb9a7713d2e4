"""What a client keeps of its agreements, so that a later process holds the exchange to them.

A notebook with a folder keeps one file of mode 0600 for each offer, trade and escrow; one without
keeps them in memory. It holds no secret. Without it nothing is lost but memory: the keys come from
the wallet, and an agreement can be made anew from the exchange's word, which is then trusted.
"""

import re
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tradepost_client.agreement import Agreement, KnownTrade
from tradepost_client.errors import EscrowReused
from tradepost_client.files import write_private

_SAFE_ID = re.compile(r"[0-9a-f-]{1,64}")
Note = TypeVar("Note", bound=BaseModel)


class _EscrowNote(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    trade_id: str


class Notebook:
    """Agreements by offer, verified trades by id."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._memory: dict[tuple[str, str], str] = {}

    def keep_offer(self, agreement: Agreement) -> None:
        """Keeps what the maker agreed to with his offer, in the place of what it was before."""
        self._write("offers", agreement.offer_id, agreement)

    def offer(self, offer_id: str) -> Agreement | None:
        """What the maker agreed to with this offer."""
        return self._read("offers", offer_id, Agreement)

    def keep_trade(self, known: KnownTrade) -> None:
        """Keeps a verified trade, and that its escrow is for no other.

        Nothing in an escrow's terms names the trade: an exchange could show one lock to a buyer for
        two trades with the same seller over the same amount, and he would pay twice for it.

        Raises:
            EscrowReused: It is the escrow of another trade already.
        """
        name = known.escrow_id.removeprefix("0x")
        note = self._read("escrows", name, _EscrowNote)
        if note is not None and note.trade_id != known.id:
            raise EscrowReused(f"{known.escrow_id} is that of the trade {note.trade_id}.")
        # First, so that no trade is ever kept whose escrow is still anybody's.
        self._write("escrows", name, _EscrowNote(trade_id=known.id))
        self._write("trades", known.id, known)

    def trade(self, trade_id: str) -> KnownTrade | None:
        """The trade as it was verified first."""
        return self._read("trades", trade_id, KnownTrade)

    def _write(self, kind: str, name: str, note: BaseModel) -> None:
        content = note.model_dump_json(indent=1)
        self._memory[kind, name] = content
        if self._folder is not None:
            write_private(self._path(kind, name), content + "\n")

    def _read(self, kind: str, name: str, model: type[Note]) -> Note | None:
        content = self._memory.get((kind, name))
        if content is None and self._folder is not None:
            try:
                content = self._path(kind, name).read_text(encoding="utf-8")
            except FileNotFoundError:
                return None
        if content is None:
            return None
        try:
            return model.model_validate_json(content)
        except ValidationError:
            # Trusting the exchange instead would be what the note is there to prevent.
            raise ValueError(
                f"The note on {kind} {name} is damaged; look at it, or delete it."
            ) from None

    def _path(self, kind: str, name: str) -> Path:
        assert self._folder is not None
        # The id comes from the exchange: it must not become a path to somewhere else.
        if not _SAFE_ID.fullmatch(name):
            raise ValueError(f"{name!r} is not an id.")
        return self._folder / kind / f"{name}.json"
