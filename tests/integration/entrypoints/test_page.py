"""The page beside the API: what each gets that asks, and with which headers."""

from pathlib import Path

import httpx
import pytest

from tradepost.entrypoints import page

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PACKED = b"packed by the build"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page of this test is built."""
    files = tmp_path / "web"
    (files / "assets").mkdir(parents=True)
    (files / ".vite").mkdir()
    (files / "index.html").write_text("<!doctype html><title>Tradepost</title>")
    (files / "icon.svg").write_text("<svg/>")
    (files / "assets" / "main-1a2b.js").write_text("console.log(1)")
    (files / "assets" / "main-1a2b.js.br").write_bytes(PACKED)
    (files / ".vite" / "manifest.json").write_text("{}")
    (files / ".sources").write_text("a hash")
    built = page.load(files)
    monkeypatch.setattr(page, "load", lambda: built)
    return files


@pytest.mark.parametrize("path", ["/", "/offers/0193579a", "/market", "/settings"])
async def test_a_page_of_the_map_is_the_index(
    folder: Path, api: httpx.AsyncClient, path: str
) -> None:
    answer = await api.get(path, headers=HTML)
    assert (answer.status_code, answer.text) == (200, (folder / "index.html").read_text())
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("folder")
async def test_the_index_is_asked_anew_and_sent_once(api: httpx.AsyncClient) -> None:
    first = await api.get("/")
    again = await api.get("/market", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Security-Policy" in again.headers
    head = await api.head("/")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip, br", True), ("br;q=1", True), ("gzip", False), ("br;q=0", False), ("brx", False)],
)
async def test_a_file_with_a_hash_is_kept_for_a_year_and_packed_for_who_can_unpack(
    folder: Path, api: httpx.AsyncClient, accepted: str, packed: bool
) -> None:
    request = api.build_request(
        "GET", "/assets/main-1a2b.js", headers={"Accept-Encoding": accepted}
    )
    answer = await api.send(request, stream=True)
    body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers.get("Content-Encoding") == ("br" if packed else None)
    assert body == (PACKED if packed else (folder / "assets" / "main-1a2b.js").read_bytes())
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "path",
    [
        "/v1/nowhere",
        "/v1/offers/no/no",
        "/assets/main-old.js",
        "/assets/%2e%2e/%2e%2e/page.py",
    ],
)
async def test_the_apis_404_stays_a_problem_for_browsers_too(
    api: httpx.AsyncClient, path: str
) -> None:
    answer = await api.get(path, headers=HTML)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("folder")
async def test_an_unknown_path_is_told_to_a_browser_by_the_page(api: httpx.AsyncClient) -> None:
    browser, program = await api.get("/no", headers=HTML), await api.get("/no")
    assert (browser.status_code, browser.headers["Content-Type"]) == (
        404,
        "text/html; charset=utf-8",
    )
    assert program.headers["Content-Type"] == "application/problem+json"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("path", ["/.sources", "/.vite/manifest.json", "/assets/main-1a2b.js.br"])
async def test_what_the_build_left_for_itself_is_not_served(
    api: httpx.AsyncClient, path: str
) -> None:
    assert (await api.get(path)).status_code == 404


@pytest.mark.usefixtures("folder")
async def test_the_page_takes_nothing_from_the_api(api: httpx.AsyncClient) -> None:
    assert (await api.get("/livez", headers=HTML)).json()["status"] == "ok"
    assert (await api.get("/v1/accounts", headers=HTML)).status_code == 405
    assert (await api.post("/", json={})).status_code == 404


@pytest.fixture
def unbuilt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An exchange whose page was never built."""
    found = page.load(tmp_path / "none")
    monkeypatch.setattr(page, "load", lambda: found)


@pytest.mark.usefixtures("unbuilt")
async def test_an_exchange_without_a_page_says_so_and_serves_its_api(
    api: httpx.AsyncClient,
) -> None:
    answer = await api.get("/", headers=HTML)
    assert (answer.status_code, "its page is not built" in answer.text) == (404, True)
    assert (await api.get("/v1/time")).status_code == 200
