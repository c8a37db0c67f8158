//! Copies folders of real file systems: the one of temporary files, memory, and one that shares where it can be had.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests lay out folders of their own, and mount disks in a namespace of their own"
)]

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;

use super::copying::MAXIMUM_DEPTH;
use super::*;

const MIB: u64 = 1024 * 1024;

/// A node with the shape of etcd's data, and some of what a folder can hold besides.
fn lay_out(root: &Path) {
    let member = root.join("data/member");
    for folder in ["wal", "snap", "empty"] {
        fs::create_dir_all(member.join(folder)).unwrap();
    }
    fs::create_dir(root.join("backups")).unwrap();
    let wal = File::create(member.join("wal/0.wal")).unwrap();
    wal.write_all_at(&[7; 10_000], 0).unwrap();
    wal.set_len(64 * MIB).unwrap();
    fs::write(member.join("snap/db"), vec![3; 5_000_000]).unwrap();
    fs::write(member.join("snap/none"), "").unwrap();
    symlink("../wal/0.wal", member.join("snap/link")).unwrap();
    symlink("/etc/passwd", member.join("snap/out")).unwrap();
    symlink("nowhere", member.join("snap/dangling")).unwrap();
    let _ = xattr::set(member.join("snap/db"), "user.rekindle", b"kept");
    for (path, mode) in [("snap/db", 0o640), ("wal/0.wal", 0o600), ("snap", 0o750)] {
        fs::set_permissions(member.join(path), Permissions::from_mode(mode)).unwrap();
    }
    if crate::node::is_root() {
        for path in ["snap/db", "snap/out", "wal"] {
            std::os::unix::fs::lchown(member.join(path), Some(1234), Some(2345)).unwrap();
        }
    }
    fs::set_permissions(root.join("data"), Permissions::from_mode(0o755)).unwrap();
    let old = TimeSpec::new(1_000_000_000, 123_456_789);
    let touched = ["snap/db", "snap/dangling", "snap", "."];
    for path in touched {
        let flags = UtimensatFlags::NoFollowSymlink;
        utimensat(nix::fcntl::AT_FDCWD, &member.join(path), &old, &old, flags).unwrap();
    }
}

/// All that can be seen of what is below a folder, by path.
fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let size = if metadata.is_dir() { 0 } else { metadata.len() };
        lines.push(format!(
            "{:?} {:o} {}:{} {}.{} {size} {:?} {:?}",
            path.file_name().unwrap(),
            metadata.mode(),
            metadata.uid(),
            metadata.gid(),
            metadata.mtime(),
            metadata.mtime_nsec(),
            fs::read_link(&path).ok(),
            xattr::get(&path, "user.rekindle").ok().flatten(),
        ));
        if metadata.is_dir() {
            lines.extend(listing(&path).iter().map(|line| format!("  {line}")));
        } else if metadata.is_file() {
            let digest = crate::digest::Sha256Digest::of(&fs::read(&path).unwrap());
            lines.push(format!("{:?} {digest}", path.file_name().unwrap()));
        }
    }
    lines.sort();
    lines
}

/// Copies `/data` of the node to `/backups/copy`.
fn copy(root: &Path) -> Result<CopiedFolder, FileError> {
    copy_and_see(root, &mut |_| {})
}

fn copy_and_see(root: &Path, progress: &mut dyn FnMut(u64)) -> Result<CopiedFolder, FileError> {
    let root = Root::open(root).unwrap();
    root.copy_folder(Path::new("/data"), Path::new("/backups/copy"), progress)
}

fn assert_nothing_left(root: &Path) {
    let left = fs::read_dir(root.join("backups")).unwrap().count();
    assert_eq!(left, 0);
}

