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
    (files / "manifest.webmanifest").write_text("{}")
    (files / "sw.js").write_text("self.skipWaiting()")
    (files / "assets" / "main-1a2b.js").write_text("console.log(1)")
    (files / "assets" / "main-1a2b.js.br").write_bytes(PACKED)
    (files / ".vite" / "manifest.json").write_text("{}")
    (files / ".sources").write_text("a hash")
    built = page.load(files)
    monkeypatch.setattr(page, "load", lambda: built)
    return files


PATHS = """
/ /start /wallet /market /notifications /admin /offers/new /offers/0193579a /my/offers
/my/offers/0193579a /trades /trades/0193579a /verify/0193579a /settings
/settings/payment-accounts /settings/tokens /settings/webhooks
/settings/node /settings/notifications /settings/agents
/settings/searches /settings/partners
"""


@pytest.mark.parametrize("path", PATHS.split())
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


async def _policy(api: httpx.AsyncClient, *cookies: bytes) -> dict[str, str]:
    """What the index's policy says, by directive, to who comes with these headers."""
    answer = await api.get("/", headers=[(b"Cookie", cookie) for cookie in cookies])
    assert answer.status_code == 200
    (policy,) = answer.headers.get_list("Content-Security-Policy")
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "origin",
    [
        "https://node.example.org",
        "https://node.example.org:8545",
        "https://node",
        "https://192.0.2.7:443",
        "https://xn--bcher-kva.example",
        f"https://{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}:65535",
        "http://localhost:8545",
        "http://127.0.0.1:8545",
        "http://localhost",
    ],
)
async def test_a_readers_own_node_may_be_asked_and_nothing_else_changes(
    api: httpx.AsyncClient, origin: str
) -> None:
    usual = await _policy(api)
    assert usual["connect-src"] == "'self'"
    for cookie in (
        f"tradepost-node={origin}",
        f"a=b; tradepost-node={origin};c=https://other.example",
    ):
        assert await _policy(api, cookie.encode()) == usual | {"connect-src": f"'self' {origin}"}
    assert (await _policy(api, b"a=b", f"tradepost-node={origin}".encode()))[
        "connect-src"
    ] == f"'self' {origin}"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "cookies",
    [
        (f"tradepost-node={value}",)
        for value in (
            "",
            "*",
            "https:",
            "https://",
            "https://*",
            "https://*.example.org",
            "'unsafe-inline'",
            "https://node.example.org 'unsafe-inline'",
            "https://node.example.org https://other.example",
            "https://node.example.org\thttps://other.example",
            "https://node.example.org,https://other.example",
            '"https://node.example.org"',
            "'https://node.example.org'",
            "https://node.example.org/",
            "https://node.example.org/rpc",
            "https://node.example.org?key=1",
            "https://node.example.org#key",
            "https://user@node.example.org",
            "https://user:word@node.example.org",
            "HTTPS://node.example.org",
            "https://Node.example.org",
            "https://node.example.org.",
            "https://.example.org",
            "https://node..example.org",
            "https://-node.example.org",
            "https://node-.example.org",
            "https://no_de.example.org",
            "https://node.example.org:",
            "https://node.example.org:0",
            "https://node.example.org:08545",
            "https://node.example.org:65536",
            "https://node.example.org:99999",
            "https://node.example.org:854555",
            "https://node.example.org:*",
            "https://node.example.org:8545:8545",
            "https://b\u00fccher.example",
            "https://b\u0131tcoin.example",
            "https://node.example.org:\u0668\u0665",
            "https%3A%2F%2Fnode.example.org",
            "https://node%2eexample.org",
            "https://node.example.org%3bscript-src%20*",
            "https://node.example.org%0d%0aX-Evil:%201",
            "https://[::1]:8545",
            "http://[::1]:8545",
            "http://node.example.org",
            "http://localhost.example.org",
            "http://127.0.0.2",
            "http://127.0.0.1.example.org",
            "ws://localhost",
            "wss://node.example.org",
            "data:",
            "blob:",
            "javascript:alert(1)",
            f"https://{'a' * 64}.example",
            f"https://{'a.' * 126}bc",
            f"https://{'a' * 10_000}",
        )
    ]
    + [
        ("tradepost-node=https://a.example; tradepost-node=https://b.example",),
        ("tradepost-node=https://a.example", "tradepost-node=https://b.example"),
        ("tradepost-node=https://a.example; tradepost-node=",),
        ("Tradepost-Node=https://a.example",),
        ("x-tradepost-node=https://a.example",),
        ("tradepost-node =https://a.example",),
        ("tradepost-node= https://a.example",),
        ("\u00a0tradepost-node=https://a.example",),
        ("tradepost-nodes=https://a.example",),
        ("a=tradepost-node=https://a.example",),
    ],
)
async def test_any_other_value_of_the_cookie_leaves_the_policy_as_it_is(
    api: httpx.AsyncClient, cookies: tuple[str, ...]
) -> None:
    assert await _policy(api, *(cookie.encode() for cookie in cookies)) == await _policy(api)


