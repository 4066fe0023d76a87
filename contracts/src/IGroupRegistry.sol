// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Kind, Silence} from "./Types.sol";

/// @title What the ballots and the key packages ask of the registry.
interface IGroupRegistry {
    /// @notice Whether somebody is a member of a group.
    /// @param group Its key.
    /// @param who Whom.
    /// @return Whether.
    function isMember(bytes32 group, address who) external view returns (bool);

    /// @notice Whether somebody has a vote in a group.
    /// @param group Its key.
    /// @param who Whom.
    /// @return Whether.
    function isVoter(bytes32 group, address who) external view returns (bool);

    /// @notice A small number for everybody with a vote, so that votes are kept as bits.
    /// @param group Its key.
    /// @param who Whom.
    /// @return Never the same for two people of a group; 0 for who has no vote.
    function voterIndex(bytes32 group, address who) external view returns (uint256);

    /// @notice Whether somebody may open ballots and record commits: candidate, member, of a coordinated group.
    /// @param group Its key.
    /// @param who Whom.
    /// @return Whether.
    function maySteward(bytes32 group, address who) external view returns (bool);

    /// @notice What a new ballot is bound to.
    /// @param group Its key.
    /// @param kind Of the batch.
    /// @return voters How many there are.
    /// @return number Of the group's newest record.
    /// @return silence The rule for this kind.
    /// @return minVotes Counts where the silent abstain.
    /// @return voting Seconds.
    function ballotTerms(bytes32 group, Kind kind)
        external
        view
        returns (uint32 voters, uint64 number, Silence silence, uint16 minVotes, uint32 voting);
}
