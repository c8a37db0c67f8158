//! What `whoami` says to people.

use std::io::{self, Write};

use anstyle::Style;
use time::OffsetDateTime;

use super::super::paragraph::{lines, write_lines};
use super::super::render::{BAD, BOLD, GOOD, WARNING, date, printable, residual};
use super::super::table::terminal_columns;
use super::Shown;
use super::facts::{CertificateFacts, KeyFit, Part, TokenFacts, TokenKind, Way};
use super::look::Look;
use crate::authentication::{Answer, Bound, Claims, Identity, Means};
use crate::pki::Validity;

/// Where the values begin.
const VALUES: usize = 15;

/// Writes each way in, the one that counts first.
pub(super) fn write_report(
    look: &Look<'_>,
    shown: &Shown<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let judged = match &look.server.manifest {
        Some(path) => format!(
            "Judged by {}, offline: nobody was asked.",
            look.root.outside(path).display()
        ),
        None => {
            "No API server has a manifest here: judged by kubeadm's defaults, offline.".to_owned()
        }
    };
    write_lines(&printable(&judged), Style::new(), 0, out)?;
    let mut report = Report {
        now: look.now,
        columns: terminal_columns(),
        out,
    };
    if shown.is_kubeconfig && shown.current.is_none() {
        let text = match &shown.context {
            Some(name) => format!("current-context is {name:?}, and no context has that name"),
            None => "it has no current-context".to_owned(),
        };
        let text = format!("{text}: kubectl needs --context");
        writeln!(report.out)?;
        report.styled("kubectl", &text, BAD)?;
    }
    let mut sorted: Vec<&Way> = shown.ways.iter().collect();
    sorted.sort_by_key(|way| !way.is_current);
    for way in sorted {
        writeln!(report.out)?;
        report.way(way)?;
    }
    Ok(())
}

struct Report<'a> {
    now: OffsetDateTime,
    columns: Option<usize>,
    out: &'a mut dyn Write,
}

