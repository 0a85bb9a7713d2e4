import pytest

from tests.unit.client.stage import FakeExchange, FakeNode
from tradepost.entrypoints import demo


@pytest.fixture(autouse=True)
def stage(exchange: FakeExchange, node: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo reaches the fakes."""
    import tradepost_client

    monkeypatch.setattr(demo, "Client", tradepost_client.Client)
    monkeypatch.setattr(demo, "Chain", lambda url, poll_s: tradepost_client.Chain(url))


@pytest.mark.parametrize(("exchanges", "nodes"), [(1, 1), (31337, 1), (1, 31337)])
def test_it_plays_on_a_development_chain_only(
    exchanges: int,
    nodes: int,
    exchange: FakeExchange,
    node: FakeNode,
    capsys: pytest.CaptureFixture[str],
) -> None:
    exchange.exchange["chain"]["chain_id"] = exchanges
    node.chain_id = nodes
    assert demo.main([]) == 1
    assert "development chain" in capsys.readouterr().err
    assert node.raw == []


def test_an_asset_that_is_not_traded_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--asset", "DOGE"]) == 1
    assert "does not trade DOGE" in capsys.readouterr().err