fn assert_same(root: &Path) -> CopiedFolder {
    let original = listing(&root.join("data"));
    let size = Root::open(root).unwrap().measure(Path::new("/data"));
    let size = size.unwrap();
    let mut heard = Vec::new();
    let copied = copy_and_see(root, &mut |bytes| heard.push(bytes)).unwrap();
    let top = root.join("backups/copy");
    assert_eq!(listing(&top), original);
    assert_eq!(listing(&root.join("data")), original);
    let metadata = fs::metadata(&top).unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o700);
    let links = ["../wal/0.wal", "/etc/passwd", "nowhere"];
    let links: u64 = links.iter().map(|link| link.len() as u64).sum();
    assert_eq!(
        (copied.files, copied.bytes + links),
        (size.files, size.bytes)
    );
    assert!(heard.is_sorted(), "{heard:?}");
    assert_eq!(heard.last(), Some(&copied.bytes));
    let wal = fs::metadata(top.join("member/wal/0.wal")).unwrap();
    assert!(wal.blocks() * 512 < MIB, "{} blocks", wal.blocks());
    copied
}

/// Does it in a thread whose mounts nobody else sees.
fn with_mount(arguments: &[&str], test: impl FnOnce(&Path) + Send) -> Result<(), String> {
    if !crate::node::is_root() {
        return Err("only root can mount".to_owned());
    }
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::thread::scope(|scope| {
        let mount = || {
            unshare(CloneFlags::CLONE_NEWNS).map_err(|errno| errno.to_string())?;
            run("mount", &["--make-rprivate", "/"])?;
            let path = folder.path().to_str().unwrap_or_default();
            run("mount", &[arguments, &[path]].concat())?;
            fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
            test(Path::new(path));
            Ok(())
        };
        scope.spawn(mount).join()
    });
    mounted.unwrap()
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or(complaint)
}

#[test]
fn a_copy_is_the_same_but_closed_to_others_on_a_disk_and_in_memory() {
    let folders = [tempfile::tempdir(), tempfile::tempdir_in("/dev/shm")];
    for folder in folders.into_iter().flatten() {
        lay_out(folder.path());
        assert_same(folder.path());
    }
}

#[test]
fn where_the_file_system_can_share_nothing_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let image: PathBuf = folder.path().join("image");
    File::create(&image).unwrap().set_len(512 * MIB).unwrap();
    let image = image.to_str().unwrap();
    let made = run("mkfs.xfs", &["-q", "-m", "reflink=1", image])
        .or_else(|_| run("mkfs.btrfs", &["-q", image]));
    let tried = made.and_then(|()| {
        with_mount(&["-o", "loop", image], |root| {
            lay_out(root);
            let copied = assert_same(root);
            assert!(copied.is_shared(), "{copied:?}");
            // Either changes without the other.
            let original = root.join("data/member/snap/db");
            fs::write(&original, "changed").unwrap();
            let copy = fs::read(root.join("backups/copy/member/snap/db")).unwrap();
            assert!(copy == vec![3; 5_000_000]);
        })
    });
    if let Err(why) = tried {
        println!("skipped: no file system that shares can be made and mounted: {why}");
    }
}

#[test]
fn a_copy_between_two_file_systems_is_the_same() {
    let outcome = with_mount(&["-t", "tmpfs", "tmpfs"], |disk| {
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path());
        run(
            "mount",
            &[
                "--bind",
                disk.to_str().unwrap(),
                folder.path().join("backups").to_str().unwrap(),
            ],
        )
        .unwrap();
        let copied = assert_same(folder.path());
        assert_eq!(copied.shared, 0);
        run("umount", &[folder.path().join("backups").to_str().unwrap()]).unwrap();
    });
    if let Err(why) = outcome {
        println!("skipped: {why}");
    }
}

#[test]
fn a_disk_without_room_is_told_before_the_first_byte() {
    let outcome = with_mount(&["-t", "tmpfs", "-o", "size=8m", "tmpfs"], |root| {
        lay_out(root);
        let mut heard = 0;
        let error = copy_and_see(root, &mut |bytes| heard = bytes).unwrap_err();
        assert!(matches!(error, FileError::NoSpace { .. }), "{error}");
        assert_eq!(heard, 0);
        assert_nothing_left(root);
    });
    if let Err(why) = outcome {
        println!("skipped: {why}");
    }
}

