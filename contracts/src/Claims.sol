// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Claim} from "./Types.sol";
import {Signatures} from "./lib/Signatures.sol";

/// @title Members' own wishes, which need no ballot: to leave, and to have one's leaf replaced.
abstract contract Claims is EIP712 {
    /// @notice What a claim signs.
    bytes32 public constant CLAIM_TYPEHASH =
        keccak256("Claim(bytes32 group,address member,bool rejoins,uint64 epoch)");

    /// @notice The member has not signed this claim.
    error GroupRegistryBadClaim(address member);

    constructor() EIP712("demls GroupRegistry", "1") {}

    /// @dev Reverts unless the member signed it for this group and epoch.
    function _requireSigned(bytes32 group, Claim calldata claim) internal view {
        bytes32 hash = _hashTypedDataV4(
            keccak256(abi.encode(CLAIM_TYPEHASH, group, claim.member, claim.rejoins, claim.epoch))
        );
        require(Signatures.isBy(claim.member, hash, claim.signature), GroupRegistryBadClaim(claim.member));
    }
}
