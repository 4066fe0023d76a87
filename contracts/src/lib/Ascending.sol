// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

/// @title Lists without repetition: they ascend strictly.
library Ascending {
    /// @notice Whether a list ascends strictly and is without the zero address.
    /// @param list Of addresses.
    /// @return Whether; true for an empty list.
    function holds(address[] calldata list) internal pure returns (bool) {
        address last = address(0);
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] <= last) return false;
            last = list[i];
        }
        return true;
    }
}
