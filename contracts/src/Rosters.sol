// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IGroupRegistry} from "./IGroupRegistry.sol";
import {Group, Kind, Roster, Rules, Silence, Terms} from "./Types.sol";
import {Ascending} from "./lib/Ascending.sol";

/// @title Who is in a group and what its policy makes of them.
abstract contract Rosters is IGroupRegistry {
    /// @dev Somebody's place in a group; `since` is the MLS epoch in which his present leaf came to be, `index`
    /// a number that nobody else in the group has had.
    struct Seat {
        bool member;
        bool candidate;
        bool service;
        uint64 since;
        uint32 index;
    }

    /// @notice Steward candidates of a group.
    uint256 public constant MAX_CANDIDATES = 64;
    /// @notice Listed services of a group.
    uint256 public constant MAX_SERVICES = 256;
    /// @notice Voters of a roster that is set at once, or changes of one commit.
    uint256 public constant MAX_MEMBERS = 400;
    /// @notice The longest voting time in seconds.
    uint256 public constant MAX_VOTING = 30 days;

    mapping(bytes32 group => Group) internal _groups;
    // A roster that is set anew begins with empty seats: those of the old one have another generation.
    mapping(bytes32 group => mapping(uint32 generation => mapping(address who => Seat))) private _seats;
    mapping(bytes32 group => uint32) private _lastIndex;
    mapping(bytes32 group => address[]) private _candidates;
    mapping(bytes32 group => address[]) private _services;

    /// @notice There is no group with this key.
    error GroupRegistryUnknown(bytes32 group);
    /// @notice A list is too long, does not ascend strictly, or must not be empty.
    error GroupRegistryBadList();
    /// @notice The voting time is zero or too long, or the policy hash is missing.
    error GroupRegistryBadTerms();
    /// @notice A member of the roster is listed on the wrong side.
    error GroupRegistryWrongRole(address who);
    /// @notice Somebody is added who is a member.
    error GroupRegistryAlreadyMember(address who);
    /// @notice Somebody is removed, or makes a claim, who is not a member.
    error GroupRegistryNotMember(address who);

    /// @notice A group as it stands.
    /// @param group Its key.
    /// @return Its state.
    function groupOf(bytes32 group) external view returns (Group memory) {
        return _known(group);
    }

    /// @notice Somebody's place in a group.
    /// @param group Its key.
    /// @param who Whom.
    /// @return Its seat; all false for strangers.
    function seatOf(bytes32 group, address who) external view returns (Seat memory) {
        return _seat(group, who);
    }

    /// @notice The steward candidates, members or not.
    /// @param group Its key.
    /// @return Ascending.
    function candidatesOf(bytes32 group) external view returns (address[] memory) {
        return _candidates[group];
    }

    /// @notice The listed services, members or not.
    /// @param group Its key.
    /// @return Ascending.
    function servicesOf(bytes32 group) external view returns (address[] memory) {
        return _services[group];
    }

    /// @inheritdoc IGroupRegistry
    function isMember(bytes32 group, address who) external view returns (bool) {
        return _seat(group, who).member;
    }

    /// @inheritdoc IGroupRegistry
    function isVoter(bytes32 group, address who) external view returns (bool) {
        Seat storage seat = _seat(group, who);
        return seat.member && !seat.service;
    }

    /// @inheritdoc IGroupRegistry
    function voterIndex(bytes32 group, address who) external view returns (uint256) {
        Seat storage seat = _seat(group, who);
        return seat.member && !seat.service ? seat.index : 0;
    }

    /// @inheritdoc IGroupRegistry
    function maySteward(bytes32 group, address who) external view returns (bool) {
        return _groups[group].coordinated && _isSteward(group, who);
    }

    /// @inheritdoc IGroupRegistry
    function ballotTerms(bytes32 group, Kind kind)
        external
        view
        returns (uint32 voters, uint64 number, Silence silence, uint16 minVotes, uint32 voting)
    {
        Group storage state = _known(group);
        Rules memory rules = state.rules;
        silence = kind == Kind.Add ? rules.adds : kind == Kind.Remove ? rules.removals : rules.policies;
        return (state.voters, state.number, silence, rules.minVotes, rules.voting);
    }

    function _known(bytes32 group) internal view returns (Group storage state) {
        state = _groups[group];
        require(state.creator != address(0), GroupRegistryUnknown(group));
    }

    function _seat(bytes32 group, address who) internal view returns (Seat storage) {
        return _seats[group][_groups[group].generation][who];
    }

    function _isSteward(bytes32 group, address who) internal view returns (bool) {
        Seat storage seat = _seat(group, who);
        return seat.member && seat.candidate;
    }

    /// @dev Empty seats, then the terms and the members.
    function _setRoster(bytes32 group, Roster calldata roster, Terms calldata terms) internal {
        Group storage state = _groups[group];
        ++state.generation;
        state.voters = 0;
        state.epoch = roster.epoch;
        delete _candidates[group];
        delete _services[group];
        _setTerms(group, terms);
        require(roster.voters.length + roster.serviceMembers.length > 0, GroupRegistryBadList());
        _checkList(roster.voters, MAX_MEMBERS);
        _checkList(roster.serviceMembers, MAX_SERVICES);
        for (uint256 i = 0; i < roster.voters.length; ++i) {
            address who = roster.voters[i];
            require(!_seat(group, who).service, GroupRegistryWrongRole(who));
            _add(group, who, roster.epoch);
        }
        for (uint256 i = 0; i < roster.serviceMembers.length; ++i) {
            address who = roster.serviceMembers[i];
            require(_seat(group, who).service, GroupRegistryWrongRole(who));
            _add(group, who, roster.epoch);
        }
    }

    /// @dev Replaces candidates, services and rules; counts the voters anew.
    function _setTerms(bytes32 group, Terms calldata terms) internal {
        require(
            terms.policyHash != 0 && terms.rules.voting > 0 && terms.rules.voting <= MAX_VOTING,
            GroupRegistryBadTerms()
        );
        require(terms.candidates.length > 0, GroupRegistryBadList());
        _checkList(terms.candidates, MAX_CANDIDATES);
        _checkList(terms.services, MAX_SERVICES);
        _unlist(group);
        for (uint256 i = 0; i < terms.candidates.length; ++i) {
            _seat(group, terms.candidates[i]).candidate = true;
        }
        for (uint256 i = 0; i < terms.services.length; ++i) {
            _setService(group, terms.services[i], true);
        }
        _candidates[group] = terms.candidates;
        _services[group] = terms.services;
        Group storage state = _groups[group];
        state.rules = terms.rules;
        state.coordinated = terms.coordinated;
        state.policyHash = terms.policyHash;
    }

    function _add(bytes32 group, address who, uint64 since) internal {
        Seat storage seat = _seat(group, who);
        require(!seat.member, GroupRegistryAlreadyMember(who));
        seat.member = true;
        seat.since = since;
        if (seat.index == 0) seat.index = ++_lastIndex[group];
        if (!seat.service) ++_groups[group].voters;
    }

    function _remove(bytes32 group, address who) internal {
        Seat storage seat = _seat(group, who);
        require(seat.member, GroupRegistryNotMember(who));
        seat.member = false;
        if (!seat.service) --_groups[group].voters;
    }

    function _checkList(address[] calldata list, uint256 most) internal pure {
        require(list.length <= most && Ascending.holds(list), GroupRegistryBadList());
    }

    function _unlist(bytes32 group) private {
        address[] storage candidates = _candidates[group];
        for (uint256 i = 0; i < candidates.length; ++i) {
            _seat(group, candidates[i]).candidate = false;
        }
        address[] storage services = _services[group];
        for (uint256 i = 0; i < services.length; ++i) {
            _setService(group, services[i], false);
        }
    }

    function _setService(bytes32 group, address who, bool service) private {
        Seat storage seat = _seat(group, who);
        seat.service = service;
        if (!seat.member) return;
        if (service) --_groups[group].voters;
        else ++_groups[group].voters;
    }
}
