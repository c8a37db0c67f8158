//! Who vouches for the journal that a verb is about to obey.

use std::io::Write;

use super::arguments::Way;
use super::ended::write_warnings;
use super::failure::Failure;
use crate::evidence::with_causes;
use crate::inventory::{Places, has_cluster_key, trusted_authorities};
use crate::journal::Chain;
use crate::node::Root;
use crate::recovery::{Vouchers, demand_vouchers};

/// Refuses a journal that nobody vouches for, and says so where that cannot be told. `verb` is how it was called.
pub(super) fn vouched(
    root: &Root,
    chain: &Chain,
    verb: &str,
    way: &Way,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let places = Places::observe(root);
    let vouchers = Vouchers {
        authorities: trusted_authorities(root).map_err(|error| with_causes(&error)),
        has_key: &|| has_cluster_key(root),
        keys: &way.key,
        unit: &way.restart.kubelet_unit,
        is_place: &|target| places.have(root, target),
    };
    let warning = demand_vouchers(root, chain, &vouchers, verb)
        .map_err(|refusal| Failure::refused(&[refusal]))?;
    write_warnings(warning.as_slice(), out)?;
    Ok(())
}
