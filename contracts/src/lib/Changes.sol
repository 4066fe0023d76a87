// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Kind, Terms} from "../Types.sol";

/// @title Names of groups and of changes: the twin of bridge/protocol/onchain.py.
library Changes {
    /// @notice A group's key: nobody but its creator can take the name.
    /// @param creator Who creates it.
    /// @param nameHash Keccak-256 of its name.
    /// @return The key.
    function groupKey(address creator, bytes32 nameHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(creator, nameHash));
    }

    /// @notice What a ballot decides on.
    /// @param kind Of the batch.
    /// @param epoch MLS epoch of the ballot.
    /// @param adds Strictly ascending, without services.
    /// @param removes Strictly ascending.
    /// @param terms Hash of the new terms, zero when the policy stays.
    /// @return The hash that voters sign, with the ballot's digest.
    function hash(Kind kind, uint64 epoch, address[] memory adds, address[] memory removes, bytes32 terms)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                kind, epoch, keccak256(abi.encodePacked(adds)), keccak256(abi.encodePacked(removes)), terms
            )
        );
    }

    /// @notice One word for all of the terms.
    /// @param terms Of a group.
    /// @return Their hash.
    function termsHash(Terms calldata terms) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(abi.encodePacked(terms.candidates)),
                keccak256(abi.encodePacked(terms.services)),
                terms.rules,
                terms.coordinated,
                terms.policyHash
            )
        );
    }
}
