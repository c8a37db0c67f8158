//! What `systemctl show` says of a unit (`systemctl(1)`, `org.freedesktop.systemd1(5)`).

/// In which state a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitState {
    /// It runs (also while it loads its configuration again).
    Active,
    /// It is being started.
    Activating,
    /// It ended, and will be started again after a while (`RestartSec`, 10 s for the kubelet).
    AutoRestart,
    /// It is being stopped.
    Deactivating,
    /// It ended with an error, and will not be started again.
    Failed,
    /// It does not run.
    Inactive,
    /// It does not run, and somebody has forbidden it to (`systemctl mask`).
    Masked,
    /// There is no such unit, or its file is damaged: nothing can be started.
    Missing,
    /// Nobody can tell.
    Unknown,
}

/// What is known of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitStatus {
    /// In which state it is.
    pub state: UnitState,
    /// The same in systemd's words, more finely: `running`, `auto-restart`, `stop-sigterm`. Empty where unknown.
    pub sub_state: String,
    /// Its main process, where it has one.
    pub main_pid: Option<u32>,
    /// How often it was started again since it was last started by somebody; `None` where unknown (before systemd 235).
    pub restarts: Option<u32>,
}

impl UnitStatus {
    pub(super) fn unknown() -> Self {
        Self {
            state: UnitState::Unknown,
            sub_state: String::new(),
            main_pid: None,
            restarts: None,
        }
    }

    /// From lines such as `ActiveState=active`, in any order; `None` where that one is missing.
    pub(super) fn parse(properties: &str) -> Option<Self> {
        let value = |name: &str| {
            properties
                .lines()
                .filter_map(|line| line.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        let number = |name| value(name).and_then(|value| value.parse().ok());
        let sub_state = value("SubState").unwrap_or_default();
        let state = match value("ActiveState")? {
            "active" | "reloading" | "refreshing" => UnitState::Active,
            // `auto-restart-queued` since systemd 254.
            "activating" if sub_state.starts_with("auto-restart") => UnitState::AutoRestart,
            "activating" => UnitState::Activating,
            "deactivating" => UnitState::Deactivating,
            "failed" => UnitState::Failed,
            "inactive" => match value("LoadState") {
                Some("masked") => UnitState::Masked,
                Some("not-found" | "bad-setting" | "error") => UnitState::Missing,
                _ => UnitState::Inactive,
            },
            _ => UnitState::Unknown,
        };
        Some(Self {
            state,
            sub_state: sub_state.to_owned(),
            main_pid: number("MainPID").filter(|pid| *pid != 0),
            restarts: number("NRestarts"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As systemd 252 says it.
    fn said(load: &str, active: &str, sub: &str, pid: u32) -> UnitStatus {
        let properties = format!(
            "MainPID={pid}\nNRestarts=3\nLoadState={load}\nActiveState={active}\nSubState={sub}\n"
        );
        let status = UnitStatus::parse(&properties).unwrap();
        assert_eq!(status.sub_state, sub);
        assert_eq!(status.main_pid, (pid > 0).then_some(pid));
        assert_eq!(status.restarts, Some(3));
        status
    }

    #[test]
    fn each_state_is_told_from_the_others() {
        for (load, active, sub, pid, expected) in [
            ("loaded", "active", "running", 77, UnitState::Active),
            ("loaded", "reloading", "reload", 77, UnitState::Active),
            ("loaded", "activating", "start", 84, UnitState::Activating),
            (
                "loaded",
                "activating",
                "auto-restart",
                0,
                UnitState::AutoRestart,
            ),
            (
                "loaded",
                "activating",
                "auto-restart-queued",
                0,
                UnitState::AutoRestart,
            ),
            (
                "loaded",
                "deactivating",
                "stop-sigterm",
                80,
                UnitState::Deactivating,
            ),
            ("loaded", "failed", "failed", 0, UnitState::Failed),
            ("loaded", "inactive", "dead", 0, UnitState::Inactive),
            ("masked", "inactive", "dead", 0, UnitState::Masked),
            // Masked, or removed, while it ran.
            ("masked", "active", "running", 77, UnitState::Active),
            ("not-found", "active", "running", 77, UnitState::Active),
            ("not-found", "inactive", "dead", 0, UnitState::Missing),
            ("bad-setting", "inactive", "dead", 0, UnitState::Missing),
            ("loaded", "maintenance", "dead", 0, UnitState::Unknown),
            ("loaded", "resting", "dead", 0, UnitState::Unknown),
        ] {
            assert_eq!(
                said(load, active, sub, pid).state,
                expected,
                "{load} {active} {sub}"
            );
        }
    }

    #[test]
    fn what_an_old_systemd_does_not_say_is_unknown_and_nonsense_is_nothing() {
        let status = UnitStatus::parse("ActiveState=active\n").unwrap();
        assert_eq!((status.main_pid, status.restarts), (None, None));
        let odd = UnitStatus::parse("SubState=a=b\nMainPID=-1\nActiveState=active").unwrap();
        assert_eq!((odd.sub_state.as_str(), odd.main_pid), ("a=b", None));
        for nonsense in [
            "",
            "\n",
            "XActiveState=active",
            "ActiveState",
            "Failed to connect",
        ] {
            assert_eq!(UnitStatus::parse(nonsense), None, "{nonsense}");
        }
    }
}
