//! What is told about a credential before it is made, and after.

use std::io::{self, Write};

use anstyle::Style;
use time::OffsetDateTime;

use super::super::arguments::CredentialIssue;
use super::super::ended::write_ended;
use super::super::paragraph::write_lines;
use super::super::render::{BAD, BOLD, GOOD, WARNING, date, printable, span};
use super::request::{Request, is_long};
use crate::kubernetes::{MASTERS_GROUP, is_above_rbac};
use crate::node::Root;
use crate::pki::Certificate;
use crate::recovery::Ended;
use crate::shell::quote;

/// Where a sealed one is decrypted to: in memory, so that no disk has it.
const DECRYPTED: &str = "/dev/shm/break-glass.conf";

/// What somebody reads who asks to have the question explained.
pub(super) const EXPLANATION: &str = "A new key and a certificate of this cluster's CA for it are made, and written into one kubeconfig. Whoever has \
     the file is that user in those groups, for every API server of this cluster, until the certificate ends. Kubernetes revokes no \
     certificate: only another CA ends it earlier. What RBAC allows the user and the groups can be taken away at any time; what \
     system:masters may, cannot. Who made it, why, for whom and until when goes into a signed journal of its own, and no key does.";

/// What there is to tell.
pub(super) struct Report<'a> {
    pub(super) arguments: &'a CredentialIssue,
    pub(super) request: &'a Request,
    pub(super) server: &'a str,
    pub(super) not_after: OffsetDateTime,
}

impl Report<'_> {
    /// What is about to be made, and what is unusual about it.
    pub(super) fn write_intention(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "To be made: a break-glass credential.")?;
        self.write_rows(out)?;
        self.write_dangers(out)
    }

    /// What is unusual about it; told of even where nobody is asked.
    pub(super) fn write_dangers(&self, out: &mut dyn Write) -> io::Result<()> {
        if is_long(self.arguments) {
            let ttl = span(self.arguments.ttl);
            let text =
                format!("It lives for {ttl}, which is longer than 24h, and cannot be taken back.");
            write_lines(&text, WARNING, 0, out)?;
        }
        if is_above_rbac(&self.arguments.group) {
            let text = format!(
                "{MASTERS_GROUP} is above RBAC: it can do everything, and nothing can be taken from it."
            );
            write_lines(&text, BAD, 0, out)?;
        }
        Ok(())
    }

    /// What was made, how it is used, and how it is given back.
    pub(super) fn write_made(
        &self,
        root: &Root,
        certificate: &Certificate,
        ended: &Ended,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        writeln!(out, "{GOOD}Made{GOOD:#} a break-glass credential.")?;
        self.write_rows(out)?;
        row("serial", &certificate.serial().to_string(), out)?;
        row("run", &ended.run, out)?;
        self.write_use(out)?;
        self.write_return(root, out)?;
        write_ended(root, ended, out)
    }

    fn write_rows(&self, out: &mut dyn Write) -> io::Result<()> {
        let arguments = self.arguments;
        row("file", &arguments.out.display().to_string(), out)?;
        row("user", &arguments.user, out)?;
        let groups = match arguments.group.as_slice() {
            [] => "none: it may do what is bound to the user".to_owned(),
            groups => groups.join(", "),
        };
        row("groups", &groups, out)?;
        let until = format!("{}, for {}", date(self.not_after), span(arguments.ttl));
        row("until", &until, out)?;
        row("server", self.server, out)?;
        row("key", &arguments.algorithm.to_string(), out)?;
        for recipient in &self.request.recipients {
            row("sealed to", &recipient.to_string(), out)?;
        }
        Ok(())
    }

    fn write_use(&self, out: &mut dyn Write) -> io::Result<()> {
        let file = quote(&self.arguments.out);
        writeln!(out, "\n{BOLD}Use it{BOLD:#}")?;
        if self.request.recipients.is_empty() {
            return command(&format!("kubectl --kubeconfig {file} auth whoami"), out);
        }
        let decrypt = format!("(umask 077; age --decrypt --identity KEY {file} >{DECRYPTED})");
        command(&decrypt, out)?;
        command(
            &format!("kubectl --kubeconfig {DECRYPTED} auth whoami"),
            out,
        )
    }

    fn write_return(&self, root: &Root, out: &mut dyn Write) -> io::Result<()> {
        let file = quote(&self.arguments.out);
        writeln!(out, "\n{BOLD}Give it back{BOLD:#}")?;
        if self.request.recipients.is_empty() {
            command(&format!("rm {file}"), out)?;
        } else {
            command(&format!("rm {file} {DECRYPTED}"), out)?;
        }
        let end = date(self.not_after);
        let bound = if is_above_rbac(&self.arguments.group) {
            format!("every copy of it is alive until {end}, whatever RBAC says")
        } else {
            format!("every copy of it is alive until {end}: remove what RBAC binds to it alone")
        };
        write_lines(&bound, Style::new(), 2, out)?;
        let list = root.command("credential list");
        writeln!(out, "  what is still alive: {list}")
    }
}

pub(super) fn row(label: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {label:<9} {}", printable(text))
}

fn command(text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}", printable(text))
}

#[cfg(test)]
mod tests {
    use super::super::super::render::printable;

    /// What may be a key is cut short wherever something is printed; a recipient must not be.
    #[test]
    fn a_recipient_is_shown_whole() {
        let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        assert_eq!(printable(recipient), recipient);
    }
}
