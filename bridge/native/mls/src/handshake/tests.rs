use super::*;
use crate::leaf::testing::{GROUP, Member, NOW, add, commit, group};
use crate::rules::LAX;
use crate::{Expected, Table};
use mls_rs::extension::built_in::RequiredCapabilitiesExt;
use mls_rs::{Extension, ExtensionList};

/// A batch that a hostile committer makes without our rules: by raw calls on their group.
fn hostile(
    by: &mut Member,
    work: impl FnOnce(
        &mut LeafGroup,
    )
        -> std::result::Result<(Vec<MlsMessage>, MlsMessage), mls_rs::error::MlsError>,
) -> (Vec<Vec<u8>>, Vec<u8>) {
    LAX.set(true);
    let made = work(by.leaf.group(Loaded::Full).unwrap());
    LAX.set(false);
    let (proposals, commit) = made.unwrap();
    (
        proposals
            .iter()
            .map(|message| message.to_bytes().unwrap())
            .collect(),
        commit.to_bytes().unwrap(),
    )
}

/// Everybody refuses the batch, keeps their state, and follows the next good commit.
fn refused(members: &mut [Member], batch: &(Vec<Vec<u8>>, Vec<u8>)) {
    for member in &mut members[1..] {
        let before = member.state();
        let staged = member.leaf.stage(&batch.0, &batch.1);
        assert!(
            matches!(staged.as_ref().err(), Some(Error::BadBatch(_))),
            "{:?}",
            staged.err()
        );
        assert_eq!(before, member.state());
    }
    members[0].restart();
    commit(members, 1, &[]);
}

#[test]
fn changes_arrive_in_order() {
    let mut members = group(300, 4);
    let (gone, mut came) = (members.pop().unwrap(), Member::new(309));
    let changes = [
        Change::Policy(b"new".into()),
        came.add_change(),
        Change::Remove(gone.address()),
    ];
    let welcome = commit(&mut members, 1, &changes);
    assert!(came.leaf.join(&welcome, &Expected::default()).unwrap());
    members.push(came);
    for member in &mut members {
        let view = member.leaf.view().unwrap();
        assert_eq!(view.policy, b"new");
        assert!(
            !view.members.contains(&gone.address())
                && view.members.contains(&Member::new(309).address())
        );
    }
    let sent = members[3].leaf.seal(b"hi").unwrap();
    assert_eq!(members[0].leaf.open(&sent).unwrap().plaintext, b"hi");
}

#[test]
fn a_rejoin_in_one_commit() {
    let mut members = group(310, 3);
    let mut lost = members.pop().unwrap();
    let changes = [Change::Remove(lost.address()), lost.add_change()];
    let built = members[0].leaf.build(&changes, NOW).unwrap();
    // The old leaf of the one who rejoins sees both changes and dies; its key package survives.
    let staged = lost.leaf.stage(&built.proposals, &built.commit).unwrap();
    assert!(staged.removes_self);
    assert_eq!(staged.changes, changes);
    assert!(!lost.leaf.adopt_staged(staged).unwrap());
    assert!(
        lost.leaf
            .join(&built.welcome, &Expected::default())
            .unwrap()
    );
    let staged = members[1]
        .leaf
        .stage(&built.proposals, &built.commit)
        .unwrap();
    members[1].leaf.adopt_staged(staged).unwrap();
    members[0].leaf.adopt_built(built).unwrap();
    members.push(lost);
    for _ in 0..3 {
        commit(&mut members, 2, &[]);
    }
}

#[test]
fn a_removed_leaf_is_dead() {
    let mut members = group(320, 3);
    let old_rows = members[2].store.clone();
    let old_state = members[2].state();
    let removed = members[2].address();
    commit(&mut members, 0, &[Change::Remove(removed)]);
    assert!(!members[2].leaf.is_member());
    assert_eq!(members[2].leaf.seal(b"x").err(), Some(Error::NotAMember));
    for table in [Table::States, Table::Epochs, Table::Trees, Table::Proposals] {
        assert!(members[2].store.keys(table, &[]).is_empty(), "{table:?}");
    }
    // With its old state it cannot read what follows.
    let sent = members[0].leaf.seal(b"secret").unwrap();
    old_rows.put(Table::States, &removed, old_state.into());
    members[2].restart();
    assert!(matches!(
        members[2].leaf.open(&sent),
        Err(Error::WrongEpoch { .. })
    ));
}

