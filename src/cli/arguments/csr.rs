//! The command line of `csr`: certificates whose authority's key is kept elsewhere.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Recover;
use crate::cli::failure::Failure;
use crate::digest::Sha256Digest;
use crate::plan::Request;

#[derive(Debug, Subcommand)]
pub enum CsrVerb {
    /// Writes requests for what needs something and whose authority's key is not here, and a sealed bundle of them.
    Export(CsrExport),
    /// Signs such a bundle where the key is: what that authority has signed before, for the same key, with new dates.
    ///
    /// Shows what it would sign, and asks. All of it is signed or nothing: one request that is not what it says spoils the rest.
    Sign(CsrSign),
    /// Installs what was signed elsewhere, and does all that `recover` does.
    ///
    /// Each certificate must be for the key that is here, with the same subject, names and usages, by an authority that this node
    /// trusts.
    Import(Box<CsrImport>),
}

#[derive(Debug, Args)]
pub struct CsrExport {
    /// The folder for the requests, NAME.csr each, and for requests.rekindle.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Only these, by the names of `check`.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub only: Option<Vec<String>>,
    /// Ask also for what ends within this time.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    pub within: Duration,
    /// How long the certificates are to live.
    #[arg(long, value_name = "DURATION", default_value = "8760h", value_parser = humantime::parse_duration)]
    pub validity: Duration,
    /// Ask also for what is still valid.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct CsrSign {
    /// The bundle that `csr export` made.
    #[arg(value_name = "FILE")]
    pub requests: PathBuf,
    /// The file for the answer, which must not exist yet.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The fingerprint that `csr export` printed; needed with --yes.
    #[arg(long, value_name = "SHA256")]
    pub expect: Option<Sha256Digest>,
    /// A folder laid out as kubeadm's pki, with ca.crt and ca.key, etcd/ca.crt and etcd/ca.key, front-proxy-ca.crt and
    /// front-proxy-ca.key, as far as they are there; this node's own authorities where none is named.
    #[arg(long, value_name = "DIR")]
    pub ca_dir: Option<PathBuf>,
    /// No certificate lives longer than this, whatever is asked for.
    #[arg(long, value_name = "DURATION", default_value = "8760h", value_parser = humantime::parse_duration)]
    pub validity: Duration,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct CsrImport {
    /// The answer that `csr sign` made.
    #[arg(value_name = "FILE")]
    pub answer: Option<PathBuf>,
    /// A certificate that another authority signed, for the request of that name; once for each.
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    pub certificate: Vec<NamedFile>,
    #[command(flatten)]
    pub recover: Recover,
}

/// A file for a certificate of that name.
#[derive(Debug, Clone)]
pub struct NamedFile {
    pub name: String,
    pub path: PathBuf,
}

fn named_file(text: &str) -> Result<NamedFile, String> {
    let named = text.split_once('=').map(|(name, path)| NamedFile {
        name: name.to_owned(),
        path: path.into(),
    });
    named.ok_or_else(|| "it is written NAME=FILE".to_owned())
}

impl CsrExport {
    /// The request, or why it cannot be met.
    pub(in crate::cli) fn request(&self) -> Result<Request, Failure> {
        let request = Request {
            only: self.only.clone(),
            within: self.within,
            validity: self.validity,
            force: self.force,
            ..Request::default()
        };
        request
            .validate()
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(request)
    }
}
