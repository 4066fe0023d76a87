//! Peer addresses: `/ip4|ip6|dns|dns4|dns6/<host>/tcp/<port>/p2p/<peer id>`, nothing else.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

/// A peer to connect to. The peer id is required: it authenticates the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAddress {
    /// Who must answer there.
    pub peer: PeerId,
    host: Host,
    port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String, Family),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Any,
    V4,
    V6,
}

impl FromStr for PeerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address: Multiaddr = text.parse().map_err(|error| format!("{text:?}: {error}"))?;
        let mut parts = address.iter();
        let host = match parts.next() {
            Some(Protocol::Ip4(ip)) => Host::Ip(ip.into()),
            Some(Protocol::Ip6(ip)) => Host::Ip(ip.into()),
            Some(Protocol::Dns(name)) => Host::Name(name.into_owned(), Family::Any),
            Some(Protocol::Dns4(name)) => Host::Name(name.into_owned(), Family::V4),
            Some(Protocol::Dns6(name)) => Host::Name(name.into_owned(), Family::V6),
            _ => {
                return Err(format!(
                    "{text:?} must begin with /ip4, /ip6, /dns, /dns4 or /dns6"
                ));
            }
        };
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Protocol::Tcp(port)), Some(Protocol::P2p(peer)), None) => {
                Ok(Self { peer, host, port })
            }
            _ => Err(format!("{text:?} must end with /tcp/<port>/p2p/<peer id>")),
        }
    }
}

impl PeerAddress {
    /// Addresses to dial, names resolved by the system (so `/etc/hosts` counts); empty when the name is
    /// unknown now. Resolved at every attempt: a peer that restarts in a container changes its address.
    pub async fn resolve(&self) -> Vec<Multiaddr> {
        match &self.host {
            Host::Ip(ip) => vec![dialable(*ip, self.port)],
            Host::Name(name, family) => {
                let found = tokio::net::lookup_host((name.as_str(), self.port)).await;
                let found = found.map_or_else(|_| Vec::new(), Iterator::collect::<Vec<SocketAddr>>);
                let wanted = found.into_iter().filter(|address| match family {
                    Family::Any => true,
                    Family::V4 => address.is_ipv4(),
                    Family::V6 => address.is_ipv6(),
                });
                wanted
                    .map(|address| dialable(address.ip(), address.port()))
                    .collect()
            }
        }
    }
}

fn dialable(ip: IpAddr, port: u16) -> Multiaddr {
    Multiaddr::from(ip).with(Protocol::Tcp(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "16Uiu2HAmPLe7Mzm8TsYUubgCAW1aJoeFScxrLj8ppHFivPo97bUZ";

    #[test]
    fn parses_each_kind_of_host() {
        for host in [
            "ip4/127.0.0.1",
            "ip6/::1",
            "dns/a.example",
            "dns4/a.example",
            "dns6/a.example",
        ] {
            let address: PeerAddress = format!("/{host}/tcp/60000/p2p/{PEER}").parse().unwrap();
            assert_eq!(address.peer.to_string(), PEER);
            assert_eq!(address.port, 60000);
        }
    }

    #[test]
    fn refuses_what_it_could_not_dial_or_authenticate() {
        for bad in [
            "",
            "127.0.0.1:60000",
            "/ip4/127.0.0.1/tcp/60000",
            &format!("/ip4/127.0.0.1/udp/60000/quic-v1/p2p/{PEER}"),
            &format!("/ip4/127.0.0.1/tcp/60000/ws/p2p/{PEER}"),
            &format!("/dnsaddr/a.example/p2p/{PEER}"),
            &format!("/ip4/127.0.0.1/tcp/70000/p2p/{PEER}"),
            "/ip4/127.0.0.1/tcp/1/p2p/notapeer",
        ] {
            assert!(bad.parse::<PeerAddress>().is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn resolves_names_of_the_asked_family() {
        let v4: PeerAddress = format!("/dns4/localhost/tcp/7/p2p/{PEER}").parse().unwrap();
        assert_eq!(
            v4.resolve().await,
            ["/ip4/127.0.0.1/tcp/7".parse::<Multiaddr>().unwrap()]
        );
    }
}