@pytest.mark.usefixtures("folder")
async def test_what_follows_a_semicolon_is_another_cookie_and_never_the_policys(
    api: httpx.AsyncClient,
) -> None:
    cookie = b"tradepost-node=https://node.example.org; script-src *"
    usual = await _policy(api)
    assert await _policy(api, cookie) == usual | {"connect-src": "'self' https://node.example.org"}


@pytest.mark.usefixtures("folder")
async def test_what_is_kept_under_a_policy_is_not_shown_under_another(
    api: httpx.AsyncClient,
) -> None:
    own = {"Cookie": "tradepost-node=https://node.example.org"}
    other = {"Cookie": "tradepost-node=https://other.example.org"}
    plain, node = await api.get("/"), await api.get("/", headers=own)
    for answer in (plain, node):
        assert {"accept-encoding", "cookie"} <= set(answer.headers["Vary"].lower().split(", "))
    seen = {"If-None-Match": node.headers["ETag"]}
    again = await api.get("/", headers=own | seen)
    assert (again.status_code, again.headers["ETag"]) == (304, node.headers["ETag"])
    assert again.headers["Content-Security-Policy"] == node.headers["Content-Security-Policy"]
    assert "cookie" in again.headers["Vary"].lower()
    assert (await api.get("/", headers=seen)).status_code == 200
    assert (await api.get("/", headers=other | seen)).status_code == 200
    back = await api.get("/", headers=own | {"If-None-Match": plain.headers["ETag"]})
    assert back.status_code == 200


@pytest.mark.usefixtures("folder")
async def test_only_the_index_looks_at_the_cookie(api: httpx.AsyncClient) -> None:
    own = {"Cookie": "tradepost-node=https://node.example.org"}
    for path in ("/sw.js", "/icon.svg", "/assets/main-1a2b.js", "/manifest.webmanifest"):
        plain, node = await api.get(path), await api.get(path, headers=own)
        assert plain.headers["ETag"] == node.headers["ETag"]
        assert "node.example.org" not in str(node.headers)
        assert "cookie" not in node.headers["Vary"].lower()


@pytest.mark.usefixtures("folder")
async def test_the_page_can_be_installed_and_its_worker_has_the_policy_too(
    api: httpx.AsyncClient,
) -> None:
    index, worker = await api.get("/"), await api.get("/sw.js")
    manifest = await api.get("/manifest.webmanifest")
    policy = await _policy(api)
    assert (policy["manifest-src"], policy["worker-src"]) == ("'self'", "'self'")
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    assert worker.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert worker.headers["Content-Security-Policy"] == index.headers["Content-Security-Policy"]
    for answer in (worker, manifest):
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.usefixtures("folder")
async def test_passkeys_are_not_forbidden(api: httpx.AsyncClient) -> None:
    index = await api.get("/")
    assert "publickey-credentials" not in index.headers["Permissions-Policy"]
    assert "require-corp" not in str(index.headers)


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
