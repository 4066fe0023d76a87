use crate::binding::while_trusted;
use crate::client::Suite;
use crate::leaf::testing::{Member, NOW, Wallet, commit, group};
use crate::{Change, Error, Table};

/// Builds a batch by member `by` and lets everybody else adopt it; returns who was updated.
fn batch(members: &mut [Member], by: usize, changes: &[Change]) -> Vec<crate::Address> {
    let built = members[by].leaf.build(changes, NOW).unwrap();
    let mut updated = vec![];
    for (i, member) in members.iter_mut().enumerate() {
        if i != by {
            let staged = member.leaf.stage(&built.proposals, &built.commit).unwrap();
            updated = staged.updates.clone();
            member.leaf.adopt_staged(staged).unwrap();
        }
    }
    members[by].leaf.adopt_built(built).unwrap();
    updated
}

#[test]
fn updates_are_committed_and_chat_goes_on_meanwhile() {
    let mut members = group(500, 4);
    let first = members[1].leaf.propose_update().unwrap();
    assert_eq!(
        first,
        members[1].leaf.propose_update().unwrap(),
        "one update a leaf and epoch"
    );
    let second = members[2].leaf.propose_update().unwrap();
    assert_eq!(
        members[0].leaf.receive_proposal(&first),
        Ok(members[1].address())
    );
    members[0].restart();
    members[1].restart();
    assert_eq!(
        members[0].leaf.receive_proposal(&second),
        Ok(members[2].address())
    );
    // Votes are chat: who has proposed or received an update must still be able to send.
    for i in 0..3 {
        let sent = members[i].leaf.seal(b"vote").unwrap();
        assert_eq!(
            members[3].leaf.open(&sent).unwrap().sender,
            members[i].address()
        );
    }
    let change = Change::Policy(b"p".into());
    let mut updated = batch(&mut members, 0, &[change]);
    let mut expected = [members[1].address(), members[2].address()];
    updated.sort_unstable();
    expected.sort_unstable();
    assert_eq!(updated, expected);
    for i in 0..4 {
        commit(&mut members, i, &[]);
    }
    for member in &members {
        assert!(member.store.keys(Table::Proposals, &[]).is_empty());
    }
}

#[test]
fn a_built_commit_that_is_dropped_keeps_the_updates() {
    let mut members = group(510, 3);
    let update = members[1].leaf.propose_update().unwrap();
    members[0].leaf.receive_proposal(&update).unwrap();
    members[2].leaf.receive_proposal(&update).unwrap();
    for _ in 0..2 {
        let built = members[0].leaf.build(&[], NOW).unwrap();
        assert_eq!(built.proposals, std::slice::from_ref(&update));
    }
    // Another steward commits the same update; member 0 opened it already and stages all the same.
    let updated = batch(&mut members, 2, &[]);
    assert_eq!(updated, [members[1].address()]);
}

#[test]
fn only_one_update_of_each_leaf_is_kept_and_nothing_else() {
    let mut members = group(520, 3);
    let update = members[1].leaf.propose_update().unwrap();
    members[0].leaf.receive_proposal(&update).unwrap();
    assert_eq!(
        members[0].leaf.receive_proposal(&update),
        Err(Error::Replayed)
    );
    members[1].leaf.forget_kept();
    let second = members[1].leaf.propose_update().unwrap();
    let before = members[0].state();
    assert!(matches!(
        members[0].leaf.receive_proposal(&second),
        Err(Error::NotAllowed(_))
    ));

    let built = members[2]
        .leaf
        .build(&[Change::Policy(b"p".into())], NOW)
        .unwrap();
    assert!(matches!(
        members[0].leaf.receive_proposal(&built.proposals[0]),
        Err(Error::NotAllowed(_))
    ));
    assert!(matches!(
        members[0].leaf.receive_proposal(&built.commit),
        Err(Error::Malformed(_))
    ));
    assert_eq!(before, members[0].state());
    // Refusing it as an update did not spoil it for the batch.
    let staged = members[0]
        .leaf
        .stage(&built.proposals, &built.commit)
        .unwrap();
    members[0].leaf.adopt_staged(staged).unwrap();
    assert!(matches!(
        members[0].leaf.receive_proposal(&second),
        Err(Error::WrongEpoch { .. })
    ));
}

#[test]
fn updates_of_the_removed_and_of_the_committer_are_left_out() {
    let mut members = group(530, 3);
    let own = members[0].leaf.propose_update().unwrap();
    let update = members[2].leaf.propose_update().unwrap();
    members[0].leaf.receive_proposal(&update).unwrap();
    let gone = members[2].address();
    let built = members[0].leaf.build(&[Change::Remove(gone)], NOW).unwrap();
    assert_eq!(built.proposals.len(), 1);
    assert!(!built.proposals.contains(&own));
    let staged = members[1]
        .leaf
        .stage(&built.proposals, &built.commit)
        .unwrap();
    assert_eq!(staged.changes, [Change::Remove(gone)]);
}

#[test]
fn a_wrong_binding_in_an_update_is_dropped_when_building_and_refused_when_receiving() {
    let mut members = group(540, 3);
    // Member 1 updates to a key that their wallet did not sign for.
    let mut keys = Wallet::new(549).keys(Suite::Aes128);
    keys.address = members[1].address();
    let message = members[1]
        .leaf
        .attempt(crate::leaf::Loaded::Full, |group, _| {
            let identity = crate::identity::signing_identity(
                &keys.address,
                &keys.binding,
                keys.public.clone(),
            );
            Ok(group
                .propose_update_with_identity(keys.secret.clone(), identity, vec![])
                .unwrap())
        })
        .unwrap()
        .to_bytes()
        .unwrap();
    members[0].leaf.receive_proposal(&message).unwrap();
    assert!(
        members[0]
            .leaf
            .build(&[], NOW)
            .unwrap()
            .proposals
            .is_empty()
    );

    let built = while_trusted(&keys, || members[0].leaf.build(&[], NOW)).unwrap();
    assert_eq!(built.proposals.len(), 1);
    let before = members[2].state();
    let staged = members[2].leaf.stage(&built.proposals, &built.commit);
    assert!(matches!(staged.err(), Some(Error::BadSignature(_))));
    assert_eq!(before, members[2].state());
}
