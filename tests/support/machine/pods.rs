//! What runs on a machine of a node's own.

use std::fs;
use std::path::Path;

use super::super::interruption::wait_for;
use super::{Machine, stand_in};

impl Machine {
    /// Says which components the kubelet is to run, and starts it; waits until all of them are there.
    pub fn start_kubelet(&self, components: &[&str]) {
        self.shell(&format!(
            "printf '%s\\n' {} >/run/components",
            components.join(" ")
        ));
        self.shell(stand_in("kubelet-start").to_str().unwrap());
        for component in components {
            wait_for(|| self.pid_of(component));
        }
    }

    /// Starts one component, once more if it runs, with arguments behind those of its manifest; its process.
    pub fn start_pod(&self, component: &str, arguments: &[&str]) -> u32 {
        let before = self.pids_of(component);
        let pod = stand_in("pod");
        self.shell(&format!(
            "{} {component} {}",
            pod.display(),
            arguments.join(" ")
        ));
        wait_for(|| {
            self.pids_of(component)
                .into_iter()
                .find(|pid| !before.contains(pid))
        })
    }

    /// The process that was started under that name, as the machine numbers it.
    pub fn pid_of(&self, name: &str) -> Option<u32> {
        self.pids_of(name).into_iter().next()
    }

    /// All of them.
    pub fn pids_of(&self, name: &str) -> Vec<u32> {
        let all = fs::read_dir("/proc").unwrap();
        let entries = all.map(|entry| entry.unwrap().path());
        let mut pids: Vec<u32> = entries
            .filter_map(|entry| self.component(&entry, name))
            .collect();
        pids.sort_unstable();
        pids
    }

    /// The number in that machine of the process with this entry in `/proc`, if it is of that machine and of that name.
    fn component(&self, entry: &Path, name: &str) -> Option<u32> {
        let command_line = fs::read(entry.join("cmdline")).ok()?;
        let program = command_line.split(|byte| *byte == 0).next()?;
        if program.rsplit(|byte| *byte == b'/').next()? != name.as_bytes() {
            return None;
        }
        let first = format!("/proc/{}/ns/mnt", self.first);
        if fs::read_link(entry.join("ns/mnt")).ok()? != fs::read_link(first).unwrap() {
            return None;
        }
        // Outside, in that machine, and in a namespace of its own.
        let status = fs::read_to_string(entry.join("status")).ok()?;
        let numbers = status
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))?;
        let outside = fs::read_to_string(format!("/proc/{}/status", self.first)).unwrap();
        let outside = outside
            .lines()
            .find_map(|line| line.strip_prefix("NSpid:"))
            .unwrap();
        // Its first process is number 1, and the last of its own numbers.
        let depth = outside.split_whitespace().count();
        numbers.split_whitespace().nth(depth - 1)?.parse().ok()
    }

    /// What became of the processes of a component that have ended, in order: exit statuses.
    pub fn statuses(&self, component: &str) -> Vec<i32> {
        let statuses = self.kept(&format!("{component}.status"));
        statuses
            .lines()
            .map(|status| status.parse().unwrap())
            .collect()
    }

    /// What a component has said.
    pub fn log_of(&self, component: &str) -> String {
        self.kept(&format!("{component}.log"))
    }

    fn kept(&self, name: &str) -> String {
        let path = format!("/proc/{}/root/run/pods/{name}", self.first);
        fs::read_to_string(path).unwrap_or_default()
    }
}
