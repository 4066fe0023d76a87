use super::testing::{GROUP, Member, NOW, Wallet, add, commit, group};
use super::*;
use crate::binding::while_trusted;
use crate::client::Suite;
use crate::{Change, KEY_PACKAGE_LIFETIME};

#[test]
fn members_talk_in_both_suites() {
    for suite in [Suite::Aes128, Suite::ChaCha20] {
        let mut founder = Member::with_suite(1, suite);
        founder.leaf.create(GROUP, b"policy", NOW).unwrap();
        let mut members = vec![founder];
        add(&mut members, Member::with_suite(2, suite));
        let sent = members[1].leaf.seal(b"hello").unwrap();
        let opened = members[0].leaf.open(&sent).unwrap();
        assert_eq!(
            (opened.sender, opened.epoch, &opened.plaintext[..]),
            (members[1].address(), 1, &b"hello"[..])
        );
        let views: Vec<View> = members
            .iter_mut()
            .map(|member| member.leaf.view().unwrap())
            .collect();
        assert_eq!(views[0], views[1]);
        assert_eq!(
            views[0].members,
            [members[0].address(), members[1].address()]
        );
        assert_eq!(
            (&views[0].policy[..], &views[0].group_id[..]),
            (&b"policy"[..], GROUP)
        );
        assert_eq!(
            members[0].leaf.export(b"l", b"c", 32).unwrap(),
            members[1].leaf.export(b"l", b"c", 32).unwrap()
        );
    }
}

#[test]
fn a_spoiled_copy_does_not_burn_the_key_of_the_true_message() {
    let mut members = group(10, 2);
    let sent = members[0].leaf.seal(b"hello").unwrap();
    let mut spoiled = sent.clone();
    *spoiled.last_mut().unwrap() ^= 1;
    let before = members[1].state();
    assert!(matches!(
        members[1].leaf.open(&spoiled),
        Err(Error::Undecryptable(_))
    ));
    assert_eq!(before, members[1].state());
    assert_eq!(members[1].leaf.open(&sent).unwrap().plaintext, b"hello");
}

#[test]
fn a_message_opens_once_also_after_a_restart() {
    let mut members = group(20, 2);
    let sent = members[0].leaf.seal(b"hello").unwrap();
    members[1].leaf.open(&sent).unwrap();
    assert!(matches!(
        members[1].leaf.open(&sent),
        Err(Error::Undecryptable(_))
    ));
    members[1].restart();
    assert!(matches!(
        members[1].leaf.open(&sent),
        Err(Error::Undecryptable(_))
    ));
    assert!(
        matches!(members[0].leaf.open(&sent), Err(Error::Undecryptable(_))),
        "own message"
    );
}

#[test]
fn a_restart_continues_the_generations() {
    let mut members = group(30, 2);
    let mut sent = vec![];
    for i in 0..6u8 {
        sent.push(members[0].leaf.seal(&[i]).unwrap());
        members[0].restart();
    }
    // Each opens: no two used the same key.
    for (i, message) in sent.iter().enumerate() {
        assert_eq!(members[1].leaf.open(message).unwrap().plaintext, [i as u8]);
        members[1].restart();
    }
}

#[test]
fn chat_of_five_past_epochs_opens() {
    let mut members = group(40, 2);
    let late: Vec<Vec<u8>> = (0..7)
        .map(|_| {
            let sent = members[1].leaf.seal(b"late").unwrap();
            commit(&mut members, 0, &[]);
            sent
        })
        .collect();
    members[0].restart();
    for (age, message) in late.iter().rev().enumerate() {
        let opened = members[0].leaf.open(message);
        match age {
            0..5 => assert_eq!(opened.unwrap().epoch, members[0].epoch() - 1 - age as u64),
            _ => assert!(matches!(opened, Err(Error::WrongEpoch { .. }))),
        }
        if age < 5 {
            assert!(matches!(
                members[0].leaf.open(message),
                Err(Error::Undecryptable(_))
            ));
        }
    }
}

#[test]
fn foreign_epochs_and_groups_are_told_apart() {
    let mut members = group(50, 3);
    let mut straggler = members.pop().unwrap();
    commit(&mut members, 0, &[]);
    let ahead = members[0].leaf.seal(b"x").unwrap();
    let ours = straggler.epoch();
    assert_eq!(
        straggler.leaf.open(&ahead).err(),
        Some(Error::WrongEpoch {
            epoch: ours + 1,
            ours
        })
    );

    let mut other = Member::new(59);
    other.leaf.create(b"another", b"", NOW).unwrap();
    let foreign = other.leaf.seal(b"x").unwrap();
    assert_eq!(straggler.leaf.open(&foreign).err(), Some(Error::WrongGroup));
}