#[test]
fn a_spoiled_commit_changes_nothing() {
    let mut members = group(330, 3);
    let built = members[0].leaf.build(&[], NOW).unwrap();
    for at in [built.commit.len() - 1, built.commit.len() / 2] {
        let mut spoiled = built.commit.clone();
        spoiled[at] ^= 1;
        let before = members[1].state();
        assert!(members[1].leaf.stage(&built.proposals, &spoiled).is_err());
        assert_eq!(before, members[1].state());
    }
    let staged = members[1]
        .leaf
        .stage(&built.proposals, &built.commit)
        .unwrap();
    members[1].leaf.adopt_staged(staged).unwrap();
    assert_eq!(members[1].epoch(), members[2].epoch() + 1);
}

#[test]
fn staging_is_free_and_repeatable() {
    let mut members = group(340, 3);
    let changes = [Change::Remove(members[2].address())];
    let one = members[0].leaf.build(&changes, NOW).unwrap();
    let two = members[2].leaf.build(&[], NOW).unwrap();
    let before = members[1].state();
    for _ in 0..2 {
        members[1].leaf.stage(&one.proposals, &one.commit).unwrap();
        members[1].leaf.stage(&two.proposals, &two.commit).unwrap();
    }
    assert_eq!(before, members[1].state());
    let staged = members[1].leaf.stage(&two.proposals, &two.commit).unwrap();
    let stale = members[1].leaf.stage(&one.proposals, &one.commit).unwrap();
    members[1].leaf.adopt_staged(staged).unwrap();
    assert!(matches!(
        members[1].leaf.adopt_staged(stale),
        Err(Error::NotPermitted(_))
    ));
    let late = members[1].leaf.stage(&one.proposals, &one.commit);
    assert!(matches!(late.err(), Some(Error::WrongEpoch { .. })));
}

#[test]
fn chat_between_stage_and_adopt_stays_used() {
    let mut members = group(350, 2);
    let chat = members[0].leaf.seal(b"once").unwrap();
    let built = members[0].leaf.build(&[], NOW).unwrap();
    let staged = members[1]
        .leaf
        .stage(&built.proposals, &built.commit)
        .unwrap();
    members[1].leaf.open(&chat).unwrap();
    members[1].leaf.adopt_staged(staged).unwrap();
    assert!(matches!(
        members[1].leaf.open(&chat),
        Err(Error::Undecryptable(_))
    ));
    // And between build and adopt:
    let chat = members[1].leaf.seal(b"once").unwrap();
    members[0].leaf.adopt_built(built).unwrap();
    members[0].leaf.open(&chat).unwrap();
    assert!(matches!(
        members[0].leaf.open(&chat),
        Err(Error::Undecryptable(_))
    ));
}

#[test]
fn a_dropped_commit_leaves_no_trace_but_used_keys() {
    let mut members = group(360, 2);
    let gone = members[0]
        .leaf
        .build(&[Change::Policy(b"never".into())], NOW)
        .unwrap();
    members[0].restart();
    let chat = members[0].leaf.seal(b"still here").unwrap();
    members[1].leaf.open(&chat).unwrap();
    assert!(matches!(
        members[0].leaf.stage(&gone.proposals, &gone.commit).err(),
        Some(Error::BadBatch(_) | Error::Undecryptable(_))
    ));
    commit(&mut members, 0, &[Change::Policy(b"second".into())]);
    assert_eq!(members[1].leaf.view().unwrap().policy, b"second");
}