#[test]
fn what_is_neither_file_nor_folder_nor_link_is_refused_and_nothing_is_left() {
    let socket: fn(&Path) = |path| drop(UnixListener::bind(path).unwrap());
    let fifo: fn(&Path) = |path| nix::unistd::mkfifo(path, Mode::S_IRUSR).unwrap();
    for (name, make) in [("FIFO", fifo), ("socket", socket)] {
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path());
        make(&folder.path().join("data/member/wal/odd"));
        let error = copy(folder.path()).unwrap_err();
        let FileError::NotRegular { path, found } = &error else {
            panic!("{error}");
        };
        assert_eq!(
            (path.ends_with("data/member/wal/odd"), *found),
            (true, name)
        );
        assert_nothing_left(folder.path());
    }
}

#[test]
fn a_place_that_is_taken_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let place = folder.path().join("backups/copy");
    let takers: [fn(&Path); 3] = [
        |path| fs::create_dir(path).unwrap(),
        |path| fs::write(path, "theirs").unwrap(),
        |path| symlink("nowhere", path).unwrap(),
    ];
    for take in takers {
        take(&place);
        let before = listing(&folder.path().join("backups"));
        let error = copy(folder.path()).unwrap_err();
        assert!(matches!(error, FileError::Io { .. }), "{error}");
        assert_eq!(listing(&folder.path().join("backups")), before);
        fs::remove_file(&place)
            .or_else(|_| fs::remove_dir(&place))
            .unwrap();
    }
    fs::remove_dir(folder.path().join("backups")).unwrap();
    assert!(copy(folder.path()).unwrap_err().is_not_found());
}

#[test]
fn a_copy_into_itself_ends() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    let root = Root::open(folder.path()).unwrap();
    let into = Path::new("/data/member/copy");
    let error = root
        .copy_folder(Path::new("/data"), into, &mut |_| {})
        .unwrap_err();
    let expected = matches!(
        error,
        FileError::Io {
            operation: "copy the copy itself",
            ..
        }
    );
    assert!(expected, "{error}");
    assert!(!folder.path().join("data/member/copy").exists());
}

#[test]
fn a_file_that_changes_while_it_is_copied_is_an_error_and_nothing_is_left() {
    let changes: [fn(&Path); 2] = [
        |path| fs::write(path, vec![4; 5_000_000]).unwrap(),
        |path| {
            File::options()
                .write(true)
                .open(path)
                .unwrap()
                .set_len(10)
                .unwrap();
        },
    ];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("data")).unwrap();
        fs::create_dir(folder.path().join("backups")).unwrap();
        let path = folder.path().join("data/db");
        fs::write(&path, vec![3; 5_000_000]).unwrap();
        let mut begun = false;
        let error = copy_and_see(folder.path(), &mut |_| {
            if !std::mem::replace(&mut begun, true) {
                change(&path);
            }
        })
        .unwrap_err();
        assert!(
            matches!(error, FileError::ChangedMeanwhile { .. }),
            "{error}"
        );
        assert_nothing_left(folder.path());
    }
}

#[test]
fn a_link_in_place_of_the_folder_is_followed_and_one_that_climbs_out_is_not() {
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path());
    fs::rename(folder.path().join("data"), folder.path().join("disk")).unwrap();
    symlink("/disk", folder.path().join("data")).unwrap();
    copy(folder.path()).unwrap();
    let copied = listing(&folder.path().join("backups/copy"));
    assert_eq!(copied, listing(&folder.path().join("disk")));
    fs::remove_file(folder.path().join("data")).unwrap();
    symlink("../../etc", folder.path().join("data")).unwrap();
    let error = copy(folder.path()).unwrap_err();
    assert!(matches!(error, FileError::LeavesRoot { .. }), "{error}");
}

#[test]
fn what_is_too_deep_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("backups")).unwrap();
    let deep: PathBuf = std::iter::repeat_n("d", MAXIMUM_DEPTH + 1).collect();
    fs::create_dir_all(folder.path().join("data").join(deep)).unwrap();
    copy(folder.path()).unwrap_err();
    assert_nothing_left(folder.path());
}
