//! What a long outage has done to the rest of the cluster: nothing on this node shows it, so its length must.

use time::{Duration, OffsetDateTime};

use crate::inventory::Inventory;
use crate::kubernetes::Component;
use crate::pki::Certificate;

/// What will hurt besides this node, and since when the control plane was out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aftermath {
    /// Since when no certificate was signed, and no token given out.
    pub since: OffsetDateTime,
    /// Tokens that others keep, and that outlive a pod's, have ended.
    pub tokens: bool,
    /// Client certificates of workers' kubelets may have ended.
    pub workers: bool,
}

/// Without one of these the API server answers nobody, or the controller-manager signs nothing.
const NEEDED: [&str; 4] = [
    "apiserver",
    "apiserver-etcd-client",
    "controller-manager.conf",
    "etcd-server",
];

/// The longest-lived of the tokens that are kept outside pods: Calico's for its CNI plug-in has a day, and is renewed when a
/// quarter of that is over (`node/pkg/cni/token_watch.go` in `projectcalico/calico`). What the kubelet mounts into pods has an
/// hour, which the API server stretches, and the kubelet renews by itself when it is back.
const TOKEN_MARGIN: Duration = Duration::hours(18);

/// `--cluster-signing-duration` by default: what the controller-manager gives a kubelet.
const SIGNING_DURATION: Duration = Duration::days(365);

/// A kubelet asks for its next certificate when 70 to 90 percent of the life of the present one are over
/// (`jitteryDuration` in `k8s.io/client-go/util/certificate`): whoever found nobody to ask had a tenth left at least.
const LEFT_AT_ROTATION: i32 = 10;

impl Aftermath {
    /// Judges by the first of the needed certificates that had ended at `now`; `None` where none had, or not for long enough
    /// that anything else has ended.
    pub fn of(inventory: &Inventory, now: OffsetDateTime) -> Option<Self> {
        let ends = NEEDED.iter().filter_map(|name| inventory.original(name));
        let since = ends.map(Certificate::not_after).min()?;
        let signing = signing_duration(inventory).unwrap_or(SIGNING_DURATION);
        Self::after(since, now, signing)
    }

    fn after(since: OffsetDateTime, now: OffsetDateTime, signing: Duration) -> Option<Self> {
        let outage = now - since;
        let workers = outage.is_positive() && outage >= signing / LEFT_AT_ROTATION;
        let tokens = outage >= TOKEN_MARGIN;
        (workers || tokens).then_some(Self {
            since,
            tokens,
            workers,
        })
    }
}

/// What the manifest says, in Go's form of durations.
fn signing_duration(inventory: &Inventory) -> Option<Duration> {
    let component = Component::ControllerManager;
    let flag = [
        "cluster-signing-duration",
        "experimental-cluster-signing-duration",
    ]
    .iter()
    .find_map(|name| inventory.layout.flag(component, name))?;
    let duration = humantime::parse_duration(flag).ok()?;
    Duration::try_from(duration)
        .ok()
        .filter(|duration| duration.is_positive())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_hurts_depends_on_how_long_it_lasted() {
        let since = datetime!(2026-11-24 12:00 UTC);
        let after = |outage, signing| {
            let found = Aftermath::after(since, since + outage, signing);
            found.map(|found| (found.tokens, found.workers))
        };
        let year = SIGNING_DURATION;
        assert_eq!(after(Duration::hours(-1), year), None);
        assert_eq!(after(Duration::hours(17), year), None);
        assert_eq!(after(Duration::hours(18), year), Some((true, false)));
        assert_eq!(after(Duration::days(36), year), Some((true, false)));
        assert_eq!(after(Duration::days(37), year), Some((true, true)));
        // Where the cluster signs for a week.
        assert_eq!(
            after(Duration::hours(17), Duration::days(7)),
            Some((false, true))
        );
    }
}
