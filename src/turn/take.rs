//! A node's turn, from being taken to being given up.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::claim::{Written, change, create, read};
use super::record::{Holder, Record, new_record};
use super::{TurnError, lease};
use crate::node::{Unconfined, now};
use crate::proof::ApiServer;

/// How often somebody else may be faster.
const ATTEMPTS: u32 = 8;
/// The API server may still be busy with what was restarted.
const PATIENCE: Duration = Duration::from_secs(30);
const TICK: Duration = Duration::from_millis(500);

/// Whose turn it is.
#[derive(Debug)]
pub enum Taken {
    /// This node's.
    Ours(Turn),
    /// Another one's.
    Theirs(Holder),
}

/// The turn of this node. What is neither given up nor said to be stuck stays this node's: it may take it again.
#[derive(Debug)]
pub struct Turn {
    server: ApiServer,
    node: String,
    is_of_earlier_run: bool,
    /// Started before the process is confined, and so able to connect after that.
    unconfined: Unconfined,
}

impl Turn {
    /// Takes it, if nobody else has it. To be called before the process is confined.
    pub fn take(server: ApiServer, node: String) -> Result<Taken, TurnError> {
        for _ in 0..ATTEMPTS {
            let record = read(&server)?;
            let holder = record.as_ref().and_then(Record::holder);
            let is_of_earlier_run = match holder {
                Some(holder) if holder.node != node => return Ok(Taken::Theirs(holder)),
                holder => holder.is_some(),
            };
            let written = match record {
                None => create(&server, &new_record(&lease().name, &node, now()))?,
                Some(record) => change(&server, &record.taken_by(&node, now()))?,
            };
            if matches!(written, Written::Done) {
                let unconfined = Unconfined::begin()?;
                return Ok(Taken::Ours(Self {
                    server,
                    node,
                    is_of_earlier_run,
                    unconfined,
                }));
            }
        }
        Err(TurnError::Contended {
            lease: lease().to_string(),
        })
    }

    /// Whether `node` has it from an earlier run.
    pub fn is_kept_by(server: &ApiServer, node: &str) -> Result<bool, TurnError> {
        let holder = read(server)?.and_then(|record| record.holder());
        Ok(holder.is_some_and(|holder| holder.node == node))
    }

    /// Whether an earlier run of this node has kept it, or never came to its end.
    pub fn is_of_earlier_run(&self) -> bool {
        self.is_of_earlier_run
    }

    /// Gives it up. A Lease that was deleted meanwhile, or given to somebody else, is left as it is.
    pub fn give_up(self) -> Result<(), TurnError> {
        self.write(Record::given_up)
    }

    /// Keeps it, and says why.
    pub fn keep(self, how: String) -> Result<(), TurnError> {
        self.write(move |record| record.stuck(&how))
    }

    fn write(
        self,
        patch: impl Fn(&Record) -> serde_json::Value + Send + 'static,
    ) -> Result<(), TurnError> {
        let (server, node) = (self.server, self.node);
        self.unconfined.run(move || {
            let begun = Instant::now();
            loop {
                let written = write_once(&server, &node, &patch);
                match written {
                    Ok(Written::Done) => return Ok(()),
                    Err(error) if begun.elapsed() > PATIENCE => return Err(error),
                    Ok(Written::Overtaken) if begun.elapsed() > PATIENCE => {
                        return Err(TurnError::Contended {
                            lease: lease().to_string(),
                        });
                    }
                    _ => sleep(TICK),
                }
            }
        })?
    }
}

fn write_once(
    server: &ApiServer,
    node: &str,
    patch: impl Fn(&Record) -> serde_json::Value,
) -> Result<Written, TurnError> {
    match read(server)? {
        Some(record) if record.holder().is_some_and(|holder| holder.node == node) => {
            change(server, &patch(&record))
        }
        _ => Ok(Written::Done),
    }
}
