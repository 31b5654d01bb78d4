//! Events → text for people and programs. It prints nothing itself.

pub mod words;
pub mod human;
pub mod json;
pub mod plan;
pub mod record;
pub mod run_json;
pub mod junit;
pub mod markdown;
pub mod refused;
pub mod html;

mod markup;
