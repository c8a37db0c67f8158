//! What a disk may hold when the power goes.
//!
//! Each write that was logged is a moment at which it may go. What was flushed is there then; of what was not, the disk
//! may have kept any part, since it writes its cache out in an order of its own.

use crate::disk::Event;
use crate::recording::Recording;

/// The piece that a disk writes whole or not at all.
const BLOCK: usize = 4096;

/// A disk after a crash.
pub struct Crash<'a> {
    /// What it holds.
    pub image: &'a [u8],
    /// Whether the program had said by then that it is done.
    pub reported: bool,
    /// When the power went, and what was lost.
    pub description: String,
}

/// Hands each crash state of `recording` to `judge`: after every write all writes up to it, and for every flush `lossy`
/// states in which a part of the writes since the one before is missing.
pub fn each_crash(
    recording: &Recording,
    lossy: usize,
    random: &mut fastrand::Rng,
    judge: &mut dyn FnMut(&Crash<'_>),
) {
    let mut player = Player {
        flushed: recording.base.clone(),
        written: recording.base.clone(),
        unflushed: Vec::new(),
        reported: false,
    };
    player.crash("before the first write".to_owned(), judge);
    for (number, event) in recording.log.iter().enumerate() {
        match event {
            Event::Write { offset, bytes } => {
                player.write(*offset, bytes);
                player.crash(format!("right after write {number}"), judge);
            }
            Event::Flush => {
                player.lose_parts(number, lossy, random, judge);
                player.flush();
            }
            Event::Reported => {
                player.reported = true;
                player.crash(format!("after the report, {number}"), judge);
                player.lose_all(number, judge);
            }
        }
    }
}

struct Player<'a> {
    flushed: Vec<u8>,
    written: Vec<u8>,
    unflushed: Vec<(usize, &'a [u8])>,
    reported: bool,
}

impl<'a> Player<'a> {
    fn write(&mut self, offset: usize, bytes: &'a [u8]) {
        self.written[offset..offset + bytes.len()].copy_from_slice(bytes);
        let blocks = bytes.chunks(BLOCK).enumerate();
        self.unflushed
            .extend(blocks.map(|(number, block)| (offset + number * BLOCK, block)));
    }

    fn flush(&mut self) {
        for (offset, block) in self.unflushed.drain(..) {
            self.flushed[offset..offset + block.len()].copy_from_slice(block);
        }
    }

    fn crash(&self, description: String, judge: &mut dyn FnMut(&Crash<'_>)) {
        judge(&Crash {
            image: &self.written,
            reported: self.reported,
            description,
        });
    }

    fn lose_all(&self, number: usize, judge: &mut dyn FnMut(&Crash<'_>)) {
        judge(&Crash {
            image: &self.flushed,
            reported: self.reported,
            description: format!("at {number}, without all that was not flushed"),
        });
    }

    /// One block alone is there or not there, and both were judged already.
    fn lose_parts(
        &self,
        number: usize,
        lossy: usize,
        random: &mut fastrand::Rng,
        judge: &mut dyn FnMut(&Crash<'_>),
    ) {
        if self.unflushed.len() < 2 {
            return;
        }
        for _ in 0..lossy {
            let mut image = self.flushed.clone();
            let kept = random.f64();
            let mut lost = 0;
            for (offset, block) in &self.unflushed {
                if random.f64() < kept {
                    image[*offset..*offset + block.len()].copy_from_slice(block);
                } else {
                    lost += 1;
                }
            }
            judge(&Crash {
                image: &image,
                reported: self.reported,
                description: format!(
                    "before flush {number}, without {lost} of {} blocks",
                    self.unflushed.len()
                ),
            });
        }
    }
}
