// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Silence, Verdict} from "../Types.sol";

/// @title When a ballot is decided: the twin of bridge/protocol/ballots/arithmetic.py.
/// @notice Both are tested with the cases of tests/data/ballot_table.json.
library Arithmetic {
    /// @notice YES votes that decide before the deadline: all of up to two voters, else two thirds, rounded up.
    /// @param n Voters.
    /// @return Votes.
    function quorum(uint256 n) internal pure returns (uint256) {
        return n <= 2 ? n : (2 * n + 2) / 3;
    }

    /// @notice What no further vote can change.
    /// @param n Voters.
    /// @param yes Votes for it; yes + no <= n.
    /// @param no Votes against it.
    /// @return Open while it is not certain.
    function certain(uint256 n, uint256 yes, uint256 no) internal pure returns (Verdict) {
        if (n == 0) return Verdict.Failed;
        uint256 q = quorum(n);
        if (yes >= q) return Verdict.Passed;
        if (no > n - q || yes + no == n) return Verdict.Failed;
        return Verdict.Open;
    }

    /// @notice The verdict when the deadline has passed.
    /// @param n Voters.
    /// @param yes Votes for it; yes + no <= n.
    /// @param no Votes against it.
    /// @param silence What the silent count as.
    /// @param minVotes How many must vote where the silent abstain.
    /// @return Never Open.
    function atDeadline(uint256 n, uint256 yes, uint256 no, Silence silence, uint256 minVotes)
        internal
        pure
        returns (Verdict)
    {
        Verdict early = certain(n, yes, no);
        if (early != Verdict.Open) return early;
        if (silence == Silence.Approve) return certain(n, n - no, no);
        if (silence == Silence.Reject) return certain(n, yes, n - yes);
        return yes > no && yes + no >= minVotes ? Verdict.Passed : Verdict.Failed;
    }
}
