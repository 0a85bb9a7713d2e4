"""What a contract reverts with, in words that an operator or a trader can read."""

from eth_utils.crypto import keccak

from tradepost_contracts import artifacts

#: How much of what nobody has a name for is kept.
_SHOWN_BYTES = 100
#: The contract's errors, and those of tokens in their usual form.
_NAMES = {
    keccak(text=f"{entry['name']}({','.join(each['type'] for each in entry['inputs'])})")[:4]: (
        str(entry["name"])
    )
    for artifact in (artifacts.DEV_TOKEN, artifacts.ESCROW)
    for entry in artifact.abi
    if entry["type"] == "error"
}


def told(reverted: bytes) -> str:
    """The name of the error, or its bytes; it proves nothing, since any contract can say it."""
    return _NAMES.get(reverted[:4]) or "0x" + reverted[:_SHOWN_BYTES].hex()
