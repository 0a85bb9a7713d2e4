"""Cursors: handed back as they were given, and never bent."""

import pytest
from hypothesis import assume, given
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
    other = Cursors(SECRET).write("offers", [*position, 1])
    place = data.draw(st.integers(0, len(cursor) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_+/=. é").filter(lambda one: one != cursor[place]))
    bent = data.draw(
        st.sampled_from(
            [
                cursor[:place] + letter + cursor[place + 1 :],
                cursor[:place],
                cursor[:place] + letter + cursor[place:],
                # The signature (16 bytes) of one over what another says.
                cursor[:21] + other[21:],
                cursor + "A",
            ]
        )
    )
    assume(bent != cursor)
    try:
        read = Cursors(SECRET).read("offers", bent)
    except InvalidCursor:
        return
    # The last letter may have bits that say nothing.
    assert read == position
    assert len(bent) == len(cursor)
    assert bent[:-1] == cursor[:-1]
