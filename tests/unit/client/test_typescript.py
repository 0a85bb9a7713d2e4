"""The TypeScript client is made from the document as it is, compiles, and keeps to it."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.unit.client.contract import OPERATIONS, Exchange, Unfit
from tradepost.entrypoints.dev.checks import NODE, NODE_MODULES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "clients" / "typescript"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's sources where its packages are found."""
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to((ROOT / NODE_MODULES).resolve())
    return folder


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NODE, *command], cwd=folder, capture_output=True, text=True, check=False, timeout=100
    )


def test_its_types_are_those_of_the_document(client: Path) -> None:
    made = client / "made.d.ts"
    generator = "node_modules/openapi-typescript/bin/cli.js"
    document = str(ROOT / "docs" / "openapi.json")
    options = ["--default-non-nullable=false", "--output", str(made)]
    done = _run(client, generator, document, *options)
    assert done.returncode == 0, done.stderr
    assert made.read_text() == (SOURCES / "src" / "schema.d.ts").read_text(), (
        "see CONTRIBUTING.md, what is generated"
    )


def test_it_compiles_and_knows_every_operation(client: Path) -> None:
    compiler = "node_modules/typescript/bin/tsc"
    done = _run(client, compiler, "--noEmit", "--project", "test/tsconfig.json")
    assert done.returncode == 0, done.stdout


@pytest.fixture
def exchange() -> Iterator[tuple[str, Exchange]]:
    """The document as a server, and its address."""
    judge = Exchange()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = httpx.Request(
                self.command,
                f"http://exchange{self.path}",
                headers=dict(self.headers),
                content=self.rfile.read(length),
            )
            try:
                response = judge(request)
            except Unfit as unfit:
                problem = {"type": "about:blank", "title": str(unfit), "status": 400}
                response = httpx.Response(
                    400, json=problem, headers={"Content-Type": "application/problem+json"}
                )
            self.send_response(response.status_code)
            for name in ("Content-Type", "Content-Length"):
                if name in response.headers:
                    self.send_header(name, response.headers[name])
            self.end_headers()
            self.wfile.write(response.content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - their names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the same
            """Says nothing."""

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
        ThreadPoolExecutor(1) as pool,
    ):
        pool.submit(server.serve_forever, poll_interval=0.05)
        yield f"http://127.0.0.1:{server.server_address[1]}", judge
        server.shutdown()


def test_what_it_asks_is_what_the_document_says(
    client: Path, exchange: tuple[str, Exchange]
) -> None:
    url, judge = exchange
    done = _run(client, "test/contract.ts", url)
    assert done.stdout.split("\n") == [*OPERATIONS, ""], done.stderr
    assert judge.asked == list(OPERATIONS)


def test_a_refusal_is_thrown_with_its_problem(client: Path, exchange: tuple[str, Exchange]) -> None:
    url, _ = exchange
    script = client / "refused.ts"
    script.write_text(
        'import { createClient } from "./src/index.ts";\n'
        f'const of = createClient("{url}");\n'
        'await of.GET("/v1/account").catch((error) => console.log(error.problem.title));\n'
        'try { createClient("http://exchange.example"); } catch { console.log("https"); }\n'
    )
    done = _run(client, "refused.ts")
    assert done.stdout == "get_account needs a token\nhttps\n", done.stderr
