// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Whether somebody has signed: by key, or as a contract wallet (ERC-1271).
/// @notice Differs from OpenZeppelin's SignatureChecker in two points: a contract gets a bounded amount of gas,
/// so that one wallet cannot burn the gas of a whole batch; and the key counts first, so that an account with
/// delegated code (EIP-7702) still signs with its key, and no account is looked up for the others.
library Signatures {
    /// @notice Gas for a contract wallet; wallets with many owners use some 50,000.
    uint256 internal constant WALLET_GAS = 200_000;

    /// @notice Whether `signer` signed `hash`. Signatures with an upper `s` are refused by ECDSA.
    /// @param signer An account or a contract wallet.
    /// @param hash What was signed.
    /// @param signature 65 bytes, or what the contract wallet understands.
    /// @return Whether.
    function isBy(address signer, bytes32 hash, bytes memory signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecover(hash, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length > 0 && _isByWallet(signer, hash, signature);
    }

    function _isByWallet(address wallet, bytes32 hash, bytes memory signature) private view returns (bool) {
        bytes memory asked = abi.encodeCall(IERC1271.isValidSignature, (hash, signature));
        bool done;
        uint256 size;
        bytes32 answer;
        // No more than one word of the answer is copied: a wallet cannot make us pay for a long one.
        assembly ("memory-safe") {
            done := staticcall(WALLET_GAS, wallet, add(asked, 0x20), mload(asked), 0, 0x20)
            size := returndatasize()
            answer := mload(0)
        }
        return done && size >= 32 && answer == bytes32(IERC1271.isValidSignature.selector);
    }
}
