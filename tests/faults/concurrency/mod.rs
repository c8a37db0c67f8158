//! Two at once, and somebody who exchanges files while a run goes on.

mod pairs;
mod racer;
