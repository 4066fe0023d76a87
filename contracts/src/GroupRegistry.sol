// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ballots} from "./Ballots.sol";
import {Claims} from "./Claims.sol";
import {IBallots} from "./IBallots.sol";
import {Rosters} from "./Rosters.sol";
import {Claim, Commit, Group, Kind, Roster, Rules, Terms, Verdict} from "./Types.sol";
import {Changes} from "./lib/Changes.sol";

/// @title Groups that are coordinated on chain: their rosters, and the order of their commits.
/// @notice The first commit recorded under a number wins, so two stewards cannot split a group. A commit is
/// recorded only with a passed ballot over exactly its changes; without one: members' own leaves and rejoins,
/// adds of listed services, and adds by the creator while nobody has a vote. Nobody owns this contract.
contract GroupRegistry is Rosters, Claims {
    /// @notice Adds of one ballot.
    uint256 public constant MAX_VOTED_ADDS = 50;
    /// @notice MLS epochs between two records: commits that only update keys stay off chain.
    uint64 public constant MAX_EPOCH_STEP = 65_536;

    /// @notice Where the ballots are; made by this contract's constructor.
    IBallots public immutable BALLOTS;

    /// @notice A group came to the chain.
    /// @param group Its key.
    /// @param creator Who created it.
    /// @param nameHash Keccak-256 of its name.
    event GroupCreated(bytes32 indexed group, address indexed creator, bytes32 nameHash);
    /// @notice A group's roster was set as a whole.
    /// @param group Its key.
    /// @param number The group's number from now on.
    /// @param epoch MLS epoch.
    /// @param voters Members with a vote.
    /// @param serviceMembers Members without.
    /// @param terms `Changes.termsHash`.
    /// @param candidates Steward candidates.
    /// @param policyHash SHA-256 of the policy.
    event RosterSet(
        bytes32 indexed group,
        uint64 number,
        uint64 epoch,
        address[] candidates,
        address[] voters,
        address[] serviceMembers,
        bytes32 terms,
        bytes32 policyHash
    );
    /// @notice A commit has the number.
    /// @param group The group's key.
    /// @param number In the group's sequence.
    /// @param committer Who recorded it.
    /// @param epoch MLS epoch in which it was made.
    /// @param commitHash SHA-256 of the commit message.
    /// @param ballot Its digest, or zero.
    /// @param adds New members.
    /// @param removes Members voted out.
    /// @param leaves Members that left by their own wish.
    /// @param coordinated False when the group's ballots leave the chain with it.
    event CommitRecorded(
        bytes32 indexed group,
        uint64 indexed number,
        address indexed committer,
        uint64 epoch,
        bytes32 commitHash,
        bytes32 ballot,
        address[] adds,
        address[] removes,
        address[] leaves,
        bool coordinated
    );
    /// @notice The policy changed.
    /// @param group The group's key.
    /// @param number Of the record that did it.
    /// @param candidates Steward candidates.
    /// @param services Listed services.
    /// @param rules How ballots are decided.
    /// @param policyHash SHA-256 of the policy.
    event TermsChanged(
        bytes32 indexed group,
        uint64 number,
        address[] candidates,
        address[] services,
        Rules rules,
        bytes32 policyHash
    );

    /// @notice The caller has created a group of this name.
    error GroupRegistryExists(bytes32 group);
    /// @notice The group's ballots are not on chain, or a roster says so.
    error GroupRegistryNotCoordinated(bytes32 group);
    /// @notice The group is coordinated by the chain: its roster changes by records alone.
    error GroupRegistryCoordinated(bytes32 group);
    /// @notice The caller may not do this.
    error GroupRegistryNotAllowed(bytes32 group, address caller);
    /// @notice The number is not the next; another commit may have it.
    error GroupRegistryWrongNumber(uint64 next);
    /// @notice A commit of an epoch before that of the newest record, or far beyond it.
    error GroupRegistryWrongEpoch(uint64 least);
    /// @notice The group has an undecided ballot.
    error GroupRegistryBallotOpen(bytes32 group);
    /// @notice The ballot is unknown, has not passed, or is of another epoch or older than the newest record.
    error GroupRegistryNoBallot(bytes32 ballot);
    /// @notice The commit's changes are not what was voted, or are of no proper shape.
    error GroupRegistryOtherChanges();
    /// @notice Changes that need a ballot.
    error GroupRegistryBallotNeeded();
    /// @notice A commit without a change, or without a hash.
    error GroupRegistryEmptyCommit();
    /// @notice A claim from before the member's present leaf, or from a later epoch than the commit's.
    error GroupRegistryStaleClaim(address member);

    constructor() {
        BALLOTS = new Ballots(this);
    }

    /// @notice Bring a group to the chain. Its key is made of the caller and the name.
    /// @param nameHash Keccak-256 of the group's name.
    /// @param roster Its members now; the bridges compare it with the MLS group.
    /// @param terms Of its policy; `coordinated` must be true.
    /// @return group Its key.
    function createGroup(bytes32 nameHash, Roster calldata roster, Terms calldata terms)
        external
        returns (bytes32 group)
    {
        group = Changes.groupKey(msg.sender, nameHash);
        Group storage state = _groups[group];
        require(state.creator == address(0), GroupRegistryExists(group));
        state.creator = msg.sender;
        emit GroupCreated(group, msg.sender, nameHash);
        _place(group, roster, terms);
    }

    /// @notice Bring a group back to the chain: by its creator, or by a steward of its last roster here.
    /// @dev The creator may also correct a roster as long as nothing was recorded on it and no ballot is open.
    /// @param group Its key.
    /// @param roster Its members now; the bridges compare it with the MLS group.
    /// @param terms Of its policy; `coordinated` must be true.
    function resumeGroup(bytes32 group, Roster calldata roster, Terms calldata terms) external {
        Group storage state = _known(group);
        bool creator = msg.sender == state.creator;
        require(creator || _isSteward(group, msg.sender), GroupRegistryNotAllowed(group, msg.sender));
        require(
            !state.coordinated || (creator && state.number == state.setAt), GroupRegistryCoordinated(group)
        );
        require(!BALLOTS.isOpen(group), GroupRegistryBallotOpen(group));
        ++state.number;
        state.setAt = state.number;
        _place(group, roster, terms);
    }

    /// @notice Record a commit that leaves the policy as it is.
    /// @param group The group's key.
    /// @param commit The commit.
    function recordCommit(bytes32 group, Commit calldata commit) external {
        _begin(group, commit);
        _requireNextEpoch(group, commit);
        address[] memory voted = _withoutServices(group, commit.adds);
        if (commit.ballot != 0) _requireVoted(group, commit, voted);
        else if (voted.length + commit.removes.length > 0) _requireBootstrap(group, commit);
        address[] memory leaves = _applyClaims(group, commit);
        require(
            commit.adds.length + commit.removes.length + commit.claims.length > 0, GroupRegistryEmptyCommit()
        );
        _move(group, commit);
        _end(group, commit, leaves);
    }

    /// @notice Record a commit that changes the policy, which always takes a ballot.
    /// @param group The group's key.
    /// @param commit The commit; besides the policy it may hold claims and adds of services.
    /// @param terms Of the new policy.
    function recordPolicy(bytes32 group, Commit calldata commit, Terms calldata terms) external {
        _begin(group, commit);
        // A group may leave the chain whatever epoch a lying steward has recorded.
        if (terms.coordinated) _requireNextEpoch(group, commit);
        address[] memory leaves = _applyClaims(group, commit);
        bool alone = _withoutServices(group, commit.adds).length + commit.removes.length == 0;
        bytes32 changes = _requirePassed(group, commit, Kind.Policy);
        address[] memory none = new address[](0);
        bytes32 found = Changes.hash(Kind.Policy, commit.epoch, none, none, Changes.termsHash(terms));
        require(alone && found == changes, GroupRegistryOtherChanges());
        _move(group, commit);
        _setTerms(group, terms);
        emit TermsChanged(
            group, commit.number, terms.candidates, terms.services, terms.rules, terms.policyHash
        );
        _end(group, commit, leaves);
    }

    /// @notice A group's key.
    /// @param creator Who creates it.
    /// @param nameHash Keccak-256 of its name.
    /// @return The key.
    function groupKey(address creator, bytes32 nameHash) external pure returns (bytes32) {
        return Changes.groupKey(creator, nameHash);
    }

    function _place(bytes32 group, Roster calldata roster, Terms calldata terms) private {
        require(terms.coordinated, GroupRegistryNotCoordinated(group));
        _setRoster(group, roster, terms);
        emit RosterSet(
            group,
            _groups[group].number,
            roster.epoch,
            terms.candidates,
            roster.voters,
            roster.serviceMembers,
            Changes.termsHash(terms),
            terms.policyHash
        );
    }

    function _begin(bytes32 group, Commit calldata commit) private view {
        Group storage state = _known(group);
        require(state.coordinated, GroupRegistryNotCoordinated(group));
        require(_isSteward(group, msg.sender), GroupRegistryNotAllowed(group, msg.sender));
        require(commit.number == state.number + 1, GroupRegistryWrongNumber(state.number + 1));
        require(!BALLOTS.isOpen(group), GroupRegistryBallotOpen(group));
        require(commit.commitHash != 0, GroupRegistryEmptyCommit());
        _checkList(commit.adds, MAX_MEMBERS);
        _checkList(commit.removes, MAX_MEMBERS);
        require(commit.claims.length <= MAX_MEMBERS, GroupRegistryBadList());
    }

    function _requireNextEpoch(bytes32 group, Commit calldata commit) private view {
        uint64 least = _groups[group].epoch;
        require(
            commit.epoch >= least && commit.epoch - least <= MAX_EPOCH_STEP, GroupRegistryWrongEpoch(least)
        );
    }

    /// @dev Takes out who leaves; returns them.
    function _applyClaims(bytes32 group, Commit calldata commit) private returns (address[] memory leaves) {
        uint256 count = 0;
        leaves = new address[](commit.claims.length);
        for (uint256 i = 0; i < commit.claims.length; ++i) {
            Claim calldata claim = commit.claims[i];
            Seat storage seat = _seat(group, claim.member);
            require(seat.member, GroupRegistryNotMember(claim.member));
            require(
                seat.since <= claim.epoch && claim.epoch <= commit.epoch, GroupRegistryStaleClaim(claim.member)
            );
            _requireSigned(group, claim);
            if (claim.rejoins) {
                seat.since = commit.epoch + 1;
            } else {
                _remove(group, claim.member);
                leaves[count++] = claim.member;
            }
        }
        // Shortens the list: `count` is at most its length.
        assembly ("memory-safe") {
            mstore(leaves, count)
        }
    }

    function _requireVoted(bytes32 group, Commit calldata commit, address[] memory voted) private view {
        bool removal = commit.removes.length > 0;
        bytes32 changes = _requirePassed(group, commit, removal ? Kind.Remove : Kind.Add);
        require(
            removal
                ? commit.removes.length == 1 && voted.length == 0
                : voted.length > 0 && voted.length <= MAX_VOTED_ADDS,
            GroupRegistryOtherChanges()
        );
        bytes32 found =
            Changes.hash(removal ? Kind.Remove : Kind.Add, commit.epoch, voted, commit.removes, 0);
        require(found == changes, GroupRegistryOtherChanges());
    }

    /// @dev Returns what the ballot was about.
    function _requirePassed(bytes32 group, Commit calldata commit, Kind wanted)
        private
        view
        returns (bytes32)
    {
        (Verdict verdict, Kind kind, uint64 number, uint64 epoch, bytes32 changes) =
            BALLOTS.subject(group, commit.ballot);
        require(
            verdict == Verdict.Passed && number + 1 == commit.number && epoch == commit.epoch,
            GroupRegistryNoBallot(commit.ballot)
        );
        require(kind == wanted, GroupRegistryOtherChanges());
        return changes;
    }

    /// @dev While nobody has a vote, the creator alone adds members.
    function _requireBootstrap(bytes32 group, Commit calldata commit) private view {
        Group storage state = _groups[group];
        require(
            state.voters == 0 && msg.sender == state.creator && commit.removes.length == 0,
            GroupRegistryBallotNeeded()
        );
    }

    /// @dev A listed service may be added without a ballot.
    function _withoutServices(bytes32 group, address[] calldata adds)
        private
        view
        returns (address[] memory rest)
    {
        uint256 count = 0;
        rest = new address[](adds.length);
        for (uint256 i = 0; i < adds.length; ++i) {
            if (!_seat(group, adds[i]).service) rest[count++] = adds[i];
        }
        // Shortens the list: `count` is at most its length.
        assembly ("memory-safe") {
            mstore(rest, count)
        }
    }

    function _move(bytes32 group, Commit calldata commit) private {
        for (uint256 i = 0; i < commit.removes.length; ++i) {
            _remove(group, commit.removes[i]);
        }
        for (uint256 i = 0; i < commit.adds.length; ++i) {
            _add(group, commit.adds[i], commit.epoch + 1);
        }
        // As in the MLS rule: nobody commits his own removal.
        require(_seat(group, msg.sender).member, GroupRegistryNotAllowed(group, msg.sender));
    }

    function _end(bytes32 group, Commit calldata commit, address[] memory leaves) private {
        Group storage state = _groups[group];
        state.number = commit.number;
        state.epoch = commit.epoch + 1;
        state.lastCommit = commit.commitHash;
        emit CommitRecorded(
            group,
            commit.number,
            msg.sender,
            commit.epoch,
            commit.commitHash,
            commit.ballot,
            commit.adds,
            commit.removes,
            leaves,
            state.coordinated
        );
    }
}
