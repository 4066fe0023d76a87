// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a ballot's batch does: any number of adds, one removal, or one change of policy.
enum Kind {
    Add,
    Remove,
    Policy
}

/// @notice What a voter's silence means when the deadline passes.
enum Silence {
    Abstain,
    Approve,
    Reject
}

/// @notice The state of a ballot.
enum Verdict {
    None,
    Open,
    Passed,
    Failed
}

/// @notice How ballots are decided. `voting` in seconds; `minVotes` counts where silence abstains.
struct Rules {
    Silence adds;
    Silence removals;
    Silence policies;
    uint16 minVotes;
    uint32 voting;
}

/// @notice What the chain has to know of a group's policy. Lists ascend strictly.
/// `services` are addresses that relay and steward without a vote, members or not. `policyHash` is the SHA-256
/// of the canonical policy. `coordinated` is false when ballots return to the group's own network.
struct Terms {
    address[] candidates;
    address[] services;
    Rules rules;
    bool coordinated;
    bytes32 policyHash;
}

/// @notice Who is in the group at MLS epoch `epoch`: `voters`, and those of the terms' services that are
/// members (`serviceMembers`). Lists ascend strictly.
struct Roster {
    uint64 epoch;
    address[] voters;
    address[] serviceMembers;
}

/// @notice A member's own wish, with his EIP-712 signature: to leave, or to have his leaf replaced.
struct Claim {
    address member;
    bool rejoins;
    uint64 epoch;
    bytes signature;
}

/// @notice One commit, as the group's next `number`. `epoch` is the MLS epoch in which it was made,
/// `commitHash` the SHA-256 of the commit message, `ballot` the digest of the ballot or zero.
/// `adds` and `removes` leave out what `claims` do; all lists ascend strictly.
struct Commit {
    uint64 number;
    uint64 epoch;
    bytes32 commitHash;
    bytes32 ballot;
    address[] adds;
    address[] removes;
    Claim[] claims;
}

/// @notice A group, as the chain sees it. `number` counts records and rosters; `setAt` is the number of the
/// newest roster.
struct Group {
    address creator;
    uint64 number;
    bool coordinated;
    uint64 epoch;
    uint64 setAt;
    uint32 voters;
    uint32 generation;
    Rules rules;
    bytes32 lastCommit;
    bytes32 policyHash;
}
