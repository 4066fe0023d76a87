// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IBallots} from "./IBallots.sol";
import {IGroupRegistry} from "./IGroupRegistry.sol";
import {Kind, Silence, Verdict} from "./Types.sol";
import {Arithmetic} from "./lib/Arithmetic.sol";
import {Signatures} from "./lib/Signatures.sol";

/// @title Ballots of groups whose rosters the registry holds.
/// @notice A group has one undecided ballot at most, and its roster stands still meanwhile. A vote cannot be
/// changed. Voting ends at the deadline, or as soon as the result is certain.
contract Ballots is IBallots, EIP712 {
    /// @notice One ballot. `changes` is `Changes.hash`; `deadline` in Unix seconds.
    struct Ballot {
        Verdict verdict;
        Kind kind;
        Silence silence;
        uint16 minVotes;
        uint32 voters;
        uint32 yes;
        uint32 no;
        uint40 deadline;
        uint64 epoch;
        uint64 number;
        bytes32 changes;
    }

    /// @notice A vote with its voter's signature.
    struct SignedVote {
        address voter;
        bool yes;
        bytes signature;
    }

    /// @notice Why a vote of a batch was left out.
    enum SkipReason {
        Counted,
        NotAVoter,
        AlreadyVoted,
        BadSignature,
        Closed
    }

    /// @notice What a vote by signature signs.
    bytes32 public constant VOTE_TYPEHASH =
        keccak256("Vote(bytes32 group,bytes32 digest,bytes32 changes,bool support)");
    /// @notice Votes in one transaction.
    uint256 public constant MAX_BATCH = 100;
    /// @notice Seconds by which a steward's clock may be ahead of the chain's.
    uint256 public constant CLOCK_SKEW = 60;

    /// @notice Where the rosters are.
    IGroupRegistry public immutable REGISTRY;

    mapping(bytes32 group => mapping(bytes32 digest => Ballot)) private _ballots;
    mapping(bytes32 group => bytes32 digest) private _newest;
    mapping(bytes32 group => mapping(bytes32 digest => mapping(uint256 word => uint256 bits))) private _voted;

    /// @notice A ballot is open.
    /// @param group Its group's key.
    /// @param digest Its name; voters sign it.
    /// @param steward Who opened it.
    /// @param kind Of the batch.
    /// @param epoch MLS epoch.
    /// @param changes See `Changes.hash`.
    /// @param deadline Unix seconds.
    /// @param voters How many may vote.
    event BallotOpened(
        bytes32 indexed group,
        bytes32 indexed digest,
        address indexed steward,
        Kind kind,
        uint64 epoch,
        bytes32 changes,
        uint64 deadline,
        uint32 voters
    );
    /// @notice A vote counts.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param voter Who.
    /// @param yes For or against.
    event VoteCast(bytes32 indexed group, bytes32 indexed digest, address indexed voter, bool yes);
    /// @notice A vote of a batch does not count.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param voter Whose vote it was said to be.
    /// @param reason Why.
    event VoteSkipped(
        bytes32 indexed group, bytes32 indexed digest, address indexed voter, SkipReason reason
    );
    /// @notice A ballot is over.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param passed The result.
    /// @param yes Votes for it.
    /// @param no Votes against it.
    /// @param byDeadline False when the votes alone made it certain.
    event BallotDecided(
        bytes32 indexed group, bytes32 indexed digest, bool passed, uint32 yes, uint32 no, bool byDeadline
    );

    /// @notice Only a steward candidate that is a member of a coordinated group opens ballots.
    error BallotsNotSteward(bytes32 group, address caller);
    /// @notice A digest without bits, or one that was used.
    error BallotsBadDigest(bytes32 digest);
    /// @notice The group has another ballot that is not decided.
    error BallotsAnotherIsOpen(bytes32 digest);
    /// @notice Nobody has a vote.
    error BallotsNoVoters(bytes32 group);
    /// @notice The deadline leaves less than half of the rules' voting time, or is later than they say.
    error BallotsBadDeadline(uint64 deadline);
    /// @notice There is no such ballot.
    error BallotsUnknown(bytes32 digest);
    /// @notice The ballot is decided, or its deadline has passed.
    error BallotsClosed(bytes32 digest);
    /// @notice Whoever votes is no voter of this group.
    error BallotsNotAVoter(address voter);
    /// @notice A vote cannot be changed.
    error BallotsAlreadyVoted(address voter);
    /// @notice The voter has not signed this vote.
    error BallotsBadSignature(address voter);
    /// @notice An empty batch, or one of more than `MAX_BATCH` votes.
    error BallotsBadBatch(uint256 votes);
    /// @notice The deadline has not passed.
    error BallotsTooEarly(uint64 deadline);
    /// @notice The ballot is decided already.
    error BallotsAlreadyDecided(bytes32 digest);

    /// @param registry Where the rosters are.
    constructor(IGroupRegistry registry) EIP712("demls Ballots", "1") {
        REGISTRY = registry;
    }

    /// @notice Open a ballot. An undecided one whose deadline has passed is decided first.
    /// @param group Its group's key.
    /// @param kind Of the batch.
    /// @param changes See `Changes.hash`.
    /// @param digest Its name, not used before.
    /// @param epoch MLS epoch.
    /// @param deadline Unix seconds: half to all of the rules' voting time ahead, so that nobody votes alone.
    function open(bytes32 group, Kind kind, bytes32 changes, bytes32 digest, uint64 epoch, uint64 deadline)
        external
    {
        require(REGISTRY.maySteward(group, msg.sender), BallotsNotSteward(group, msg.sender));
        require(
            digest != 0 && _ballots[group][digest].verdict == Verdict.None, BallotsBadDigest(digest)
        );
        _closeExpired(group);
        (uint32 voters, uint64 number, Silence silence, uint16 minVotes, uint32 voting) =
            REGISTRY.ballotTerms(group, kind);
        require(voters > 0, BallotsNoVoters(group));
        require(
            deadline >= block.timestamp + (voting + 1) / 2
                && deadline <= block.timestamp + voting + CLOCK_SKEW,
            BallotsBadDeadline(deadline)
        );
        _newest[group] = digest;
        _ballots[group][digest] = Ballot({
            verdict: Verdict.Open,
            kind: kind,
            silence: silence,
            minVotes: minVotes,
            voters: voters,
            yes: 0,
            no: 0,
            deadline: uint40(deadline),
            epoch: epoch,
            number: number,
            changes: changes
        });
        emit BallotOpened(group, digest, msg.sender, kind, epoch, changes, deadline, voters);
    }

    /// @notice Vote, as the caller.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param yes For or against.
    function castVote(bytes32 group, bytes32 digest, bool yes) external {
        _castOne(group, digest, SignedVote(msg.sender, yes, ""), false);
    }

    /// @notice Bring a vote that its voter has signed (EIP-712, ERC-1271).
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param vote The vote.
    function castVoteBySig(bytes32 group, bytes32 digest, SignedVote calldata vote) external {
        _castOne(group, digest, vote, true);
    }

    /// @notice Bring many votes; those that do not count are skipped, with an event each.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param votes 1 to `MAX_BATCH`.
    function castVotesBySig(bytes32 group, bytes32 digest, SignedVote[] calldata votes) external {
        require(votes.length > 0 && votes.length <= MAX_BATCH, BallotsBadBatch(votes.length));
        Ballot memory ballot = _votable(group, digest);
        for (uint256 i = 0; i < votes.length; ++i) {
            SkipReason reason = _count(group, digest, ballot, votes[i], true);
            if (reason != SkipReason.Counted) emit VoteSkipped(group, digest, votes[i].voter, reason);
        }
        _store(group, digest, ballot);
    }

    /// @notice Decide a ballot whose deadline has passed. Anybody may.
    /// @param group The group's key.
    /// @param digest The ballot.
    function finalize(bytes32 group, bytes32 digest) external {
        Ballot memory ballot = _known(group, digest);
        require(ballot.verdict == Verdict.Open, BallotsAlreadyDecided(digest));
        require(block.timestamp >= ballot.deadline, BallotsTooEarly(ballot.deadline));
        _decideByDeadline(group, digest, ballot);
    }

    /// @notice A ballot and its count.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @return The ballot.
    function outcome(bytes32 group, bytes32 digest) external view returns (Ballot memory) {
        return _known(group, digest);
    }

    /// @notice Whether the vote of somebody who has one counts already.
    /// @param group The group's key.
    /// @param digest The ballot.
    /// @param voter Who.
    /// @return Whether.
    function hasVoted(bytes32 group, bytes32 digest, address voter) external view returns (bool) {
        uint256 index = REGISTRY.voterIndex(group, voter);
        return index != 0 && _voted[group][digest][index >> 8] & (1 << (index & 0xff)) != 0;
    }

    /// @inheritdoc IBallots
    function isOpen(bytes32 group) external view returns (bool) {
        return _ballots[group][_newest[group]].verdict == Verdict.Open;
    }

    /// @inheritdoc IBallots
    function subject(bytes32 group, bytes32 digest)
        external
        view
        returns (Verdict verdict, Kind kind, uint64 number, uint64 epoch, bytes32 changes)
    {
        Ballot storage ballot = _ballots[group][digest];
        return (ballot.verdict, ballot.kind, ballot.number, ballot.epoch, ballot.changes);
    }

    function _castOne(bytes32 group, bytes32 digest, SignedVote memory vote, bool signed) private {
        Ballot memory ballot = _votable(group, digest);
        SkipReason reason = _count(group, digest, ballot, vote, signed);
        require(reason != SkipReason.NotAVoter, BallotsNotAVoter(vote.voter));
        require(reason != SkipReason.AlreadyVoted, BallotsAlreadyVoted(vote.voter));
        require(reason != SkipReason.BadSignature, BallotsBadSignature(vote.voter));
        _store(group, digest, ballot);
    }

    /// @dev Counts in memory; `_store` writes the sums, once for a whole batch.
    function _count(
        bytes32 group,
        bytes32 digest,
        Ballot memory ballot,
        SignedVote memory vote,
        bool signed
    ) private returns (SkipReason) {
        if (ballot.verdict != Verdict.Open) return SkipReason.Closed;
        uint256 index = REGISTRY.voterIndex(group, vote.voter);
        if (index == 0) return SkipReason.NotAVoter;
        uint256 voted = _voted[group][digest][index >> 8];
        uint256 bit = 1 << (index & 0xff);
        if (voted & bit != 0) return SkipReason.AlreadyVoted;
        if (signed) {
            bytes32 hash = _hashTypedDataV4(
                keccak256(abi.encode(VOTE_TYPEHASH, group, digest, ballot.changes, vote.yes))
            );
            if (!Signatures.isBy(vote.voter, hash, vote.signature)) return SkipReason.BadSignature;
        }
        _voted[group][digest][index >> 8] = voted | bit;
        if (vote.yes) ++ballot.yes;
        else ++ballot.no;
        ballot.verdict = Arithmetic.certain(ballot.voters, ballot.yes, ballot.no);
        emit VoteCast(group, digest, vote.voter, vote.yes);
        return SkipReason.Counted;
    }

    function _store(bytes32 group, bytes32 digest, Ballot memory ballot) private {
        Ballot storage stored = _ballots[group][digest];
        stored.yes = ballot.yes;
        stored.no = ballot.no;
        if (ballot.verdict != Verdict.Open) _decide(group, digest, ballot, false);
    }

    function _decideByDeadline(bytes32 group, bytes32 digest, Ballot memory ballot) private {
        ballot.verdict = Arithmetic.atDeadline(
            ballot.voters, ballot.yes, ballot.no, ballot.silence, ballot.minVotes
        );
        _decide(group, digest, ballot, true);
    }

    function _decide(bytes32 group, bytes32 digest, Ballot memory ballot, bool byDeadline) private {
        _ballots[group][digest].verdict = ballot.verdict;
        emit BallotDecided(
            group, digest, ballot.verdict == Verdict.Passed, ballot.yes, ballot.no, byDeadline
        );
    }

    function _closeExpired(bytes32 group) private {
        bytes32 newest = _newest[group];
        Ballot memory ballot = _ballots[group][newest];
        if (ballot.verdict != Verdict.Open) return;
        require(block.timestamp >= ballot.deadline, BallotsAnotherIsOpen(newest));
        _decideByDeadline(group, newest, ballot);
    }

    function _votable(bytes32 group, bytes32 digest) private view returns (Ballot memory ballot) {
        ballot = _known(group, digest);
        require(
            ballot.verdict == Verdict.Open && block.timestamp < ballot.deadline, BallotsClosed(digest)
        );
    }

    function _known(bytes32 group, bytes32 digest) private view returns (Ballot memory ballot) {
        ballot = _ballots[group][digest];
        require(ballot.verdict != Verdict.None, BallotsUnknown(digest));
    }
}
