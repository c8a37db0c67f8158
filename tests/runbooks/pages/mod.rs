//! The pages of situations: whoever follows one gets what it promises.

mod bound_tokens;
mod break_glass;
mod ca_reissue;
mod exit_codes;
mod external_ca;
mod full_expiry;
mod half_way;
mod left_alone;
mod moved_node;
mod not_proven;
mod people_to_oidc;
mod renewal_ahead;
mod routine;
mod who_gets_in;
mod worker;
mod worker_kubelets;

use super::control_plane;
use crate::support::node::Node;
use crate::support::program::rekindle;

/// The latest run on a node, by its name.
fn latest_run(node: &Node) -> String {
    let list = rekindle(node.path(), &["journal", "list"]).stdout;
    let mut runs: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| word.starts_with("20"))
        .collect();
    runs.sort_unstable();
    (*runs.last().expect("a run")).to_owned()
}
