"""Cursors: handed back as they were given, and never bent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.kernel.cursors import Cursors
from tradepost.kernel.errors import InvalidCursor

SECRET = "a secret of the exchange, long enough"
positions = st.lists(st.text(st.characters(codec="utf-8")) | st.integers(), max_size=4)


@given(st.text(st.characters(codec="utf-8")), positions)
def test_a_position_comes_back(purpose: str, position: list[str | int]) -> None:
    cursors = Cursors(SECRET)
    cursor = cursors.write(purpose, position)
    assert cursors.read(purpose, cursor) == position
    assert cursor.isascii()


@given(positions)
def test_it_serves_no_other_list_and_no_other_exchange(position: list[str | int]) -> None:
    cursor = Cursors(SECRET).write("offers sell", position)
    with pytest.raises(InvalidCursor):
        Cursors(SECRET).read("offers buy", cursor)
    with pytest.raises(InvalidCursor):
        Cursors("the secret of another exchange, long").read("offers sell", cursor)


@given(st.text())
def test_what_was_not_written_here_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        Cursors(SECRET).read("offers", cursor)


@given(st.data(), positions)
def test_a_bent_cursor_is_refused(data: st.DataObject, position: list[str | int]) -> None:
    cursor = Cursors(SECRET).write("offers", position)
    payload, signature = cursor.rsplit(".", 1)
    other = Cursors(SECRET).write("offers", [*position, 1]).rsplit(".", 1)[0]
    bent = data.draw(
        st.sampled_from(
            [f"{other}.{signature}", signature, payload, f"{payload}.", f".{signature}"]
        )
    )
    with pytest.raises(InvalidCursor):
        Cursors(SECRET).read("offers", bent)
