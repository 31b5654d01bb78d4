//! Of the command `sandbox`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

/// Serve an emulated CRM on loopback, for trying things out and for tests
///
/// It follows the vendor's documents: exact paths, keys and texts. It proves agreement with those
/// documents, not with the vendor's servers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  voxplay sandbox
  voxplay sandbox --port 8090 --db sandbox.sqlite
  voxplay sandbox --fault custom/insert:lost-answer@3 --fault any:http-503-retry-after=2@10%
  voxplay sandbox --faults faults.yaml --latency 20ms..200ms --seed 7
  voxplay sandbox --list-faults

A faults file:
  seed: 7
  latency: { min: 20ms, max: 200ms }
  rules:
    - { call: custom/insert, when: { nth: 3 }, fault: lost-answer }
    - { call: any, when: { probability: 0.1 }, fault: http-503-retry-after, retry_after: 2 }")]
pub(crate) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8090, env = "VOXPLAY_SANDBOX_PORT")]
    pub(crate) port: u16,
    /// Keep records in this file [default: in memory]
    #[arg(long, value_name = "FILE", env = "VOXPLAY_SANDBOX_DB", value_hint = clap::ValueHint::FilePath)]
    pub(crate) db: Option<PathBuf>,
    /// Which ids answers contain
    #[arg(long, value_enum, default_value = "real", env = "VOXPLAY_SANDBOX_IDS")]
    pub(crate) ids: SandboxIds,
    /// Response to an update or a delete of an unknown id (undocumented)
    #[arg(
        long,
        value_enum,
        default_value = "accept",
        env = "VOXPLAY_SANDBOX_UNKNOWN_IDS"
    )]
    pub(crate) unknown_ids: SandboxUnknownIds,
    /// Which name file parts must have (the vendor's page uses both)
    #[arg(
        long,
        value_enum,
        default_value = "either",
        env = "VOXPLAY_SANDBOX_FILE_PART"
    )]
    pub(crate) file_part: SandboxFilePart,
    /// Make calls fail as this YAML or JSON file says
    #[arg(long, value_name = "FILE", env = "VOXPLAY_SANDBOX_FAULTS", value_hint = clap::ValueHint::FilePath)]
    pub(crate) faults: Option<PathBuf>,
    /// Make calls fail: CALL:FAULT[=VALUE][,applied|,not-applied][@WHEN], where WHEN is 3 (the third), every-5,
    /// first-2, after-10 or 10%; can be repeated, and comes before the rules of --faults. The variable holds one
    /// per line
    #[arg(
        long,
        value_name = "SPEC",
        env = "VOXPLAY_SANDBOX_FAULT",
        value_delimiter = '\n'
    )]
    pub(crate) fault: Vec<String>,
    /// List the faults, and do nothing else
    #[arg(long, env = "VOXPLAY_SANDBOX_LIST_FAULTS", value_parser = BoolishValueParser::new())]
    pub(crate) list_faults: bool,
    /// Delay every answer by this time: 50ms, or 10ms..90ms
    #[arg(long, value_name = "TIME", env = "VOXPLAY_SANDBOX_LATENCY")]
    pub(crate) latency: Option<String>,
    /// The seed of ids and chance: the same number and the same calls give the same ids and faults [default: 0 for
    /// chance, or what the file of --faults says; ids tell when their record was made]
    #[arg(long, value_name = "NUMBER", env = "VOXPLAY_SANDBOX_SEED")]
    pub(crate) seed: Option<u64>,
    /// How many calls each token may make a day (UTC)
    #[arg(long, value_name = "CALLS", env = "VOXPLAY_SANDBOX_DAILY_LIMIT")]
    pub(crate) daily_limit: Option<u64>,
    /// Response beyond the daily limit (undocumented)
    #[arg(
        long,
        value_enum,
        default_value = "403",
        env = "VOXPLAY_SANDBOX_OVER_LIMIT"
    )]
    pub(crate) over_limit: SandboxOverLimit,
    /// Response to a wrong token (undocumented)
    #[arg(
        long,
        value_enum,
        default_value = "403",
        env = "VOXPLAY_SANDBOX_WRONG_TOKEN"
    )]
    pub(crate) wrong_token: SandboxWrongToken,
    /// Begin with the records of this YAML or JSON file: operation, then module, then a list of {`wolkvox_id`, `fields`}
    #[arg(long, value_name = "FILE", env = "VOXPLAY_SANDBOX_SEED_DATA", value_hint = clap::ValueHint::FilePath)]
    pub(crate) seed_data: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxOverLimit {
    /// HTTP 403
    #[value(name = "403")]
    Forbidden,
    /// HTTP 429
    #[value(name = "429")]
    TooMany,
    /// HTTP 200 with the code 403 in the body
    #[value(name = "200")]
    Hidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxWrongToken {
    /// HTTP 401
    #[value(name = "401")]
    Unauthorized,
    /// HTTP 403
    #[value(name = "403")]
    Forbidden,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxIds {
    /// Ids as real ones look: 24 hexadecimal digits
    Real,
    /// Exactly as the vendor's samples: often blank, and queries without totals
    Sampled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxUnknownIds {
    /// Accepted, and noted
    Accept,
    /// Refused with 404
    Refuse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxFilePart {
    /// `file` or `files`
    Either,
    /// Only `file`
    File,
    /// Only `files`
    Files,
}
