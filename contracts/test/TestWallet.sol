// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract wallet of one owner, for tests; it can also be told to misbehave.
contract TestWallet is IERC1271 {
    /// @notice How it answers.
    enum Mood {
        Honest,
        Reverts,
        BurnsGas,
        AnswersLong,
        AnswersShort
    }

    address private immutable OWNER;
    /// @notice How it answers.
    Mood public mood;

    /// @param owner Whose signatures count.
    constructor(address owner) {
        OWNER = owner;
    }

    /// @notice Choose how it answers.
    /// @param chosen How.
    function setMood(Mood chosen) external {
        mood = chosen;
    }

    /// @notice Make a call as this wallet.
    /// @param target Whom to call.
    /// @param data With what.
    function execute(address target, bytes calldata data) external {
        require(msg.sender == OWNER, "not the owner");
        (bool done,) = target.call(data);
        require(done, "the call failed");
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (mood == Mood.Reverts) revert("moody");
        if (mood == Mood.BurnsGas) {
            uint256 turns = 0;
            while (gasleft() > 0) ++turns;
        }
        if (mood == Mood.AnswersLong) {
            assembly {
                return(0, 10000)
            }
        }
        if (mood == Mood.AnswersShort) {
            assembly {
                mstore(0, 0x1626ba7e00000000000000000000000000000000000000000000000000000000)
                return(0, 4)
            }
        }
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(hash, signature);
        bool good = failure == ECDSA.RecoverError.NoError && signer == OWNER;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
