"""What the site's pages are made of, and what they must not ask for."""

import json
from pathlib import Path

from tools.site import build, reference
from tradepost.entrypoints.dev.data import CLONE

API = json.loads((CLONE / "docs" / "openapi.json").read_text())
STREAMS = json.loads((CLONE / "docs" / "asyncapi.json").read_text())


def test_every_operation_is_on_a_page_with_its_scope_cost_and_problems() -> None:
    pages = dict(reference.rest(API))
    text = "\n".join(pages.values())
    for path, item in API["paths"].items():
        for method, operation in item.items():
            assert f"`{method.upper()} {path}`" in text
            assert f"## {operation['summary']}\n" in text
    take = pages["rest/trades.md"].partition("## Take an offer\n")[2].partition("\n## ")[0]
    assert "with a token of the scope `trades:write`, 20 units of the limits" in take
    assert "[`price-moved`](../../problems/price-moved.md)" in take
    assert "**Body:** [TakeOfferBody](../shapes.md#takeofferbody)." in take


def test_every_shape_has_its_fields_and_bounds() -> None:
    text = dict(reference.rest(API))["shapes.md"]
    for name, schema in API["components"]["schemas"].items():
        part = text.partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert all(f"| `{field}` |" in part for field in schema.get("properties", {})), name
    assert "up to 10" in text


def test_every_message_of_a_stream_is_told() -> None:
    ((name, text),) = reference.messages(STREAMS)
    assert name == "stream-messages.md"
    for message in STREAMS["components"]["messages"]:
        assert f"\n## {message}\n" in text
    for shape, schema in STREAMS["components"]["schemas"].items():
        part = text.rpartition(f"# {shape}\n")[2].partition("\n## ")[0]
        assert all(f"| `{field}` |" in part for field in schema.get("properties", {})), shape


def test_a_page_that_asks_another_server_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a href="https://elsewhere.example/">a link is followed by a person</a>\n'
        '<link rel="canonical" href="https://elsewhere.example/a">\n'
        '<script src="draw.js"></script><img alt="" src="//one.example/i.png">\n'
        '<script async src="https://two.example/s.js"></script>\n'
        '<link href="https://three.example/f.css" rel="stylesheet">\n'
    )
    (tmp_path / "b.css").write_text('a { background: url("https://four.example/b.png") }\n')
    assert list(build.strangers(tmp_path)) == [
        "a.html asks another server: //one.example/i.png",
        "a.html asks another server: https://two.example/s.js",
        "a.html asks another server: https://three.example/f.css",
        "b.css asks another server: https://four.example/b.png",
    ]


def test_small_pages_are_listed_in_their_folders_page() -> None:
    assert list(build.unlisted()) == []