#[test]
fn garbage_is_malformed() {
    let mut members = group(60, 2);
    let sent = members[0].leaf.seal(b"x").unwrap();
    let package = members[0].leaf.key_package(NOW).unwrap();
    let long = vec![0; message::MAX_MESSAGE + 1];
    let cut = &sent[..sent.len() - 1];
    for bytes in [
        &[][..],
        &[0, 1, 0, 2],
        &package,
        &[&[0, 1, 0, 5][..], &package].concat(),
        &long,
        cut,
    ] {
        assert!(matches!(
            members[1].leaf.open(bytes),
            Err(Error::Malformed(_))
        ));
        assert!(matches!(
            members[1].leaf.join(bytes, &Expected::default()),
            Err(Error::Malformed(_))
        ));
    }
}

#[test]
fn a_key_package_serves_once_and_only_its_owner() {
    let mut members = group(70, 2);
    let mut joiner = Member::new(79);
    let change = joiner.add_change();
    let welcome = commit(&mut members, 0, &[change]);
    assert!(
        !members[1]
            .leaf
            .join(&welcome, &Expected::default())
            .unwrap()
    );
    assert!(joiner.leaf.join(&welcome, &Expected::default()).unwrap());
    assert!(!joiner.leaf.join(&welcome, &Expected::default()).unwrap());
    assert!(joiner.store.keys(Table::KeyPackages, &[]).is_empty());
}

#[test]
fn a_welcome_to_another_group_changes_nothing() {
    let mut members = group(80, 1);
    let mut joiner = Member::new(89);
    let change = joiner.add_change();
    let welcome = commit(&mut members, 0, &[change]);
    let id = Expected {
        group_id: Some(b"wanted"),
        ..Expected::default()
    };
    let branch = Expected {
        known: &[(1, vec![0; 32])],
        ..Expected::default()
    };
    let unknown = Expected {
        only_known: true,
        ..Expected::default()
    };
    for expected in [id, branch, unknown] {
        assert!(matches!(
            joiner.leaf.join(&welcome, &expected),
            Err(Error::InvalidGroup(_))
        ));
        assert!(!joiner.leaf.is_member());
    }
    let known = [(1, members[0].leaf.fingerprint().unwrap())];
    let right = Expected {
        group_id: Some(GROUP),
        known: &known,
        only_known: true,
    };
    assert!(joiner.leaf.join(&welcome, &right).unwrap());
}

#[test]
fn key_packages_are_fully_checked() {
    let mut checker = Member::new(90);
    let mut joiner = Member::new(91);
    let package = joiner.leaf.key_package(NOW).unwrap();
    let checked =
        |checker: &mut Member, bytes: &[u8], now: u64| checker.leaf.check_key_package(bytes, now);
    assert_eq!(checked(&mut checker, &package, NOW), Ok(joiner.address()));
    let last = NOW - 3600 + KEY_PACKAGE_LIFETIME;
    assert!(checked(&mut checker, &package, NOW - 3600).is_ok());
    assert!(checked(&mut checker, &package, last).is_ok());
    for now in [0, NOW - 3601, last + 1] {
        assert!(matches!(
            checked(&mut checker, &package, now),
            Err(Error::NotAllowed(_))
        ));
    }
    for i in 0..package.len() {
        let mut spoiled = package.clone();
        spoiled[i] ^= 1;
        assert!(checked(&mut checker, &spoiled, NOW).is_err(), "byte {i}");
    }
    for bytes in [
        &package[1..],
        &package[..package.len() - 1],
        &[0; key_package::MAX_KEY_PACKAGE + 1],
    ] {
        assert!(matches!(
            checked(&mut checker, bytes, NOW),
            Err(Error::Malformed(_))
        ));
    }
    let other_suite = Member::with_suite(92, Suite::ChaCha20)
        .leaf
        .key_package(NOW)
        .unwrap();
    assert!(matches!(
        checked(&mut checker, &other_suite, NOW),
        Err(Error::NotAllowed(_))
    ));
}

#[test]
fn unused_key_packages_are_bounded() {
    let mut member = Member::new(95);
    for i in 0..20 {
        member.leaf.key_package(NOW + i).unwrap();
    }
    assert_eq!(
        member.store.keys(Table::KeyPackages, &[]).len(),
        MAX_KEY_PACKAGES
    );
    member
        .leaf
        .key_package(NOW + 2 * KEY_PACKAGE_LIFETIME)
        .unwrap();
    assert_eq!(member.store.keys(Table::KeyPackages, &[]).len(), 1);
}

/// Keys of one wallet under the address of another.
fn impostor(seed: u16, victim: u16) -> Member {
    let wallet = Wallet::new(seed);
    let mut keys = wallet.keys(Suite::Aes128);
    keys.address = Wallet::new(victim).address;
    Member::with_keys(Wallet::new(victim), keys)
}

#[test]
fn a_wrong_binding_is_refused_on_add() {
    let mut members = group(100, 3);
    let mut fake = impostor(108, 109);
    let change = fake.add_change();
    let Change::Add { key_package, .. } = &change else {
        unreachable!()
    };
    assert!(matches!(
        members[0].leaf.check_key_package(key_package, NOW),
        Err(Error::BadSignature(_))
    ));
    assert!(matches!(
        members[0].leaf.build(std::slice::from_ref(&change), NOW),
        Err(Error::BadSignature(_))
    ));

    // A committer who does not check:
    let built = while_trusted(&fake.leaf.keys, || members[1].leaf.build(&[change], NOW)).unwrap();
    let before = members[0].state();
    let staged = members[0].leaf.stage(&built.proposals, &built.commit);
    assert!(matches!(staged.err(), Some(Error::BadSignature(_))));
    assert_eq!(before, members[0].state());
    commit(&mut members, 2, &[]);
}

