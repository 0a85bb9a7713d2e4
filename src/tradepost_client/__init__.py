"""The typed client of a Tradepost exchange, for traders, bots and tests.

It holds the keys on the trader's side and believes nothing: before it signs or locks it checks the
chain, the contract, the escrow's terms and the amounts by itself. `Client` and `AsyncClient` are
the API alone; `Trader` and `AsyncTrader` add the wallet, the chain and the checks.

    client, chain = Client("http://127.0.0.1:8000"), Chain("http://127.0.0.1:8545")
    trader = Trader(client, chain, keystore.unlock(path, passphrase), Notebook(folder))
    trader.sign_in()
    trade = trader.take(offer, fiat_amount=Decimal("100"), method="sepa_instant")

`_async` is written by hand; `_sync` is made from it by `tools/unasync_client.py`.
"""

from tradepost_client._async.chain import AsyncChain
from tradepost_client._async.client import AsyncClient
from tradepost_client._async.escrow import AsyncEscrow
from tradepost_client._async.owner import AsyncOwner
from tradepost_client._async.trader import FINAL_STATES, AsyncTrader
from tradepost_client._sync.chain import Chain
from tradepost_client._sync.client import Client
from tradepost_client._sync.escrow import Escrow
from tradepost_client._sync.owner import Owner
from tradepost_client._sync.trader import Trader
from tradepost_client.notebook import Notebook
from tradepost_client.policy import Retries
from tradepost_client.wallet import TradeKey, Wallet

__all__ = [
    "FINAL_STATES",
    "AsyncChain",
    "AsyncClient",
    "AsyncEscrow",
    "AsyncOwner",
    "AsyncTrader",
    "Chain",
    "Client",
    "Escrow",
    "Notebook",
    "Owner",
    "Retries",
    "TradeKey",
    "Trader",
    "Wallet",
]
