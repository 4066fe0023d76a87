// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IGroupRegistry} from "./IGroupRegistry.sol";
import {Signatures} from "./lib/Signatures.sol";

/// @title Key packages that wait for a group, so that it can add somebody who is away.
/// @notice The hash is kept, the bytes are in the log. Each package is for one group and is used once: only a
/// steward of that group can mark it, so a stranger burns nobody's packages. Its owner publishes it, or signs it
/// for somebody who pays.
contract KeyPackageRegistry is EIP712 {
    /// @notice Where a package is in its life.
    enum State {
        Unknown,
        Waiting,
        Used,
        Revoked
    }

    /// @notice What the owner of a package signs, so that somebody else may publish it. `hash`: SHA-256.
    bytes32 public constant PUBLISH_TYPEHASH = keccak256("Publish(bytes32 group,address owner,bytes32 hash)");
    /// @notice Bytes of a package; the bridge's have some 300.
    uint256 public constant MAX_BYTES = 1024;
    /// @notice Waiting packages of one wallet for one group.
    uint256 public constant MAX_WAITING = 16;

    /// @notice Where the stewards are known.
    IGroupRegistry public immutable REGISTRY;

    mapping(bytes32 group => mapping(address owner => mapping(bytes32 hash => State))) private _states;
    mapping(bytes32 group => mapping(address owner => uint256)) private _waiting;

    /// @notice A key package waits for a group.
    /// @param group The group's key.
    /// @param owner Whose it is.
    /// @param hash SHA-256 of the package.
    /// @param package The package, bare TLS form.
    event KeyPackagePublished(
        bytes32 indexed group, address indexed owner, bytes32 indexed hash, bytes package
    );
    /// @notice A steward has used a key package.
    /// @param group The group's key.
    /// @param owner Whose it was.
    /// @param hash Which.
    /// @param steward Who used it.
    event KeyPackageUsed(
        bytes32 indexed group, address indexed owner, bytes32 indexed hash, address steward
    );
    /// @notice Its owner has taken a key package back.
    /// @param group The group's key.
    /// @param owner Whose it was.
    /// @param hash Which.
    event KeyPackageRevoked(bytes32 indexed group, address indexed owner, bytes32 indexed hash);

    /// @notice A package is empty or longer than `MAX_BYTES`, or there are none.
    error KeyPackageRegistryBadSize(uint256 size);
    /// @notice Too many packages wait.
    error KeyPackageRegistryFull(bytes32 group, address owner);
    /// @notice The same package was published before.
    error KeyPackageRegistryKnown(bytes32 hash);
    /// @notice No such package waits.
    error KeyPackageRegistryNotWaiting(bytes32 hash);
    /// @notice Only a steward of the group marks packages as used.
    error KeyPackageRegistryNotSteward(bytes32 group, address caller);
    /// @notice The owner has not signed that this package be published for this group.
    error KeyPackageRegistryBadSignature(address owner);
    /// @notice The owner has not been added to the group, so none of his packages was used.
    error KeyPackageRegistryNotAMember(bytes32 group, address owner);

    /// @param registry Where the stewards are known.
    constructor(IGroupRegistry registry) EIP712("demls KeyPackageRegistry", "1") {
        REGISTRY = registry;
    }

    /// @notice Publish key packages for a group. They say to everybody that the caller may want to join it.
    /// @param group The group's key; it need not be on chain yet.
    /// @param packages At least one; bare TLS form.
    function publish(bytes32 group, bytes[] calldata packages) external {
        require(packages.length > 0, KeyPackageRegistryBadSize(0));
        _makeRoom(group, msg.sender, packages.length);
        for (uint256 i = 0; i < packages.length; ++i) {
            _publish(group, msg.sender, _hashOf(packages[i]), packages[i]);
        }
    }

    /// @notice Publish somebody else's key package, which he has signed (EIP-712, ERC-1271): for wallets without
    /// gas. A package is published once, so a signature is of use once.
    /// @param group The group's key; it need not be on chain yet.
    /// @param owner Whose it is.
    /// @param package Bare TLS form.
    /// @param signature The owner's.
    function publishBySig(bytes32 group, address owner, bytes calldata package, bytes calldata signature)
        external
    {
        bytes32 hash = _hashOf(package);
        bytes32 signed = _hashTypedDataV4(keccak256(abi.encode(PUBLISH_TYPEHASH, group, owner, hash)));
        require(Signatures.isBy(owner, signed, signature), KeyPackageRegistryBadSignature(owner));
        _publish(group, owner, hash, package);
        _makeRoom(group, owner, 1);
    }

    /// @notice Mark a package as used: by a steward of the group it is for, when its owner has been added.
    /// @param group The group's key.
    /// @param owner Whose it is.
    /// @param hash Which.
    function markUsed(bytes32 group, address owner, bytes32 hash) external {
        require(REGISTRY.maySteward(group, msg.sender), KeyPackageRegistryNotSteward(group, msg.sender));
        require(REGISTRY.isMember(group, owner), KeyPackageRegistryNotAMember(group, owner));
        _end(group, owner, hash, State.Used);
        emit KeyPackageUsed(group, owner, hash, msg.sender);
    }

    /// @notice Take a package back.
    /// @param group The group's key.
    /// @param hash Which.
    function revoke(bytes32 group, bytes32 hash) external {
        _end(group, msg.sender, hash, State.Revoked);
        emit KeyPackageRevoked(group, msg.sender, hash);
    }

    /// @notice Where a package is in its life.
    /// @param group The group's key.
    /// @param owner Whose it is.
    /// @param hash Which.
    /// @return Its state.
    function stateOf(bytes32 group, address owner, bytes32 hash) external view returns (State) {
        return _states[group][owner][hash];
    }

    function _hashOf(bytes calldata package) private pure returns (bytes32) {
        require(package.length > 0 && package.length <= MAX_BYTES, KeyPackageRegistryBadSize(package.length));
        return sha256(package);
    }

    function _makeRoom(bytes32 group, address owner, uint256 packages) private {
        uint256 waiting = _waiting[group][owner] + packages;
        require(waiting <= MAX_WAITING, KeyPackageRegistryFull(group, owner));
        _waiting[group][owner] = waiting;
    }

    function _publish(bytes32 group, address owner, bytes32 hash, bytes calldata package) private {
        require(_states[group][owner][hash] == State.Unknown, KeyPackageRegistryKnown(hash));
        _states[group][owner][hash] = State.Waiting;
        emit KeyPackagePublished(group, owner, hash, package);
    }

    function _end(bytes32 group, address owner, bytes32 hash, State state) private {
        require(_states[group][owner][hash] == State.Waiting, KeyPackageRegistryNotWaiting(hash));
        _states[group][owner][hash] = state;
        --_waiting[group][owner];
    }
}