#[test]
fn a_wrong_binding_in_the_tree_of_a_welcome_is_refused() {
    let mut members = group(110, 1);
    let mut fake = impostor(118, 119);
    let mut joiner = Member::new(117);
    let changes = [fake.add_change(), joiner.add_change()];
    let built = while_trusted(&fake.leaf.keys, || members[0].leaf.build(&changes, NOW)).unwrap();
    assert!(matches!(
        joiner.leaf.join(&built.welcome, &Expected::default()),
        Err(Error::InvalidGroup(_))
    ));
    assert!(!joiner.leaf.is_member());
}

#[test]
fn one_address_has_one_leaf() {
    let mut members = group(120, 2);
    let mut twin = Member::new(121);
    let change = twin.add_change();
    assert_eq!(
        members[0].leaf.build(&[change], NOW).err(),
        Some(Error::AlreadyMember)
    );
}

#[test]
fn states_stay_small_and_share_one_tree() {
    let mut members = group(130, 2);
    let small = members[0].state().len();
    for i in 0..30 {
        let mut joiner = Member::new(140 + i);
        let change = joiner.add_change();
        commit(&mut members, 0, &[change]);
    }
    assert!(
        members[0].state().len() < small + 400,
        "{} bytes",
        members[0].state().len()
    );
    assert!(small < 1_000, "{small} bytes");

    let store = members[0].store.clone();
    let mut hosted = Leaf::new(&store, Wallet::new(180).keys(Suite::Aes128), 0);
    let change = Change::Add {
        address: hosted.keys.address,
        key_package: hosted.key_package(NOW).unwrap(),
    };
    let welcome = commit(&mut members, 0, &[change]);
    assert!(hosted.join(&welcome, &Expected::default()).unwrap());
    assert_eq!(store.keys(Table::Trees, &[]).len(), 1);
    commit(&mut members, 0, &[]);
    assert_eq!(
        store.keys(Table::Trees, &[]).len(),
        2,
        "the lagging leaf needs the old tree"
    );
    hosted.forget();
    assert_eq!(store.keys(Table::Trees, &[]).len(), 1);
}

#[test]
fn a_wrong_tree_is_noticed() {
    let mut members = group(190, 2);
    let old_tree = members[0]
        .store
        .get(Table::Trees, &members[0].store.keys(Table::Trees, &[])[0])
        .unwrap();
    commit(&mut members, 1, &[]);
    let key = members[0].store.keys(Table::Trees, &[])[0].clone();
    members[0].store.put(Table::Trees, &key, old_tree);
    members[0].restart();
    assert!(matches!(members[0].leaf.view(), Err(Error::Internal(_))));
    members[0].store.delete(Table::Trees, &key);
    assert!(matches!(members[0].leaf.view(), Err(Error::Internal(_))));
}

#[test]
fn sealing_needs_no_tree() {
    let mut members = group(200, 2);
    members[0].restart();
    let key = members[0].store.keys(Table::Trees, &[])[0].clone();
    let tree = members[0].store.get(Table::Trees, &key).unwrap();
    members[0].store.delete(Table::Trees, &key);
    let sent = members[0].leaf.seal(b"light").unwrap();
    members[0].store.put(Table::Trees, &key, tree);
    assert_eq!(members[1].leaf.open(&sent).unwrap().plaintext, b"light");
}

#[test]
fn lengths_fall_in_size_classes() {
    let mut members = group(210, 2);
    let mut lengths: Vec<usize> = (0..1_000)
        .map(|n| members[0].leaf.seal(&vec![7; n]).unwrap().len())
        .collect();
    lengths.dedup();
    assert!(lengths.len() < 20, "{lengths:?}");
}

#[test]
fn without_a_group_nothing_works_and_nothing_breaks() {
    let mut alone = Member::new(220);
    assert_eq!(alone.leaf.view().err(), Some(Error::NotAMember));
    assert_eq!(alone.leaf.seal(b"").err(), Some(Error::NotAMember));
    assert_eq!(
        alone.leaf.export(b"", b"", 1).err(),
        Some(Error::NotAMember)
    );
    assert_eq!(alone.leaf.propose_update().err(), Some(Error::NotAMember));
    assert_eq!(
        alone
            .leaf
            .build(&[], NOW)
            .err()
            .map(|error| error.to_string()),
        Some(Error::NotAMember.to_string())
    );
    alone.leaf.create(GROUP, b"", NOW).unwrap();
    assert_eq!(
        alone.leaf.create(GROUP, b"", NOW),
        Err(Error::AlreadyMember)
    );
    assert!(matches!(
        alone.leaf.export(b"", b"", 100_000),
        Err(Error::NotPermitted(_))
    ));
}
