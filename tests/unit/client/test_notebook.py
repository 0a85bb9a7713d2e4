import stat
from pathlib import Path

import pytest

from tests.unit.client import stage
from tests.unit.client.test_lies import published, taken, told
from tradepost_client import Notebook, errors
from tradepost_client.verify import check_trade


def test_notes_are_kept_exactly(tmp_path: Path) -> None:
    known = check_trade(told(lambda body: None), taken())
    book = Notebook(tmp_path)
    book.keep_trade(known)
    book.keep_offer(published())
    again = Notebook(tmp_path)
    assert again.trade(known.id) == known
    assert again.offer(published().offer_id) == published()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.json")}
    assert modes == {0o600}


@pytest.mark.parametrize("kept", [True, False])
def test_an_escrow_is_for_one_trade(tmp_path: Path, *, kept: bool) -> None:
    known = check_trade(told(lambda body: None), taken())
    book = Notebook(tmp_path if kept else None)
    book.keep_trade(known)
    book.keep_trade(known)
    second = known.model_copy(update={"id": stage.OTHER_TRADE_ID})
    for again in (book, Notebook(tmp_path)) if kept else (book,):
        with pytest.raises(errors.EscrowReused, match=known.id):
            again.keep_trade(second)
        assert again.trade(second.id) is None
    other = second.model_copy(update={"escrow_id": "0x" + "5e" * 32})
    book.keep_trade(other)
    assert book.trade(second.id) == other


def test_without_a_folder_it_remembers_while_it_lives() -> None:
    book = Notebook()
    book.keep_offer(published())
    assert book.offer(published().offer_id) == published()
    assert book.offer("0") is None
    assert Notebook().offer(published().offer_id) is None


def test_a_damaged_note_is_not_passed_over(tmp_path: Path) -> None:
    book = Notebook(tmp_path)
    book.keep_offer(published())
    (path,) = tmp_path.rglob("*.json")
    path.write_text(path.read_text().replace('"side"', '"sides"'))
    with pytest.raises(ValueError, match="damaged"):
        Notebook(tmp_path).offer(published().offer_id)


@pytest.mark.parametrize("name", ["../x", "", "a/b", "A", "a" * 65])
def test_an_id_is_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        Notebook(tmp_path).trade(name)
