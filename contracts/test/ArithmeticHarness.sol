// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Silence, Verdict} from "../src/Types.sol";
import {Arithmetic} from "../src/lib/Arithmetic.sol";

/// @title The ballot arithmetic, callable by tests.
contract ArithmeticHarness {
    /// @notice Cases to decide.
    struct Case {
        uint256 n;
        uint256 yes;
        uint256 no;
        Silence silence;
        uint256 minVotes;
        bool atDeadline;
    }

    /// @notice Decide many cases.
    /// @param cases The cases.
    /// @return verdicts One for each.
    function decide(Case[] calldata cases) external pure returns (Verdict[] memory verdicts) {
        verdicts = new Verdict[](cases.length);
        for (uint256 i = 0; i < cases.length; ++i) {
            Case calldata one = cases[i];
            verdicts[i] = one.atDeadline
                ? Arithmetic.atDeadline(one.n, one.yes, one.no, one.silence, one.minVotes)
                : Arithmetic.certain(one.n, one.yes, one.no);
        }
    }
}
