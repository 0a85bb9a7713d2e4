"""Reads a CSV or JSON file of rows that somebody else may have written.

What is wrong with the whole file raises `FileUnusable`; what is wrong with one row is a `Fault`, so
that all of them are told at once.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

MAX_BYTES: Final = 2_000_000
MAX_LINE: Final = 20_000
MAX_ROWS: Final = 1_000
_NOTHING: Final[tuple[object, ...]] = (None, "", [])
#: A cell may begin with a sign where a number follows, also one of a telephone.
_SIGNED: Final = re.compile(r"[+-][0-9][0-9 .()%/-]*")


class FileUnusable(ValueError):
    """The file is none that can be imported; the message says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one line; `name` is the column."""

    line: int
    name: str
    words: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.name}: {self.words}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row with the line on which it begins; what is empty is left out."""

    line: int
    said: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The same for rows that say the same, whatever their place and form in the file."""
        text = json.dumps(self.said, sort_keys=True, default=str, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path, columns: frozenset[str]) -> tuple[list[Row], list[Fault]]:
    """The rows of a file, of which each has some of `columns`, and what is wrong with others.

    Raises:
        FileUnusable: It cannot be read, is too large, is not UTF-8, or is neither CSV nor JSON.
    """
    try:
        return _read(path, columns)
    except FileUnusable as error:
        raise FileUnusable(f"{path.name}: {error}.") from None


def _read(path: Path, columns: frozenset[str]) -> tuple[list[Row], list[Fault]]:
    text = _text(path)
    found = _json_rows(text) if text.lstrip()[:1] in {"[", "{"} else _csv_rows(text, columns)
    rows: list[Row] = []
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    for number, one in enumerate(found):
        if number == MAX_ROWS:
            raise FileUnusable(f"it has more than {MAX_ROWS} rows")
        if isinstance(one, Fault):
            faults.append(one)
            continue
        wrong = list(_wrong(one, columns))
        before = lines.setdefault(one.digest, one.line)
        if before != one.line:
            wrong.append(Fault(one.line, "row", f"is the same as line {before}"))
        faults += wrong
        if not wrong:
            rows.append(one)
    if not rows and not faults:
        raise FileUnusable("it has no rows")
    return rows, faults


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnusable(f"it cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise FileUnusable(f"it has more than {MAX_BYTES} bytes")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise FileUnusable(f"line {line} has a NUL byte: it is no UTF-8 text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FileUnusable(f"line {line} is not UTF-8") from None
    for number, line_text in enumerate(text.split("\n"), 1):
        if len(line_text) > MAX_LINE:
            raise FileUnusable(f"line {number} has more than {MAX_LINE} characters")
    return text


# --- CSV -----------------------------------------------------------------------------------


def _csv_rows(text: str, columns: frozenset[str]) -> Iterator[Row | Fault]:
    first = text.partition("\n")[0]
    # Where the comma is for decimals, spreadsheets separate by semicolons.
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = _lines(reader)
    try:
        _, header = next(lines)
    except StopIteration:
        raise FileUnusable("it is empty") from None
    names = [name.strip().lower() for name in header]
    _check_header(names, columns)
    for line, cells in lines:
        if len(cells) != len(names):
            yield Fault(line, "row", f"has {len(cells)} cells, the header has {len(names)}")
            continue
        formulas = [
            Fault(line, name, "begins like a formula of a spreadsheet")
            for name, cell in zip(names, cells, strict=True)
            if _is_formula(cell)
        ]
        if formulas:
            yield from formulas
            continue
        said = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        yield Row(line, {name: cell for name, cell in said.items() if cell})


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileUnusable(f"line {line} is not CSV: {error}") from None
        if cells and any(cell.strip() for cell in cells):
            yield line, cells


def _check_header(names: Sequence[str], columns: frozenset[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileUnusable(f"the header has {', '.join(repr(name) for name in twice)} twice")
    unknown = sorted(set(names) - columns)
    if unknown:
        shown = ", ".join(repr(name[:40]) for name in unknown[:10])
        raise FileUnusable(f"the header has unknown columns: {shown}")


def _is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run it, here or where the words of an offer are shown."""
    if cell[:1] in {"=", "@", "\t", "\r"}:
        return True
    return cell[:1] in {"+", "-"} and not _SIGNED.fullmatch(cell.strip())


# --- JSON ----------------------------------------------------------------------------------


class _Members(dict[str, Any]):
    """An object of JSON that remembers which of its names stood twice."""

    twice: tuple[str, ...] = ()


def _members(pairs: list[tuple[str, Any]]) -> _Members:
    found = _Members(pairs)
    names = [name for name, _ in pairs]
    found.twice = tuple(sorted({name for name in names if names.count(name) > 1}))
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _json_rows(text: str) -> Iterator[Row | Fault]:
    """The objects of an array one by one, so that each is told by its line."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_members, parse_float=Decimal, parse_constant=_no_number
    )
    at = _skip(text, 0)
    if text[at] != "[":
        raise FileUnusable("it is not an array of objects")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        line = text.count("\n", 0, at) + 1
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            words = getattr(error, "msg", None) or "a value cannot be read"
            raise FileUnusable(f"line {line} is not JSON: {words}") from None
        yield _row(line, found)
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise FileUnusable(f"line {text.count(chr(10), 0, at) + 1} is not JSON: no ',' or ']'")
    if text[at + 1 :].strip():
        raise FileUnusable("something follows the array")


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in {" ", "\n", "\r", "\t"}:
        at += 1
    return at


def _row(line: int, found: Any) -> Row | Fault:
    if not isinstance(found, _Members):
        return Fault(line, "row", "is not an object")
    if found.twice:
        return Fault(line, found.twice[0][:40], "stands twice")
    said = {name: value for name, value in found.items() if value not in _NOTHING}
    return Row(line, said)


# --- both ----------------------------------------------------------------------------------


def _wrong(row: Row, columns: frozenset[str]) -> Iterator[Fault]:
    for name, value in row.said.items():
        if name not in columns:
            yield Fault(row.line, name[:40], "is not known")
        elif isinstance(value, str) and "\0" in value:
            yield Fault(row.line, name, "has a NUL character")
        elif not isinstance(value, str | int | Decimal | list) or isinstance(value, bool):
            yield Fault(row.line, name, "has to be text, a number or a list of texts")
        elif isinstance(value, list) and not all(isinstance(part, str) for part in value):
            yield Fault(row.line, name, "has to be a list of texts")
