//! Times of the MLS operations at several group sizes: `cargo bench --profile fast -p demls-mls`.
//!
//! Every figure includes what the bridge does with it: the state is written to the buffered store.

#![allow(missing_docs)] // criterion's macros make undocumented functions

use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use demls_mls::{Address, Change, Error, Expected, Leaf, LeafKeys, Store, Suite, Table};
use secp256k1::{Message, Secp256k1, SecretKey};
use sha3::{Digest, Keccak256};

const NOW: u64 = 1_800_000_000;
const SIZES: [u32; 3] = [10, 100, 1_000];

fn person(seed: u32) -> (Store, Leaf, Address) {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&seed.to_be_bytes());
    let secret = SecretKey::from_byte_array(bytes).expect("a key");
    let wallets = Secp256k1::new();
    let public = secret.public_key(&wallets).serialize_uncompressed();
    let address: Address = Keccak256::digest(&public[1..])[12..]
        .try_into()
        .expect("20 bytes");
    let sign = |text: &str| {
        let envelope = format!("\x19Ethereum Signed Message:\n{}{text}", text.len());
        let digest = Message::from_digest(Keccak256::digest(envelope).into());
        let (v, rs) = wallets
            .sign_ecdsa_recoverable(digest, &secret)
            .serialize_compact();
        Ok::<_, Error>([&rs[..], &[27 + i32::from(v) as u8]].concat())
    };
    let keys = LeafKeys::generate(Suite::Aes128, address, sign).expect("keys");
    let store = Store::default();
    keys.save(&store);
    let leaf = Leaf::new(&store, keys, 5);
    (store, leaf, address)
}

/// Founder and one member of a group of this size.
fn group(size: u32) -> (Leaf, Store, Leaf) {
    let (_, mut founder, _) = person(1);
    founder.create(b"bench", b"policy", NOW).expect("created");
    let (store, mut member, _) = person(2);
    let mut changes = vec![];
    for seed in 2..=size {
        let (mut other, address) = match seed {
            2 => (None, person(2).2),
            _ => {
                let (_, leaf, address) = person(seed);
                (Some(leaf), address)
            }
        };
        let joiner = other.as_mut().unwrap_or(&mut member);
        changes.push(Change::Add {
            address,
            key_package: joiner.key_package(NOW).expect("key package"),
        });
    }
    let built = founder.build(&changes, NOW).expect("built");
    assert!(
        member
            .join(&built.welcome, &Expected::default())
            .expect("joined")
    );
    founder.adopt_built(built).expect("adopted");
    (founder, store, member)
}

/// A receiver skips at most 1,024 messages of a sender in an epoch; the benches make more.
fn next_epoch(by: &mut Leaf, other: &mut Leaf) {
    let built = by.build(&[], NOW).expect("built");
    let staged = other
        .stage(&built.proposals, &built.commit)
        .expect("staged");
    other.adopt_staged(staged).expect("adopted");
    by.adopt_built(built).expect("adopted");
}

fn benches(criterion: &mut Criterion) {
    let mut times = criterion.benchmark_group("mls");
    times
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    for size in SIZES {
        let (mut founder, store, mut member) = group(size);
        let id = |name| BenchmarkId::new(name, size);
        let text = [7; 200];
        times.bench_function(id("encrypt"), |b| {
            b.iter(|| founder.seal(&text).expect("sealed"))
        });
        next_epoch(&mut member, &mut founder);
        times.bench_function(id("decrypt"), |b| {
            b.iter_batched(
                || founder.seal(&text).expect("sealed"),
                |message| member.open(&message).expect("opened"),
                BatchSize::NumIterations(100),
            );
        });
        let (_, mut joiner, address) = person(1_000_000);
        let key_package = joiner.key_package(NOW).expect("key package");
        let change = [Change::Add {
            address,
            key_package,
        }];
        times.bench_function(id("commit add"), |b| {
            b.iter(|| founder.build(&change, NOW).expect("built"))
        });
        next_epoch(&mut member, &mut founder);
        let built = founder.build(&change, NOW).expect("built");
        times.bench_function(id("process (stage)"), |b| {
            b.iter(|| {
                member
                    .stage(&built.proposals, &built.commit)
                    .expect("staged")
            });
        });
        times.bench_function(id("join"), |b| {
            b.iter_batched(
                || {
                    let (_, mut newcomer, address) = person(1_000_001);
                    let key_package = newcomer.key_package(NOW).expect("key package");
                    let built = founder
                        .build(
                            &[Change::Add {
                                address,
                                key_package,
                            }],
                            NOW,
                        )
                        .expect("built");
                    (newcomer, built.welcome)
                },
                |(mut newcomer, welcome)| {
                    assert!(
                        newcomer
                            .join(&welcome, &Expected::default())
                            .expect("joined")
                    )
                },
                BatchSize::PerIteration,
            );
        });
        let sizes = |table| {
            store
                .keys(table, &[])
                .iter()
                .filter_map(|key| store.get(table, key))
                .map(|row| row.len())
                .sum::<usize>()
        };
        println!(
            "sizes at {size}: state {}, tree {}, commit {}, welcome {}, chat of 200 {}",
            sizes(Table::States),
            sizes(Table::Trees),
            built.commit.len(),
            built.welcome.len(),
            founder.seal(&text).expect("sealed").len(),
        );
    }
    times.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
