"""The page checks what the Python client checks: by the same vectors, which are not stale."""

import json

import pytest

from tests.unit.client.page_checks import FILES, FOLDER, content


@pytest.mark.parametrize("name", FILES)
def test_what_the_page_reads_is_what_the_client_says(name: str) -> None:
    kept = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(content(name))), (
        "python -m tests.unit.client.page_checks writes it anew"
    )