impl Report<'_> {
    fn way(&mut self, way: &Way) -> io::Result<()> {
        match &way.context {
            Some(context) => {
                let current = if way.is_current { " (current)" } else { "" };
                let name = printable(context);
                writeln!(self.out, "{BOLD}Context {name}{BOLD:#}{current}")?;
            }
            None if !way.is_current => {
                writeln!(self.out, "{BOLD}A user without a context{BOLD:#}")?;
            }
            None => {}
        }
        let distrust = way.server.as_ref().and_then(|it| it.distrust.as_ref());
        if let Some(distrust) = distrust {
            self.styled(
                "before that",
                &format!("the client does not come so far: {distrust}"),
                BAD,
            )?;
        }
        self.answer(&way.answer)?;
        if let Answer::Known(identity) = &way.answer {
            self.identity(identity)?;
            self.above_rbac(identity)?;
        }
        if let Some(server) = &way.server {
            self.line("server", &server.url)?;
        }
        if let Some(impersonates) = &way.impersonates {
            let text = format!("{impersonates}, if RBAC lets it (verb impersonate)");
            self.line("acts as", &text)?;
        }
        for part in &way.parts {
            match part {
                Part::Certificate(facts) => self.certificate(facts)?,
                Part::Token(facts) => self.token(facts)?,
                Part::Exec(command) => self.line(
                    "program",
                    &format!(
                        "{command} fetches a credential when it is needed; it is not run here"
                    ),
                )?,
                Part::AuthProvider(name) => self.line("plug-in", name)?,
                Part::Basic => self.line("password", "there is one; it is not shown")?,
            }
        }
        Ok(())
    }

    fn answer(&mut self, answer: &Answer) -> io::Result<()> {
        match answer {
            Answer::Known(identity) if identity.is_above_rbac() => self.styled(
                "answer",
                "200: it knows you, and lets you do everything",
                WARNING,
            ),
            Answer::Known(_) => {
                self.styled("answer", "it knows you; RBAC decides: 200, or 403", GOOD)
            }
            Answer::Anonymous { because } => {
                self.styled(
                    "answer",
                    "403, except for what is open to all: it takes you for system:anonymous",
                    BAD,
                )?;
                self.line("because", because)
            }
            Answer::Unauthorized(refused) => {
                for (number, it) in refused.iter().enumerate() {
                    let label = if number == 0 { "answer" } else { "" };
                    self.styled(label, &format!("401 Unauthorized: {}", it.cause), BAD)?;
                    self.line("because", &it.evidence)?;
                }
                Ok(())
            }
            Answer::Unusable { because } => {
                self.styled("answer", "none: it does not come to that", BAD)?;
                self.line("because", because)
            }
            Answer::Open { on } => {
                self.styled("answer", "cannot be told from here", WARNING)?;
                self.line("depends on", on)
            }
        }
    }

    fn identity(&mut self, identity: &Identity) -> io::Result<()> {
        self.line("user", &identity.user)?;
        self.line("groups", &identity.groups.join(", "))?;
        if let Some(uid) = &identity.uid {
            self.line("uid", uid)?;
        }
        for (number, condition) in identity.as_long_as.iter().enumerate() {
            self.line(if number == 0 { "as long as" } else { "" }, condition)?;
        }
        Ok(())
    }

    fn above_rbac(&mut self, identity: &Identity) -> io::Result<()> {
        if !identity.is_above_rbac() {
            return Ok(());
        }
        let end = match identity.by {
            Means::Certificate(end) => format!(
                "until {}. It cannot be revoked: only another CA ends it earlier",
                date(end)
            ),
            Means::StaticToken => {
                "until its line is taken out of the token file and the API server restarted"
                    .to_owned()
            }
            Means::Token => "as long as that is there".to_owned(),
        };
        let text = format!("system:masters may do everything, whatever RBAC says, {end}.");
        self.styled("above RBAC", &text, WARNING)
    }

    fn certificate(&mut self, facts: &CertificateFacts) -> io::Result<()> {
        self.line(
            "certificate",
            &format!("{}, {}", facts.subject, facts.place),
        )?;
        self.line("  issuer", &facts.issuer)?;
        match &facts.leads_to {
            Some(authority) => self.line("  leads to", authority)?,
            None => self.line("  leads to", "no authority that this API server believes")?,
        }
        let Validity {
            not_before,
            not_after,
        } = facts.validity;
        let text = format!(
            "{} to {} ({})",
            date(not_before),
            date(not_after),
            self.left(not_before, not_after)
        );
        let style = if facts.validity.contains(self.now) {
            Style::new()
        } else {
            BAD
        };
        self.styled("  valid", &text, style)?;
        let usages = if facts.usages.is_empty() {
            "any: it names none".to_owned()
        } else {
            facts.usages.join(", ")
        };
        self.line("  usages", &usages)?;
        self.line("  serial", &facts.serial)?;
        if facts.is_front_proxy {
            let text = "with headers (X-Remote-User, X-Remote-Group) it speaks for any user and group, system:masters too: it is the front proxy's";
            self.styled("  beware", text, WARNING)?;
        }
        match &facts.key {
            KeyFit::Fits => self.line("  key", "fits"),
            KeyFit::No(because) => self.styled("  key", because, BAD),
            KeyFit::Unchecked(what) => self.line("  key", what),
            KeyFit::Absent => self.line("  key", "not here; nobody logs on without it"),
        }
    }

    fn left(&self, not_before: OffsetDateTime, not_after: OffsetDateTime) -> String {
        if self.now < not_before {
            return format!("begins in {}", residual(not_before - self.now));
        }
        let left = residual(not_after - self.now);
        if self.now > not_after {
            format!("ended {left}")
        } else {
            format!("{left} left")
        }
    }

    fn token(&mut self, facts: &TokenFacts) -> io::Result<()> {
        self.line("token", &format!("{}, {}", facts.kind.name(), facts.place))?;
        match &facts.kind {
            TokenKind::Signed { claims, .. } => self.claims(claims),
            TokenKind::Bootstrap(id) => self.line(
                "  id",
                &format!("{id}, of the Secret kube-system/bootstrap-token-{id}"),
            ),
            TokenKind::Opaque => Ok(()),
        }
    }

    fn claims(&mut self, claims: &Claims) -> io::Result<()> {
        self.line("  issuer", &claims.issuer)?;
        self.line("  subject", &claims.subject)?;
        let audience = claims.audience.all();
        if audience.is_empty() {
            self.line("  audience", "none: the API server's own")?;
        } else {
            self.line("  audience", &audience.join(", "))?;
        }
        if claims.is_legacy() {
            self.line(
                "  Secret",
                &format!("{}/{}", claims.namespace, claims.secret),
            )?;
        }
        if let Some(bound) = &claims.bound {
            self.bound(bound)?;
        }
        if let Some(issued_at) = claims.issued_at() {
            self.line("  issued", &date(issued_at))?;
        }
        let Some(expiry) = claims.expiry() else {
            return self.styled("  valid", "for ever: it has no end", WARNING);
        };
        let begins = claims.not_before().or(claims.issued_at());
        let begins = begins.unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let text = format!("until {} ({})", date(expiry), self.left(begins, expiry));
        let style = if expiry < self.now { BAD } else { Style::new() };
        self.styled("  valid", &text, style)
    }

    fn bound(&mut self, bound: &Bound) -> io::Result<()> {
        let named = [
            ("  Pod", bound.pod.as_ref()),
            ("  Secret", bound.secret.as_ref()),
            ("  node", bound.node.as_ref()),
        ];
        for (label, reference) in named {
            if let Some(reference) = reference {
                self.line(label, &format!("{} ({})", reference.name, reference.uid))?;
            }
        }
        if let Some(warn_after) = bound.warn_after() {
            let text = format!(
                "since {} the server warns: the kubelet's token was for that long, and is good longer so that old clients live \
                 (--service-account-extend-token-expiration)",
                date(warn_after)
            );
            if warn_after < self.now {
                self.styled("  stale", &text, WARNING)?;
            } else {
                self.line("  renewed by", &date(warn_after))?;
            }
        }
        Ok(())
    }

    fn line(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.styled(label, text, Style::new())
    }

    fn styled(&mut self, label: &str, text: &str, style: Style) -> io::Result<()> {
        let width = self
            .columns
            .map(|columns| columns.saturating_sub(VALUES).max(20));
        let mut label = format!("  {label}");
        for line in lines(&printable(text), width) {
            writeln!(self.out, "{label:VALUES$}{style}{line}{style:#}")?;
            label.clear();
        }
        Ok(())
    }
}
