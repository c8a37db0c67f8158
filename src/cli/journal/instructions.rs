//! What an auditor does with an exported journal, with this program and without it.

use std::fmt::Write as _;

use crate::journal::Chain;
use crate::shell::quote;

/// The name of the CA certificate in the archive.
pub(super) const AUTHORITY: &str = "ca.crt";

/// The text for a journal of which `files` are in the archive; nothing follows from one whose lines do not fit each other.
pub(super) fn instructions(run: &str, files: &[String], chain: Option<&Chain>) -> String {
    let mut text = format!("The journal of the run {run}, with what it takes to judge it.\n\n");
    for name in files {
        // A `String` takes everything.
        let _ = writeln!(text, "{name:<50} {}", meaning(name));
    }
    let Some(chain) = chain else {
        let _ = write!(
            text,
            "\nThe journal is not as it was written, or was not begun. To see where:\n\n    \
             rekindle journal verify ./{} --ca CA-CERTIFICATE\n",
            quote(format!("{run}.jsonl"))
        );
        return text;
    };
    text += COMPARE;
    let has = |name: &str| files.iter().any(|file| file == name);
    let checkpoint = format!("{run}.checkpoint");
    let (mut with, mut without) = (String::new(), String::new());
    if has(AUTHORITY) {
        text += NAME_THE_CA;
        // A shell that does not know it ends with these words: the one in the archive must not do for it.
        let authority = "\"${CA:?the CA certificate of the cluster, from elsewhere}\"";
        let _ = write!(with, " --ca {authority}");
        let _ = write!(without, " {authority}");
    }
    let mut named = String::new();
    for key in chain.keys().filter(|key| key.certificate.is_none()) {
        let _ = write!(named, " --key {}", key.sha256);
    }
    if has(&checkpoint) {
        let _ = write!(named, " --expect {}", quote(checkpoint));
    }
    let verdict = if chain.is_sealed() {
        "COMPLETE"
    } else {
        "INCOMPLETE, for the run did not come to its end"
    };
    let journal = quote(format!("{run}.jsonl"));
    let _ = write!(
        text,
        "\nThe verdict should be {verdict}. With rekindle:\n\n    \
         rekindle journal verify ./{journal}{with}{named}\n    \
         rekindle journal show ./{journal}\n\n\
         Without it, with openssl and jq alone (scripts/verify-journal in rekindle's sources):\n\n    \
         verify-journal{named} {journal}{without}\n"
    );
    text
}

const COMPARE: &str = "
The archive proves nothing by itself: root on the node could have made another one. So, before all,
- take the checkpoint from the ticket, where it was put when the run ended, in place of the one here;
- compare the CA certificate with the cluster's own, as it was then;
- compare a key that is named below, since no CA certified it, with the one that the run printed.
";

const NAME_THE_CA: &str = "
A journal that somebody else made verifies with his CA certificate. So name the cluster's, from a place that you trust, in a
file; of all that it had, where it was changed between two attempts: CA=/path/to/the/cluster's/ca.crt
";

fn meaning(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        _ if name == AUTHORITY => {
            "the CA certificate that the journal names, to be compared with the cluster's"
        }
        Some((_, "checkpoint")) => "the note that pins the lines of the journal",
        Some((_, "jsonl")) => "the journal: one signed record a line",
        _ => "a line that a crash had cut short, as it was found",
    }
}
