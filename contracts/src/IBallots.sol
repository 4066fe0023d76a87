// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Kind, Verdict} from "./Types.sol";

/// @title What the registry asks of the ballots.
interface IBallots {
    /// @notice Whether a group has a ballot that is not decided.
    /// @param group Its key.
    /// @return True also when the deadline has passed: then anybody can `finalize`.
    function isOpen(bytes32 group) external view returns (bool);

    /// @notice What a ballot was about.
    /// @param group Its group's key.
    /// @param digest Its digest.
    /// @return verdict None when there is no such ballot.
    /// @return kind Of the batch.
    /// @return number The group's number when the ballot was opened.
    /// @return epoch MLS epoch.
    /// @return changes See `Changes.hash`.
    function subject(bytes32 group, bytes32 digest)
        external
        view
        returns (Verdict verdict, Kind kind, uint64 number, uint64 epoch, bytes32 changes);
}
