//! voxplay runs YAML playbooks against the Wolkvox CRM API: checked first, recorded before they are sent.
//!
//! The modules stand in the order of the data, and each uses only those above it:
//!
//! ```text
//! text → Document → Playbook → Plan → Request → Response → Outcome → Event → journal, report
//! ```

// Words that every stage uses.
pub mod scan;
pub mod source;
pub mod value;
pub mod diagnostic;
pub mod secret;
pub mod attachment;
pub mod draft;

// The path of the data.
pub mod document;
pub mod reading;
pub mod playbook;
pub mod project;
pub mod template;
pub mod schema;
pub mod rows;
pub mod action;
pub mod request;
pub mod transport;
pub mod outcome;
pub mod event;
pub mod plan;
pub mod journal;
pub mod run;
pub mod report;
pub mod editor;

// The edges around it.
pub mod sandbox;
pub mod cli;
