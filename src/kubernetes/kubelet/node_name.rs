//! The name by which a kubelet registers its node. Pure.

/// What the kubelet makes of `--hostname-override`, or of the host name where that is not set: without blanks around it, in
/// lower case (`GetHostname` in `k8s.io/component-helpers/node/util`). `None` for what can be no node's name, as the API server
/// judges it: a DNS subdomain of RFC 1123.
pub fn node_name(host: &str) -> Option<String> {
    let name = host.trim().to_lowercase();
    is_node_name(&name).then_some(name)
}

/// The user of a kubelet's certificate, `system:node:cp-1`, as that node's name (`k8s.io/apiserver`, `NodeUserNamePrefix`).
pub fn node_of_user(user: &str) -> Option<&str> {
    user.strip_prefix(USER_PREFIX)
}

/// The user as whom the kubelet of `node` logs on.
pub fn user_of_node(node: &str) -> String {
    format!("{USER_PREFIX}{node}")
}

/// The group of all kubelets (`user.NodesGroup` in `k8s.io/apiserver`).
pub const NODES_GROUP: &str = "system:nodes";

const USER_PREFIX: &str = "system:node:";

/// `IsDNS1123Subdomain` in `k8s.io/apimachinery`: at most 253 bytes, labels of letters, digits and inner dashes.
fn is_node_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        label.bytes().all(|byte| inner(byte) || byte == b'-')
            && label.bytes().next().is_some_and(inner)
            && label.bytes().next_back().is_some_and(inner)
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_becomes_a_nodes_as_the_kubelet_has_it() {
        assert_eq!(
            node_name(" CP-1.Example.Test\n").unwrap(),
            "cp-1.example.test"
        );
        assert_eq!(node_name("1").unwrap(), "1");
        let long = "a".repeat(254);
        for none in [
            "", "cp_1", "-cp", "cp-", "cp..1", "cp.", "ü", "cp 1", "a:b", &long,
        ] {
            assert_eq!(node_name(none), None, "{none}");
        }
    }

    #[test]
    fn a_nodes_user_and_back() {
        assert_eq!(user_of_node("cp-1"), "system:node:cp-1");
        assert_eq!(node_of_user("system:node:cp-1"), Some("cp-1"));
        assert_eq!(node_of_user("kubernetes-admin"), None);
    }
}
