"""Files of strangers: each fault is told by its line, and nothing is believed of the rest."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.entrypoints.cli.importing.files import (
    MAX_BYTES,
    MAX_LINE,
    MAX_ROWS,
    FileUnusable,
    Row,
    read,
)

COLUMNS = frozenset({"a", "b", "c"})


def write(folder: Path, content: bytes | str, name: str = "file.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def told(folder: Path, content: bytes | str) -> list[str]:
    return [str(fault) for fault in read(write(folder, content), COLUMNS)[1]]


def test_rows_of_csv_know_their_lines(tmp_path: Path) -> None:
    rows, faults = read(write(tmp_path, 'a,b\n1,x\n\n"2\n3",y\n4,\n'), COLUMNS)
    assert rows == [
        Row(2, {"a": "1", "b": "x"}),
        Row(4, {"a": "2\n3", "b": "y"}),
        Row(6, {"a": "4"}),
    ]
    assert faults == []


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n",
        "\ufeffa,b\r\n1,x\r\n",
        "a;b\n1;x\n",
        " A , B \n 1 , x \n",
        '[{"a": "1", "b": "x", "c": null}]',
        '\ufeff\n [ {"b": "x", "a": "1"} ] \n',
    ],
)
def test_forms_that_say_the_same_are_the_same(content: str, tmp_path: Path) -> None:
    (row,), faults = read(write(tmp_path, content), COLUMNS)
    assert faults == []
    assert row.said == {"a": "1", "b": "x"}
    assert row.digest == Row(1, {"b": "x", "a": "1"}).digest


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,\0\n", "line 2 has a NUL byte"),
        ("a,b\n1,x\n".encode("utf-16"), "NUL byte"),
        (b"a,b\n1,x\n2,\xff\n", "line 3 is not UTF-8"),
        (b"a,b,a\n1,2,3\n", "'a' twice"),
        (b"a,what\n1,2\n", "unknown columns: 'what'"),
        (b"a,\n1,2\n", "unknown columns: ''"),
        (b'a,b\n1,"x\n', "line 2 is not CSV"),
        (b'a,b\n1,"x"y\n', "line 2 is not CSV"),
        (b"a,b\n" + b"x" * 1_000_000 + b",1\n", f"line 2 has more than {MAX_LINE}"),
        (b"a,b\n" + b"1,2\n" * (MAX_BYTES // 4), f"more than {MAX_BYTES} bytes"),
        (b"a\n" + b"".join(b"%d\n" % n for n in range(MAX_ROWS + 1)), f"{MAX_ROWS} rows"),
        (b"[" * 5_000, "not JSON"),
        (b'[{"a": ' + b"[" * 9_000, "not JSON"),
        (b'[{"a": NaN}]', "line 1 is not JSON"),
        (b'[\n{"a": 1}\n{"b": 1}]', "line 3 is not JSON"),
        (b'[{"a": 1}', "not JSON"),
        (b'[{"a": 1}] x', "follows the array"),
        (b'{"a": 1}', "not an array"),
        (b"[]", "no rows"),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(FileUnusable, match=words) as refused:
        read(write(tmp_path, content), COLUMNS)
    assert len(str(refused.value)) < 400


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(FileUnusable, match="cannot be read"):
            read(path, COLUMNS)


@pytest.mark.parametrize(
    "cell", ["=1+1", '"=HYPERLINK(""http://x"")"', "@SUM(A1)", "+cmd|x", "-2+3=cmd", '"\t=1"']
)
def test_a_spreadsheets_formula_is_not_taken(cell: str, tmp_path: Path) -> None:
    assert told(tmp_path, f"a,b\n1,2\n{cell},x\n") == [
        "line 3, a: begins like a formula of a spreadsheet"
    ]


@pytest.mark.parametrize("cell", ["-1.5", "+0.25", "-1 %", "+49 170 (12) 34-56"])
def test_numbers_and_telephones_have_signs(cell: str, tmp_path: Path) -> None:
    (row,), faults = read(write(tmp_path, f"a,b\n{cell},x\n"), COLUMNS)
    assert (row.said["a"], faults) == (cell, [])


def test_every_wrong_row_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, "a,b\n1,2,3\n1\n1,2\n1,2\n") == [
        "line 2, row: has 3 cells, the header has 2",
        "line 3, row: has 1 cells, the header has 2",
        "line 5, row: is the same as line 4",
    ]
    document = """[
        {"a": 1, "a": 2},
        7,
        {"d": 1},
        {"a": {"b": 1}},
        {"a": true},
        {"a": ["x", 1]},
        {"a": "x\\u0000y"},
        {"a": 1}
    ]"""
    assert told(tmp_path, document) == [
        "line 2, a: stands twice",
        "line 3, row: is not an object",
        "line 4, d: is not known",
        "line 5, a: has to be text, a number or a list of texts",
        "line 6, a: has to be text, a number or a list of texts",
        "line 7, a: has to be a list of texts",
        "line 8, a: has a NUL character",
    ]
    assert [row.line for row in read(tmp_path / "file.csv", COLUMNS)[0]] == [9]


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_bytes_of_any_kind_are_read_or_refused(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = write(tmp_path_factory.mktemp("any"), content)
    try:
        rows, faults = read(file, COLUMNS)
    except FileUnusable:
        return
    assert rows or faults


@given(document=st.lists(st.dictionaries(st.sampled_from("abcd"), _VALUES), max_size=5))
def test_json_of_any_kind_is_read_or_refused(
    document: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = write(tmp_path_factory.mktemp("any"), json.dumps(document, indent=1))
    try:
        rows, faults = read(file, COLUMNS)
    except FileUnusable:
        return
    assert len(rows) + len({fault.line for fault in faults}) == len(document)