#[test]
fn impossible_changes_are_told_apart() {
    let mut members = group(370, 2);
    let (own, stranger) = (members[0].address(), Member::new(379).address());
    let mut newcomer = Member::new(378);
    let add = newcomer.add_change();
    let Change::Add { key_package, .. } = add.clone() else {
        unreachable!()
    };
    let before = members[0].state();
    let mut fails = |changes: &[Change]| members[0].leaf.build(changes, NOW).err().unwrap();
    assert_eq!(fails(&[Change::Remove(stranger)]), Error::UnknownMember);
    assert!(matches!(
        fails(&[Change::Remove(own)]),
        Error::NotPermitted(_)
    ));
    assert_eq!(fails(&[add.clone(), add]), Error::AlreadyMember);
    assert!(matches!(
        fails(&[Change::Add {
            address: stranger,
            key_package
        }]),
        Error::BadSignature(_)
    ));
    assert!(matches!(
        fails(&[Change::Add {
            address: stranger,
            key_package: vec![1]
        }]),
        Error::Malformed(_)
    ));
    assert!(matches!(
        fails(&[Change::Policy(vec![]), Change::Policy(vec![])]),
        Error::NotPermitted(_)
    ));
    assert!(matches!(
        fails(&[Change::Policy(vec![0; 100_000])]),
        Error::NotPermitted(_)
    ));
    assert_eq!(before, members[0].state());
    commit(&mut members, 0, &[]);
}

#[test]
fn a_failed_build_leaves_the_leaf_able_to_send() {
    let mut members = group(450, 2);
    // Two wallets that bound the same MLS key: each key package is fine, both together are not.
    let mut twins = [Member::new(458), Member::new(459)];
    let keys = &twins[0].leaf.keys;
    let mut same = keys.clone();
    same.address = twins[1].address();
    same.binding = twins[1].wallet.bind(&keys.public);
    twins[1] = Member::with_keys(crate::leaf::testing::Wallet::new(459), same);
    let changes = [twins[0].add_change(), twins[1].add_change()];
    assert!(matches!(
        members[0].leaf.build(&changes, NOW).err(),
        Some(Error::BadBatch(_))
    ));
    for restart in [false, true] {
        if restart {
            members[0].restart();
        }
        let sent = members[0].leaf.seal(b"on we go").unwrap();
        members[1].leaf.open(&sent).unwrap();
    }
    // A crash in the middle of a build leaves proposals cached in the stored state.
    members[0]
        .leaf
        .propose(&[Change::Policy(b"x".into())])
        .unwrap();
    members[0].leaf.save().unwrap();
    members[0].restart();
    let sent = members[0].leaf.seal(b"on we go").unwrap();
    members[1].leaf.open(&sent).unwrap();
    commit(&mut members, 0, &[]);
}

#[test]
fn a_policy_without_required_capabilities_is_refused() {
    let mut members = group(380, 3);
    let policy = Extension::new(context::policy_type(), b"x".to_vec());
    let other: ExtensionList = {
        let mut list = ExtensionList::new();
        list.set_from(RequiredCapabilitiesExt::default()).unwrap();
        list.set(policy.clone());
        list
    };
    let mut dropped = ExtensionList::new();
    dropped.set(policy);
    for list in [dropped, other, ExtensionList::new()] {
        let batch = hostile(&mut members[0], |group| {
            let proposal = group.propose_group_context_extensions(list, vec![])?;
            let commit = group.commit_builder().build()?.commit_message;
            Ok((vec![proposal], commit))
        });
        refused(&mut members, &batch);
    }
}

#[test]
fn a_proposal_hidden_in_the_commit_is_refused() {
    let mut members = group(390, 3);
    let batch = hostile(&mut members[0], |group| {
        Ok((
            vec![],
            group
                .commit_builder()
                .remove_member(2)?
                .build()?
                .commit_message,
        ))
    });
    refused(&mut members, &batch);
}

#[test]
fn unused_kinds_of_proposals_are_refused() {
    let mut members = group(400, 3);
    let batch = hostile(&mut members[0], |group| {
        let epoch = group.current_epoch();
        let proposal = group.propose_resumption_psk(epoch, vec![])?;
        Ok((
            vec![proposal],
            group.commit_builder().build()?.commit_message,
        ))
    });
    refused(&mut members, &batch);
}

#[test]
fn public_messages_and_external_commits_are_refused() {
    let mut members = group(410, 2);
    let group = members[0].leaf.group(Loaded::Full).unwrap();
    let info = group.group_info_message_allowing_ext_commit(true).unwrap();
    let outsider = Member::new(419);
    LAX.set(true);
    let storage = outsider.leaf.storage.clone();
    let (_, commit) = crate::client::client(&outsider.leaf.keys, storage)
        .commit_external(info)
        .unwrap();
    LAX.set(false);
    let staged = members[1].leaf.stage(&[], &commit.to_bytes().unwrap());
    assert!(matches!(staged.err(), Some(Error::Malformed(_))));
}

