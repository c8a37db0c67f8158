//! Runs real shells: obedient ones, chatty ones, deaf ones, and such as leave somebody behind.

use super::*;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(150);

fn shell(script: &str, patience: Duration) -> Result<String, ProgramError> {
    run(Path::new("/bin/sh"), &["-c", script], patience)
}

#[test]
fn what_a_program_says_is_returned_and_what_it_complains_of_is_quoted() {
    assert_eq!(shell("echo said; echo no >&2", LONG).unwrap(), "said\n");
    let error = shell("echo said; echo no >&2; exit 5", LONG).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`/bin/sh -c echo said; echo no >&2; exit 5`: exit status 5, it said `said\\nno`"
    );
    let error = shell("kill -9 $$", LONG).unwrap_err();
    let expected = "`/bin/sh -c kill -9 $$`: ended by SIGKILL";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_program_that_is_not_there_or_is_none_was_not_started() {
    for path in ["/missing/program", "/etc/passwd", "/tmp"] {
        let error = run(Path::new(path), &[], LONG).unwrap_err();
        assert!(matches!(error, ProgramError::NotStarted { .. }), "{error}");
    }
    let error = run(Path::new("/bin/true"), &["a\0b"], LONG).unwrap_err();
    assert!(matches!(error, ProgramError::NotStarted { .. }), "{error}");
}

#[test]
fn it_finds_nothing_of_ours() {
    let environment = run(Path::new("/usr/bin/env"), &[], LONG).unwrap();
    let expected = "PATH=/usr/sbin:/usr/bin:/sbin:/bin\nLANG=C\n";
    assert_eq!(environment, expected);
    assert_eq!(shell("cat", LONG).unwrap(), "");
    // Shells ask for the number of their parent's group in vain: cut(1) does without.
    let group = shell("echo $$; cut -d' ' -f5 /proc/self/stat", LONG).unwrap();
    let (own, group) = group.trim().split_once('\n').unwrap();
    assert_eq!(own, group);
}

/// As in a recovery, which holds signals back, and in a program of Rust's, which ignores SIGPIPE.
#[test]
fn every_signal_reaches_it() {
    let before = SigSet::all()
        .thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_BLOCK)
        .unwrap();
    let pattern = "Sig(Blk|Ign)";
    let masks = run(
        Path::new("/bin/grep"),
        &["-E", pattern, "/proc/self/status"],
        LONG,
    );
    before.thread_set_mask().unwrap();
    for line in masks.unwrap().lines() {
        let (_, mask) = line.split_once('\t').unwrap();
        // Those from 32 on are the C library's own, or nobody's.
        let mask = u64::from_str_radix(mask, 16).unwrap() & 0x7fff_ffff;
        assert_eq!(mask, 0, "{line}");
    }
}

#[test]
fn it_is_killed_when_patience_ends_and_so_is_what_it_started() {
    let begun = Instant::now();
    let script = "trap '' TERM INT HUP; echo begun; sleep 61.5 & while :; do sleep 61.5; done";
    let error = shell(script, SHORT).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, ProgramError::TimedOut { .. }), "{text}");
    assert!(
        text.ends_with("was not done after 150ms, it said `begun`"),
        "{text}"
    );
    assert!(begun.elapsed() < LONG);
    let left = shell("grep -lz 61.5 /proc/[0-9]*/cmdline; true", LONG).unwrap();
    // The shell that asks, and grep, have the words among their own arguments.
    let sleeping = left.lines().filter(|path| {
        let pid: u32 = path.split('/').nth(2).unwrap().parse().unwrap();
        let entry = super::super::process_entry::ProcessEntry::open(pid);
        entry.is_ok_and(|entry| {
            entry
                .read(c"cmdline")
                .is_ok_and(|line| line.starts_with(b"sleep\0"))
        })
    });
    assert_eq!(sleeping.count(), 0);
}

#[test]
fn somebody_left_behind_does_not_hang_us_and_lives_on_when_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let daemon = format!(
        "echo daemon; while [ ! -e {path}/go ]; do sleep 0.01; done; \
         echo late; echo $? > {path}/wrote; echo alive > {path}/alive"
    );
    let script = format!("setsid sh -c '{daemon}' & while [ ! -s /dev/fd/1 ]; do :; done; echo up");
    let begun = Instant::now();
    assert_eq!(shell(&script, LONG).unwrap(), "daemon\nup\n");
    assert!(begun.elapsed() < LONG);
    shell(&format!("touch {path}/go"), LONG).unwrap();
    let alive = format!("while [ ! -s {path}/alive ]; do sleep 0.01; done; cat {path}/wrote");
    // What is kept did not grow: the write was refused.
    assert_ne!(shell(&alive, LONG).unwrap(), "0\n");
}

#[test]
fn of_endless_output_the_beginning_is_kept() {
    let error = shell("yes 0123456; true", SHORT).unwrap_err();
    let ProgramError::TimedOut { output, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(output.len(), OUTPUT_LIMIT as usize);
    assert!(output.starts_with("0123456\n0123456\n"));
    assert!(error.to_string().len() < 2048, "{error}");
    let text = shell("head -c 200000 /dev/zero | tr '\\0' x", LONG).unwrap();
    assert_eq!(text, "x".repeat(OUTPUT_LIMIT as usize));
}

#[test]
fn what_would_move_a_cursor_is_not_handed_on() {
    let said = shell("printf 'a\\033[2Jb\\r\\377\\tc\\n'", LONG).unwrap();
    assert_eq!(said, "a\u{fffd}[2Jb\u{fffd}\u{fffd}\tc\n");
}

/// A descriptor that is not closed when a program starts would be open in every daemon that it starts.
#[test]
fn nothing_of_ours_is_open_in_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let open = shell("ls -l /proc/self/fd", LONG).unwrap();
    assert!(open.contains("/dev/null"), "{open}");
    let path = file.path().to_str().unwrap();
    assert!(!open.contains(path), "{open}");
}
