//! The least that a recovery can cost on this machine and file system: so many bare RSA signatures, so many files of 2 kB written and
//! fsynced, so many renames and so many folder fsyncs, and nothing else. `scripts/bench` counts what a real recovery does, runs this
//! with the same counts, and prints the ratio.
//!
//! Usage: `floor KEY FOLDER SIGNATURES FILES RENAMES FOLDERS` (KEY: RSA, PKCS#1, PEM). Writes only in a new folder inside FOLDER and
//! removes it. Prints the microseconds that the work took; reading the key and clearing up are not in it.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement of bare system calls, run by hand in a scratch folder"
)]

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// About the length of what is signed: the to-be-signed part of a certificate with a few names.
const MESSAGE: [u8; 700] = [0x30; 700];
/// About the length of what is written: between a certificate (1.2 kB) and a kubeconfig (5.6 kB).
const CONTENT: [u8; 2048] = [b'\n'; 2048];

struct Counts {
    signatures: usize,
    files: usize,
    renames: usize,
    folders: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo's `--bench` comes last and is not needed.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [key, folder, signatures, files, renames, folders] = arguments.as_slice() else {
        return Err("usage: floor KEY FOLDER SIGNATURES FILES RENAMES FOLDERS".into());
    };
    let counts = Counts {
        signatures: signatures.parse()?,
        files: files.parse()?,
        renames: renames.parse()?,
        folders: folders.parse()?,
    };
    let key = pem::parse(fs::read(key)?)?;
    let key = RsaKeyPair::from_der(key.contents()).map_err(|error| error.to_string())?;
    let folder = Path::new(folder).join(format!("floor-{}", std::process::id()));
    fs::create_dir(&folder)?;

    let start = Instant::now();
    sign(&key, counts.signatures)?;
    write(&folder, &counts)?;
    println!("{}", start.elapsed().as_micros());

    fs::remove_dir_all(&folder)?;
    Ok(())
}

fn sign(key: &RsaKeyPair, signatures: usize) -> Result<(), Box<dyn Error>> {
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public().modulus_len()];
    for _ in 0..signatures {
        key.sign(&RSA_PKCS1_SHA256, &random, &MESSAGE, &mut signature)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Stages every file first, as a transaction must, then renames each and makes that durable; what is left over of either comes last.
fn write(folder: &Path, counts: &Counts) -> Result<(), Box<dyn Error>> {
    let staged = |file: usize| folder.join(format!(".staged-{file}"));
    let placed = |file: usize| folder.join(format!("placed-{file}"));
    let directory = File::open(folder)?;
    for file in 0..counts.files {
        let mut opened = File::create(staged(file))?;
        opened.write_all(&CONTENT)?;
        opened.sync_all()?;
    }
    for round in 0..counts.renames.max(counts.folders) {
        if round < counts.renames.min(counts.files) {
            fs::rename(staged(round), placed(round))?;
        }
        if round < counts.folders {
            directory.sync_all()?;
        }
    }
    Ok(())
}
