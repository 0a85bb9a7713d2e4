"""The web page: its built files, and the route that answers with them beside the API.

What is served is what `web/` was built into (`entrypoints/dev/page.py`), read once at the start. An
exchange without it serves its API alike.
"""

import hashlib
import logging
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

#: Where the page is built into; it is part of the package.
FOLDER: Final = Path(__file__).parents[1] / "web"
_INDEX: Final = "/index.html"
#: What runs beside the page, under a policy of its own.
_WORKER: Final = "/sw.js"
#: The page's own addresses; `web/src/routes.tsx` is their map.
_PAGES: Final = re.compile(
    r"/(start|wallet|market|notifications|admin|trades|my/offers"
    r"|(my/offers|offers|trades|verify)/[^/]{1,64}"
    r"|settings(/(payment-accounts|tokens|webhooks|node|notifications|agents|searches|partners))?)?"
)
#: Where nobody is told of a page that is not there: a program asked, or a file of the page did.
_NO_PAGES: Final = ("/v1/", "/assets/")
#: Files whose names have their own hash in them.
_HASHED: Final = "/assets/"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
#: What the build has packed stands beside what it packed.
_PACKED: Final = ".br"

#: The page runs nothing, shows nothing and asks nobody but what this exchange serves.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; connect-src 'self'"
)
_GUARDS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
}
#: Of the reader's own node, if he has one: the page sets it, and nothing but the policy reads it.
_NODE_COOKIE: Final = "tradepost-node="
#: One origin, to the last letter: what a policy would take for more than its host cannot be in it.
#: A node without TLS is one of the reader's own machine; `[::1]` is missing, as no policy can name
#: an address of IPv6.
_NODE: Final = re.compile(
    r"(https://(?=[^:]{1,253}(:|$))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    r"(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*|http://(localhost|127\.0\.0\.1))"
    r"(:(?P<port>[1-9][0-9]{0,4}))?"
)
_LAST_PORT: Final = 65_535
_NOT_BUILT: Final = (
    "This exchange runs, but its page is not built: 'python3 run.py page' does it.\n"
    "Its API is at /v1, and described at /docs.\n"
)


@dataclass(frozen=True, slots=True)
class _File:
    """One file: as it is, and packed by Brotli where that was worth it."""

    body: bytes
    packed: bytes | None
    tag: str
    headers: Mapping[str, str]


def load(folder: Path = FOLDER) -> dict[str, _File]:
    """The built files by their paths; none where the page was not built."""
    files = {
        name: path
        for path in sorted(folder.rglob("*"))
        # What begins with a point was left there by the build, for itself.
        if path.is_file() and "/." not in (name := f"/{path.relative_to(folder).as_posix()}")
    }
    if _INDEX not in files:
        return {}
    return {
        name: _read(name, path, files.get(name + _PACKED))
        for name, path in files.items()
        if not name.endswith(_PACKED)
    }


def _read(name: str, path: Path, packed: Path | None) -> _File:
    body = path.read_bytes()
    kind = mimetypes.types_map.get(path.suffix, "application/octet-stream")
    if path.suffix == ".webmanifest":
        kind = "application/manifest+json"
    if path.suffix in {".md", ".txt"}:
        kind = "text/plain"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    headers = {
        "Content-Type": kind,
        "Cache-Control": _FOR_EVER if name.startswith(_HASHED) else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if name in {_INDEX, _WORKER}:
        headers |= _GUARDS
    if name == _INDEX:
        headers["Vary"] += ", Cookie"
    tag = f'W/"{_digest(body)}"'
    return _File(body, None if packed is None else packed.read_bytes(), tag, headers)


class PageRoute(BaseRoute):
    """Stands last among the app's routes: it answers what no operation does, and people ask for.

    A path that is neither a file nor a page is told to a browser by the page itself, with 404; to
    everybody else by the API's problem document.
    """

    #: As which requests are counted.
    name = "page"

    def __init__(self, files: Mapping[str, _File]) -> None:
        self._files = files

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this path is the page's; others stay the API's."""
        if scope["type"] != "http" or scope["method"] != "GET":
            return Match.NONE, {}
        path = scope["path"]
        ours = path in self._files or _PAGES.fullmatch(path) is not None
        if ours or (not path.startswith(_NO_PAGES) and _wants_page(scope)):
            return Match.FULL, {"route": self}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends a file, the page, or the word that there is none."""
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path = scope["path"]
        if not self._files:
            return PlainTextResponse(_NOT_BUILT, 404, {"Cache-Control": "no-store"})
        file = self._files.get(path) or self._files[_INDEX]
        known = path in self._files or _PAGES.fullmatch(path) is not None
        headers = {**file.headers, "ETag": file.tag}
        asked = Headers(scope=scope)
        if file is self._files[_INDEX] and (node := own_node(asked)):
            headers["Content-Security-Policy"] = f"{POLICY} {node}"
            # What a browser keeps under a policy is not to be shown under another.
            headers["ETag"] = f'{file.tag[:-1]}.{_digest(node.encode())}"'
        if known and asked.get("If-None-Match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        body = file.body
        if file.packed is not None and _takes_brotli(asked):
            body = file.packed
            headers["Content-Encoding"] = "br"
        return Response(body, 200 if known else 404, headers)

    def url_path_for(self, name: str, /, **path_params: object) -> object:  # type: ignore[override]
        """Nothing: no operation leads to the page."""
        raise NoMatchFound(name, path_params)


def own_node(asked: Headers) -> str | None:
    """The origin of the reader's own node, as his cookie says; None where it is anything else."""
    pairs = (pair.strip(" ") for pair in ";".join(asked.getlist("Cookie")).split(";"))
    said = [pair.removeprefix(_NODE_COOKIE) for pair in pairs if pair.startswith(_NODE_COOKIE)]
    # Of two, one is not the page's.
    found = _NODE.fullmatch(said[0]) if len(said) == 1 else None
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        return None
    return found[0]


def _digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _wants_page(scope: Scope) -> bool:
    return "text/html" in Headers(scope=scope).get("Accept", "")


def _takes_brotli(asked: Headers) -> bool:
    offers = (offer.strip() for offer in asked.get("Accept-Encoding", "").split(","))
    return any(re.fullmatch(r"br(;q=(1|0\.\d*[1-9]\d*))?", offer) for offer in offers)


def route() -> PageRoute:
    """The page of this package, as a route; a word in the log where it is not built."""
    files = load()
    if not files:
        logger.warning("the page is not built: serving the API only")
    return PageRoute(files)
