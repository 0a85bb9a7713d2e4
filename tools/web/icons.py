"""Draws the icons of the installed page from `web/public/icon.svg`, beside it.

Systems want them as pixels. The picture is a square with round corners and a path of straight
lines, so that distances say it all and no library for pictures is needed.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot
from pathlib import Path

from tradepost.entrypoints.dev.data import CLONE

PUBLIC = CLONE / "web" / "public"
#: By name the pixels of a side, and whether the ground goes to the edge: a system cuts a maskable
#: icon to its own shape, of which a circle of four fifths is surely left.
ICONS = {
    "icon-192.png": (192, False),
    "icon-512.png": (512, False),
    "icon-maskable-512.png": (512, True),
}
_SVG = re.compile(
    r'<svg [^>]*viewBox="0 0 (?P<side>\d+) \d+"><rect [^>]*rx="(?P<corner>\d+)" '
    r'fill="#(?P<ground>\w{6})"/><path d="(?P<path>[MHVhv\d .]+)" fill="none" '
    r'stroke="#(?P<ink>\w{6})" stroke-width="(?P<width>\d+)" stroke-linecap="round"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the file says, in its own units."""

    side: float
    corner: float
    ground: bytes
    ink: bytes
    width: float
    #: From and to.
    lines: tuple[tuple[float, float, float, float], ...]

    @classmethod
    def read(cls, path: Path) -> "Picture":
        """The picture of an SVG of this form; raises `ValueError` for any other."""
        found = _SVG.fullmatch(path.read_text().strip())
        if found is None:
            raise ValueError(f"{path.name} has more in it than this can draw")
        return cls(
            float(found["side"]),
            float(found["corner"]),
            bytes.fromhex(found["ground"]),
            bytes.fromhex(found["ink"]),
            float(found["width"]),
            tuple(_lines(found["path"])),
        )

    def pixels(self, size: int, *, full: bool) -> bytes:
        """RGBA, row by row."""
        unit = self.side / size
        rows = bytearray()
        for y in range(size):
            for x in range(size):
                rows += self.pixel((x + 0.5) * unit, (y + 0.5) * unit, unit, full=full)
        return bytes(rows)

    def pixel(self, x: float, y: float, unit: float, *, full: bool) -> bytes:
        """The colour of a point: how deep it lies in a shape, in pixels, is how much it covers."""
        half = self.side / 2
        inner = half - self.corner
        out_x, out_y = max(abs(x - half) - inner, 0.0), max(abs(y - half) - inner, 0.0)
        ground = 1.0 if full else _covered((self.corner - hypot(out_x, out_y)) / unit)
        away = min(_distance(x, y, *line) for line in self.lines)
        ink = _covered((self.width / 2 - away) / unit)
        mixed = (
            round(under + (over - under) * ink)
            for under, over in zip(self.ground, self.ink, strict=True)
        )
        return bytes((*mixed, round(255 * ground)))


def _covered(depth: float) -> float:
    return min(1.0, max(0.0, depth + 0.5))


def _distance(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    """From a point to a line that is level or upright."""
    near_x = min(max(x, min(x1, x2)), max(x1, x2))
    near_y = min(max(y, min(y1, y2)), max(y1, y2))
    return hypot(x - near_x, y - near_y)


def _lines(path: str) -> Iterator[tuple[float, float, float, float]]:
    x = y = 0.0
    for letter, numbers in re.findall(r"([MHVhv])([\d .]+)", path):
        values = [float(number) for number in numbers.split()]
        if letter == "M":
            x, y = values
            continue
        to_x = values[0] if letter == "H" else x + values[0] if letter == "h" else x
        to_y = values[0] if letter == "V" else y + values[0] if letter == "v" else y
        yield x, y, to_x, to_y
        x, y = to_x, to_y


def png(size: int, pixels: bytes) -> bytes:
    """A square picture in RGBA as a PNG."""
    stride = 4 * size
    rows = b"".join(
        b"\0" + pixels[start : start + stride] for start in range(0, len(pixels), stride)
    )
    head = struct.pack(">2I5B", size, size, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


if __name__ == "__main__":
    picture = Picture.read(PUBLIC / "icon.svg")
    for name, (side, full) in ICONS.items():
        (PUBLIC / name).write_bytes(png(side, picture.pixels(side, full=full)))
