"""Makes the documents that come from the code: `python -m tradepost.entrypoints.docs [--check]`.

`docs/errors.md` lists every problem the API can answer with, each has its page in `docs/problems`;
`docs/openapi.json` is the API's description, `docs/asyncapi.json` that of the streams, and
`docs/schema.graphql` that of GraphQL, kept in the repository so that a change of them is seen.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tradepost.entrypoints import problems
from tradepost.entrypoints.graphql.schema import SCHEMA
from tradepost.entrypoints.http import build
from tradepost.kernel.settings import AssetSetting, Settings
from tradepost.notifications.http import asyncapi

DOCS = Path(__file__).parents[3] / "docs"

_ERRORS = """# Errors

Every error is a problem document (RFC 9457, `application/problem+json`): `type`, `title`,
`status`, `retryable`, and where it helps `detail` and facts of the case. The `type` is stable and
the same on every exchange: `urn:tradepost:problem:` and the name below. Where *retry* says yes,
the same request can succeed later without a change.

Made from the code by `python -m tradepost.entrypoints.docs`.

| Name | Status | Retry | Meaning |
|---|---|---|---|
"""


def errors(pages: Mapping[str, problems.ProblemPage]) -> str:
    """The page of all problems."""
    rows = [
        f"| [`{page.name}`](problems/{page.name}.md) | {page.status} |"
        f" {'yes' if page.retryable else 'no'} | {page.title} |"
        for page in pages.values()
    ]
    return _ERRORS + "\n".join(rows) + "\n"


def document() -> dict[str, Any]:
    """The API's description, with a sandbox's; nothing else in it depends on settings."""
    settings = Settings(
        database_url=SecretStr("postgresql://nowhere"),
        rpc_url=SecretStr("http://nowhere"),
        secret=SecretStr("a secret that signs nothing at all"),
        assets=(AssetSetting(code="ETH", decimals=18),),
        relayer_key=SecretStr("0x" + "11" * 32),
        arbitrator="0x" + "11" * 20,
        sandbox=True,
    )
    return build(settings).openapi()


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Writes the documents, or with `--check` says which are stale."""
    described = document()
    pages = problems.pages(described)
    wanted = {
        DOCS / "errors.md": errors(pages),
        DOCS / "openapi.json": _json(described),
        DOCS / "asyncapi.json": _json(asyncapi.document()),
        DOCS / "schema.graphql": SCHEMA.as_str() + "\n",
    } | {DOCS / "problems" / f"{name}.md": problems.markdown(page) for name, page in pages.items()}
    left = set((DOCS / "problems").glob("*.md")) - set(wanted)
    if "--check" not in sys.argv[1:]:
        (DOCS / "problems").mkdir(exist_ok=True)
        for path, text in wanted.items():
            path.write_text(text)
        for path in left:
            path.unlink()
        return 0
    stale = [str(path.relative_to(DOCS)) for path in sorted(left)] + [
        str(path.relative_to(DOCS))
        for path, text in wanted.items()
        if not path.exists() or path.read_text() != text
    ]
    for name in stale:
        print(f"docs/{name} is stale: run `python -m tradepost.entrypoints.docs`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
