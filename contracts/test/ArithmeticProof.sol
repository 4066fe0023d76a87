// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Silence, Verdict} from "../src/Types.sol";
import {Arithmetic} from "../src/lib/Arithmetic.sol";

/// @title What must hold of the ballot arithmetic for all numbers: for the compiler's SMT checker, never deployed.
contract ArithmeticProof {
    /// @notice A decided ballot stays decided, whatever votes come.
    /// @param n Voters.
    /// @param yes Votes for it.
    /// @param no Votes against it.
    /// @param moreYes Later votes for it.
    /// @param moreNo Later votes against it.
    function whatIsCertainStaysSo(uint32 n, uint32 yes, uint32 no, uint32 moreYes, uint32 moreNo) external pure {
        require(uint256(yes) + no + moreYes + moreNo <= n);
        Verdict verdict = Arithmetic.certain(n, yes, no);
        if (verdict == Verdict.Open) return;
        assert(Arithmetic.certain(n, uint256(yes) + moreYes, uint256(no) + moreNo) == verdict);
    }

    /// @notice When all have voted, or the deadline has passed, there is a verdict.
    /// @param n Voters.
    /// @param yes Votes for it.
    /// @param no Votes against it.
    /// @param silence What the silent count as.
    /// @param minVotes How many must vote where the silent abstain.
    function thereIsAlwaysAnEnd(uint32 n, uint32 yes, uint32 no, Silence silence, uint16 minVotes) external pure {
        require(uint256(yes) + no <= n);
        if (uint256(yes) + no == n) assert(Arithmetic.certain(n, yes, no) != Verdict.Open);
        Verdict last = Arithmetic.atDeadline(n, yes, no, silence, minVotes);
        assert(last == Verdict.Passed || last == Verdict.Failed);
    }

    /// @notice Nothing passes without a vote for it where silence does not approve.
    /// @param n Voters.
    /// @param no Votes against it.
    function nothingPassesByItself(uint32 n, uint32 no) external pure {
        require(no <= n);
        assert(Arithmetic.certain(n, 0, no) != Verdict.Passed);
        assert(Arithmetic.atDeadline(n, 0, no, Silence.Reject, 0) == Verdict.Failed);
        assert(Arithmetic.atDeadline(n, 0, no, Silence.Abstain, 0) == Verdict.Failed);
    }
}
