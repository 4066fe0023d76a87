// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGroupRegistry} from "./IGroupRegistry.sol";

/// @title Key packages that wait for a group, so that it can add somebody who is away.
/// @notice The hash is kept, the bytes are in the log. Each package is for one group and is used once: only a
/// steward of that group can mark it, so a stranger burns nobody's packages.
contract KeyPackageRegistry {
    /// @notice Where a package is in its life.
    enum State {
        Unknown,
        Waiting,
        Used,
        Revoked
    }

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
    /// @param owner Who published it.
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

    /// @notice The owner has not been added to the group, so none of his packages was used.
    error KeyPackageRegistryNotAMember(bytes32 group, address owner);

    /// @param registry Where the stewards are known.
    constructor(IGroupRegistry registry) {
        REGISTRY = registry;
    }

    /// @notice Publish key packages for a group. They say to everybody that the caller may want to join it.
    /// @param group The group's key; it need not be on chain yet.
    /// @param packages At least one; bare TLS form.
    function publish(bytes32 group, bytes[] calldata packages) external {
        require(packages.length > 0, KeyPackageRegistryBadSize(0));
        uint256 waiting = _waiting[group][msg.sender] + packages.length;
        require(waiting <= MAX_WAITING, KeyPackageRegistryFull(group, msg.sender));
        _waiting[group][msg.sender] = waiting;
        for (uint256 i = 0; i < packages.length; ++i) {
            uint256 size = packages[i].length;
            require(size > 0 && size <= MAX_BYTES, KeyPackageRegistryBadSize(size));
            bytes32 hash = sha256(packages[i]);
            require(
                _states[group][msg.sender][hash] == State.Unknown, KeyPackageRegistryKnown(hash)
            );
            _states[group][msg.sender][hash] = State.Waiting;
            emit KeyPackagePublished(group, msg.sender, hash, packages[i]);
        }
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

    function _end(bytes32 group, address owner, bytes32 hash, State state) private {
        require(_states[group][owner][hash] == State.Waiting, KeyPackageRegistryNotWaiting(hash));
        _states[group][owner][hash] = state;
        --_waiting[group][owner];
    }
}
