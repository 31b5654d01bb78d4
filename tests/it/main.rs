//! The tests that see voxplay from outside: one binary, one module a subject.
#![expect(
    clippy::disallowed_methods,
    reason = "an edge: tests make and read files"
)]

mod accepted;
mod again;
mod changed;
mod check;
mod completions;
mod corrected;
mod digits;
mod docs;
mod endings;
#[cfg(target_os = "linux")]
mod full_disk;
mod given;
mod init;
mod kill;
mod laws;
mod left_out;
mod limits;
mod links;
mod look_up;
mod loop_ids;
mod loops;
mod marked;
mod masked_ids;
mod moved;
mod needed;
mod paging;
#[cfg(unix)]
mod pipelines;
mod plan;
mod plan_rows;
#[cfg(unix)]
mod questions;
mod reconcile;
mod reports;
mod refused;
mod rereading;
mod resume;
mod row_names;
mod run;
mod schema;
mod sandbox;
mod secret_paths;
mod secrets;
mod server;
mod stopping;
#[cfg(unix)]
mod tokens;
mod unreached;
mod uses;
mod views;
