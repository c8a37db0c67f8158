//! The files that are read and never written: static pods, the kubelet's configuration and its flags. What they say does
//! not hang on how it is written.

use rekindle::kubernetes::{KubeletConfig, KubeletFlags, StaticPod};
use serde_yaml::Value;

/// Reads the bytes as each of the three.
pub fn check(bytes: &[u8]) -> bool {
    let pod = StaticPod::parse(bytes);
    let config = KubeletConfig::parse(bytes);
    if (pod.is_ok() || config.is_ok())
        && let Some(json) = as_json(bytes)
    {
        // Not every string that YAML can hold stands in JSON as YAML reads it, a DEL for instance.
        if let (Ok(pod), Ok(again)) = (&pod, StaticPod::parse(&json)) {
            assert_eq!(*pod, again);
        }
        if let (Ok(config), Ok(again)) = (&config, KubeletConfig::parse(&json)) {
            assert_eq!(*config, again);
        }
    }
    pod.is_ok() || config.is_ok() || check_flags(bytes)
}

/// The same document as another library reads it, in JSON.
pub(super) fn as_json(bytes: &[u8]) -> Option<Vec<u8>> {
    let value: Value = serde_yaml::from_slice(bytes).ok()?;
    serde_json::to_vec(&value).ok()
}

/// The last assignment counts: saying all of it twice says nothing new.
fn check_flags(bytes: &[u8]) -> bool {
    let Ok(flags) = KubeletFlags::parse(bytes) else {
        return false;
    };
    let twice = [bytes, b"\n", bytes].concat();
    assert_eq!(KubeletFlags::parse(&twice), Ok(flags.clone()));
    flags.flag("hostname-override").is_some() || flags.flag("cert-dir").is_some()
}
