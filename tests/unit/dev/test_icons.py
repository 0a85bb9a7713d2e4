"""The icons of the installed page are those of its SVG."""

import struct
import zlib

import pytest

from tools.web.icons import ICONS, PUBLIC, Picture


def _read(name: str) -> tuple[int, bytes]:
    """The side and the pixels of a PNG without filters, as these are written."""
    body = (PUBLIC / name).read_bytes()
    side, height, *form = struct.unpack(">2I5B", body[16:29])
    assert (height, form) == (side, [8, 6, 0, 0, 0])
    start = body.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", body[start - 8 : start - 4])
    rows = zlib.decompress(body[start : start + length])
    stride = 4 * side + 1
    assert set(rows[::stride]) == {0}
    return side, b"".join(rows[at + 1 : at + stride] for at in range(0, len(rows), stride))


@pytest.mark.parametrize("name", ICONS)
def test_what_is_committed_is_what_the_picture_says(name: str) -> None:
    size, full = ICONS[name]
    side, pixels = _read(name)
    assert side == size
    picture = Picture.read(PUBLIC / "icon.svg")
    # Some rows will do: an edge, the letter's bar, its stem.
    for row in (0, round(size * 11 / 32), size // 2):
        drawn = b"".join(
            picture.pixel((x + 0.5) * 32 / size, (row + 0.5) * 32 / size, 32 / size, full=full)
            for x in range(size)
        )
        assert pixels[row * size * 4 : (row + 1) * size * 4] == drawn


def test_a_maskable_icon_is_ground_to_its_corners_and_the_others_are_not() -> None:
    assert _read("icon-maskable-512.png")[1][3] == 255
    assert _read("icon-512.png")[1][3] == 0