#[test]
fn surplus_missing_or_doubled_proposals_are_refused() {
    let mut members = group(420, 3);
    let surplus = members[1].leaf.propose_update().unwrap();
    let built = members[0]
        .leaf
        .build(&[Change::Policy(b"p".into())], NOW)
        .unwrap();
    let own = built.proposals[0].clone();
    for proposals in [
        vec![],
        vec![own.clone(), surplus],
        vec![own.clone(), own.clone()],
        vec![own.clone(); 3_000],
    ] {
        let staged = members[2].leaf.stage(&proposals, &built.commit);
        assert!(matches!(
            staged.err(),
            Some(Error::BadBatch(_) | Error::Undecryptable(_))
        ));
    }
    let swapped = members[2]
        .leaf
        .stage(std::slice::from_ref(&built.commit), &own);
    assert!(matches!(swapped.err(), Some(Error::Malformed(_))));
    let staged = members[2].leaf.stage(&[own], &built.commit).unwrap();
    assert!(members[2].leaf.adopt_staged(staged).unwrap());
}

#[test]
fn batches_of_other_groups_are_refused() {
    let mut members = group(430, 2);
    let mut other = Member::new(439);
    other.leaf.create(b"another", b"", NOW).unwrap();
    let built = other.leaf.build(&[], NOW).unwrap();
    assert_eq!(
        members[0].leaf.stage(&[], &built.commit).err(),
        Some(Error::WrongGroup)
    );
}

#[test]
fn an_address_can_come_back_after_removal() {
    let mut members = group(440, 3);
    let gone = members[2].address();
    commit(&mut members, 0, &[Change::Remove(gone)]);
    let back = members.pop().unwrap();
    add(&mut members, back);
    assert_eq!(members[2].leaf.view().unwrap().group_id, GROUP);
    commit(&mut members, 2, &[]);
}

#[test]
fn a_stored_commit_is_adopted_after_a_restart() {
    let mut members = group(390, 3);
    let mut came = Member::new(399);
    let built = members[0].leaf.build(&[came.add_change()], NOW).unwrap();
    let stored = built.to_bytes().unwrap();
    // Chat of the old epoch flows while the commit waits, and its keys are not used twice after it.
    let early = members[1].leaf.seal(b"early").unwrap();
    let late = members[1].leaf.seal(b"late").unwrap();
    assert_eq!(members[0].leaf.open(&early).unwrap().plaintext, b"early");
    members[0].restart();

    let restored = Built::from_bytes(&stored).unwrap();
    assert_eq!(
        (&restored.proposals, &restored.commit, &restored.welcome),
        (&built.proposals, &built.commit, &built.welcome)
    );
    members[0].leaf.adopt_built(restored).unwrap();
    for member in &mut members[1..] {
        let staged = member.leaf.stage(&built.proposals, &built.commit).unwrap();
        member.leaf.adopt_staged(staged).unwrap();
    }
    assert!(
        came.leaf
            .join(&built.welcome, &Expected::default())
            .unwrap()
    );
    assert!(members[0].leaf.open(&early).is_err());
    assert_eq!(members[0].leaf.open(&late).unwrap().plaintext, b"late");
    members[0].restart();
    let sent = members[0].leaf.seal(b"new").unwrap();
    assert_eq!(came.leaf.open(&sent).unwrap().plaintext, b"new");
}

#[test]
fn a_stored_commit_of_an_epoch_that_is_over_is_refused() {
    let mut members = group(395, 2);
    let stored = members[0].leaf.build(&[], NOW).unwrap().to_bytes().unwrap();
    commit(&mut members, 1, &[]);
    let restored = Built::from_bytes(&stored).unwrap();
    assert!(matches!(
        members[0].leaf.adopt_built(restored),
        Err(Error::NotPermitted(_))
    ));
    for end in [0, 3, 20, stored.len() - 1] {
        assert!(Built::from_bytes(&stored[..end]).is_err());
    }
}
