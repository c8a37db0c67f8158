//! Who belongs to an etcd cluster, as the flags of one of its members say it. Pure.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::endpoint::host_and_port;

/// The members that `--initial-cluster` names, in its order.
///
/// They are those of the moment when this member joined: kubeadm writes the flag once, and on the node of `kubeadm init` it names that
/// node alone, however many joined later. So a cluster may have more members than any one flag names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdMembers(Vec<EtcdMember>);

/// A member of an etcd cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdMember {
    /// Its `--name`: that of its node, with kubeadm.
    pub name: String,
    /// Where the others reach it, such as `https://192.0.2.10:2380`; at least one.
    pub peer_urls: Vec<String>,
}

/// Why text is no value of `--initial-cluster`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EtcdMembersError {
    /// It names nobody.
    #[error("it names no member")]
    Empty,
    /// A part is not a name, an equals sign and a URL.
    #[error("{part:?} is not a member, such as cp-1=https://192.0.2.10:2380")]
    NotAMember {
        /// The part between two commas.
        part: String,
    },
    /// Not `http` or `https`, a host and a port, and nothing behind them.
    #[error("{url:?} of the member {member:?} is not the URL of a peer")]
    NotAPeerUrl {
        /// Its name.
        member: String,
        /// As it is written.
        url: String,
    },
    /// Two members, or one twice, are said to be in one place.
    #[error("it has {url:?} twice")]
    SameUrl {
        /// As it is written.
        url: String,
    },
}

impl EtcdMembers {
    /// The members, in the order in which they are named first.
    pub fn members(&self) -> &[EtcdMember] {
        &self.0
    }
}

impl FromStr for EtcdMembers {
    type Err = EtcdMembersError;

    /// As etcd reads it (`NewURLsMap` in `go.etcd.io/etcd/client/pkg/types`): a member with several URLs is named once for each, and
    /// nothing between two commas is nothing.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut members: Vec<EtcdMember> = Vec::new();
        let mut urls = BTreeSet::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let member = part.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, url) = member.ok_or_else(|| EtcdMembersError::NotAMember {
                part: part.to_owned(),
            })?;
            let url = url.trim();
            if !is_peer_url(url) {
                return Err(EtcdMembersError::NotAPeerUrl {
                    member: name.to_owned(),
                    url: url.to_owned(),
                });
            }
            if !urls.insert(url) {
                let url = url.to_owned();
                return Err(EtcdMembersError::SameUrl { url });
            }
            match members.iter_mut().find(|member| member.name == name) {
                Some(member) => member.peer_urls.push(url.to_owned()),
                None => members.push(EtcdMember {
                    name: name.to_owned(),
                    peer_urls: vec![url.to_owned()],
                }),
            }
        }
        if members.is_empty() {
            return Err(EtcdMembersError::Empty);
        }
        Ok(Self(members))
    }
}

/// How many of `members` must agree: more than half.
pub fn quorum(members: usize) -> usize {
    members / 2 + 1
}

/// Scheme, host and port, and nothing behind them.
fn is_peer_url(url: &str) -> bool {
    let scheme = ["https://", "http://"];
    let authority = scheme.iter().find_map(|scheme| url.strip_prefix(scheme));
    authority
        .and_then(host_and_port)
        .is_some_and(|(_, port)| port.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_their_places_are_read_as_etcd_reads_them() {
        let flag = "cp-1=https://192.0.2.10:2380,cp-2=https://cp-2.example.test:2380,,\
                    cp-1=http://[2001:db8::1]:2380,";
        let members: EtcdMembers = flag.parse().unwrap();
        let names: Vec<_> = members
            .members()
            .iter()
            .map(|member| &member.name)
            .collect();
        assert_eq!(names, ["cp-1", "cp-2"]);
        assert_eq!(
            members.members()[0].peer_urls,
            ["https://192.0.2.10:2380", "http://[2001:db8::1]:2380"]
        );
        assert_eq!(quorum(members.members().len()), 2);
    }

    #[test]
    fn odd_input_is_told_apart() {
        for empty in ["", ",", ",,"] {
            assert_eq!(empty.parse::<EtcdMembers>(), Err(EtcdMembersError::Empty));
        }
        for part in ["cp-1", "=https://a:1", "https://192.0.2.10:2380", " "] {
            let flag = format!("cp-0=https://a:2380,{part}");
            let part = part.to_owned();
            assert_eq!(
                flag.parse::<EtcdMembers>(),
                Err(EtcdMembersError::NotAMember { part })
            );
        }
        for url in [
            "",
            "a:2380",
            "https://a",
            "https://:2380",
            "https://a:",
            "https://a:0",
            "https://a:65536",
            "https://a:2380/",
            "https://a:+1",
            "https://[a]:1",
            "https://::1:2380",
            "unix://a:1",
            "https://a@b:1",
            "https://a b:1",
            "cp-2=https://a:1",
            "https://[::1:2380",
        ] {
            let member = "cp-1".to_owned();
            assert_eq!(
                format!("cp-1={url}").parse::<EtcdMembers>(),
                Err(EtcdMembersError::NotAPeerUrl {
                    member,
                    url: url.to_owned()
                }),
            );
        }
        let error = "a=https://a:1,b=https://a:1".parse::<EtcdMembers>();
        assert_eq!(
            error.unwrap_err().to_string(),
            "it has \"https://a:1\" twice"
        );
    }

    #[test]
    fn a_quorum_is_more_than_half() {
        let quorums: Vec<_> = (1..=7).map(quorum).collect();
        assert_eq!(quorums, [1, 2, 2, 3, 3, 4, 4]);
    }
}
