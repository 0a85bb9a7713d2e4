"""Where the contracts stand, and whether the right code stands there.

They are created by the deterministic deployer that most chains have, with a fixed salt: the same
code has the same address on every chain, and whoever deploys it has no say in it.
"""

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from tradepost_contracts.artifacts import Artifact

#: The deterministic deployer (github.com/Arachnid/deterministic-deployment-proxy).
DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
SALT = keccak(text="Tradepost")


def address(artifact: Artifact) -> str:
    """The contract's address on every chain (CREATE2), in checksum form."""
    deployer = bytes.fromhex(DEPLOYER[2:])
    digest = keccak(b"\xff" + deployer + SALT + keccak(artifact.init_code))
    return to_checksum_address(digest[12:])


def calldata(artifact: Artifact) -> bytes:
    """What a transaction to `DEPLOYER` carries to create the contract, by any account."""
    return SALT + artifact.init_code


def runtime_code_matches(artifact: Artifact, code: bytes) -> bool:
    """Whether `code`, as `eth_getCode` gives it, is the contract's.

    The contract has no immutables, so that its code is the same on every chain and this is a
    comparison of bytes with nothing masked.
    """
    return code == artifact.runtime_code
