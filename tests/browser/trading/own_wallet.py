"""A wallet of the reader's own, as an extension announces it (EIP-6963), on a real chain.

Its keys are on the test's side: the page's requests come here, and a test says what the wallet
does with them.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from playwright.sync_api import BrowserContext

from tradepost.entrypoints.dev.chain import DevChain, RpcError
from tradepost_client import Wallet

_REFUSED = 4001
_FEE = 2 * 10**9
_ANNOUNCE = """
(() => {
  const heard = {};
  const provider = {
    request: async ({ method, params }) => {
      const { result, error } = JSON.parse(
        await window.tradepostTestWallet(JSON.stringify({ method, params: params ?? [] })),
      );
      if (error) throw Object.assign(new Error(error.message), error);
      return result;
    },
    on: (name, tell) => (heard[name] ??= new Set()).add(tell),
    removeListener: (name, tell) => heard[name]?.delete(tell),
  };
  window.tradepostTestWalletSays = (name, value) => heard[name]?.forEach((tell) => tell(value));
  const info = {
    uuid: "7f0c3f66-6f6c-4d39-9c1b-0d5a3a5f2b11",
    name: "Test Wallet",
    icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>",
    rdns: "org.example.wallet",
  };
  const detail = Object.freeze({ info, provider });
  const announce = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
"""


class Refused(Exception):
    """What the wallet answers in the place of a result."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message, "data": data}


@dataclass
class OwnWallet:
    """The wallet, and what it is told to do."""

    keys: Wallet
    node: DevChain
    #: Whether its owner says no to whatever he is asked.
    refuses: bool = False
    #: The network that it is on.
    chain_id: int = 31337
    #: Whether its owner speeds up the next transaction, so that another takes its place.
    replaces: bool = False
    #: The methods that its owner was asked about.
    asked: list[str] = field(default_factory=list)

    def attach(self, context: BrowserContext) -> None:
        """Announces it in every page of a context."""
        context.expose_binding("tradepostTestWallet", lambda _, said: self._answer(said))
        context.add_init_script(_ANNOUNCE)

    def _answer(self, said: str) -> str:
        asked = json.loads(said)
        try:
            return json.dumps({"result": self._do(asked["method"], asked["params"])})
        except Refused as refusal:
            return json.dumps({"error": refusal.body})
        except RpcError as error:
            return json.dumps({"error": {"code": -32000, "message": str(error)}})

    def _do(self, method: str, params: list[Any]) -> Any:
        if method in _OWNERS:
            self.asked.append(method)
            if self.refuses:
                raise Refused(_REFUSED, "The owner said no.")
            return _OWNERS[method](self, params)
        if method == "eth_accounts":
            return [self.keys.address]
        if method == "eth_chainId":
            return hex(self.chain_id)
        return self.node.rpc(method, *params)

    def _connect(self, _: list[Any]) -> list[str]:
        return [self.keys.address]

    def _switch(self, params: list[Any]) -> None:
        self.chain_id = int(params[0]["chainId"], 16)

    def _sign_text(self, params: list[Any]) -> str:
        text, address = params
        self._is_own(address)
        return self.keys.sign_text(bytes.fromhex(text.removeprefix("0x")).decode())

    def _sign_typed(self, params: list[Any]) -> str:
        address, message = params
        self._is_own(address)
        full = json.loads(message) if isinstance(message, str) else message
        if int(full["domain"].get("chainId", self.chain_id)) != self.chain_id:
            raise Refused(-32603, "The chain of the message is not the wallet's.")
        signed = Account.sign_typed_data(self.keys.key, full_message=full)
        return "0x" + bytes(signed.signature).hex()

    def _send(self, params: list[Any]) -> str:
        asked = params[0]
        self._is_own(asked["from"])
        if self.chain_id != 31337:
            raise Refused(-32603, "The wallet is on another network.")
        nonce = int(self.node.rpc("eth_getTransactionCount", self.keys.address, "pending"), 16)
        call = {"from": asked["from"], "to": asked["to"], "value": asked.get("value", "0x0"),
                "data": asked.get("data", "0x")}  # fmt: skip
        gas = asked.get("gas") or self.node.rpc("eth_estimateGas", call)
        transaction = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": nonce,
            "to": asked["to"],
            "value": int(call["value"], 16),
            "data": call["data"],
            "gas": int(gas, 16),
            "maxFeePerGas": _FEE,
            "maxPriorityFeePerGas": _FEE // 2,
        }
        if not self.replaces:
            return self._broadcast(transaction)
        self.replaces = False
        self.node.rpc("evm_setAutomine", False)
        try:
            first = self._broadcast(transaction)
            faster = {"maxFeePerGas": 2 * _FEE, "maxPriorityFeePerGas": _FEE}
            self._broadcast(transaction | faster)
            self.node.rpc("anvil_mine", "0x1")
        finally:
            self.node.rpc("evm_setAutomine", True)
        return first

    def _broadcast(self, transaction: dict[str, Any]) -> str:
        signed = self.keys.sign_transaction(transaction)
        sent: str = self.node.rpc("eth_sendRawTransaction", "0x" + signed.hex())
        return sent

    def _is_own(self, address: str) -> None:
        if address.lower() != self.keys.address.lower():
            raise Refused(4100, "The wallet does not have this account.")


_OWNERS = {
    "eth_requestAccounts": OwnWallet._connect,
    "wallet_switchEthereumChain": OwnWallet._switch,
    "personal_sign": OwnWallet._sign_text,
    "eth_signTypedData_v4": OwnWallet._sign_typed,
    "eth_sendTransaction": OwnWallet._send,
}
