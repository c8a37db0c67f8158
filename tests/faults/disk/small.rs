//! A node on a tmpfs of its own, or with its state folder on one, that can be shrunk to what is used and little more.

use std::fs::create_dir;
use std::path::PathBuf;

use nix::sys::statvfs::statvfs;

use super::mounts::{mount, text, unmount};
use crate::template::{Template, Workplace, remove};

const PAGE: u64 = 4096;
const STATE_FOLDER: &str = "var/lib/rekindle";

/// What lies on the small disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Node,
    State,
}

/// What the disk is short of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Pages,
    Inodes,
}

/// Pages and inodes.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub pages: u64,
    pub inodes: u64,
}

/// A mounted disk, and the node.
pub struct SmallDisk {
    pub root: PathBuf,
    mounted: PathBuf,
}

impl SmallDisk {
    /// A large one at first, with the node on it or in it.
    pub fn mount(template: &Template, place: Place, workplace: &Workplace) -> Self {
        let root = workplace.disk().join("node");
        let mounted = match place {
            Place::Node => workplace.disk(),
            Place::State => {
                template.copy(&root);
                let state = root.join(STATE_FOLDER);
                create_dir(&state).unwrap();
                state
            }
        };
        let options = "size=64m,nr_inodes=9999,mode=700";
        mount(&["-t", "tmpfs", "-o", options, "tmpfs", text(&mounted)]);
        if place == Place::Node {
            template.copy(&root);
        }
        Self { root, mounted }
    }

    /// What is used of it.
    pub fn used(&self) -> Room {
        let status = statvfs(&self.mounted).unwrap();
        Room {
            pages: status.blocks() - status.blocks_free(),
            inodes: status.files() - status.files_free(),
        }
    }

    /// Leaves so many pages, or inodes, and no more.
    pub fn shrink(&self, unit: Unit, left: u64) {
        let used = self.used();
        let option = match unit {
            Unit::Pages => format!("remount,size={}", (used.pages + left).max(1) * PAGE),
            Unit::Inodes => format!("remount,nr_inodes={}", used.inodes + left),
        };
        mount(&["-o", &option, text(&self.mounted)]);
    }

    pub fn unmount(self) {
        unmount(&self.mounted);
        remove(&self.root);
    }
}
