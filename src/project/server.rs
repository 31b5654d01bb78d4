//! Where a target is: a host that may be sent the token, and nothing else of a URL.

use std::net::IpAddr;

use url::{Host, Url};

use crate::diagnostic::Code;

/// Domains of the vendor (vendor pages: "Servidores disponibles", and the notice of the new URLs).
const VENDOR_DOMAINS: [&str; 2] = ["wolkvox.com", "crmvox.com"];

/// Hosts switched off on 2024-11-30, and what replaced them (vendor pages: "Nuevas URLs").
const RETIRED: [(&str, &str); 2] = [
    ("sv0000.crmvox.com", "crm0000.wolkvox.com"),
    ("sv0001.crmvox.com", "crm0001.wolkvox.com"),
];

/// A server that may be sent the token: https to an allowed host, or loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    base: String,
    host: String,
    loopback: bool,
}

/// Why a text is not a server that may be sent the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The kind of finding.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl ServerError {
    fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: help.into(),
        }
    }
}

impl Server {
    /// Reads `crm0001.wolkvox.com`, `https://crm0001.wolkvox.com` or `http://127.0.0.1:8090`.
    ///
    /// `allowed` are the hosts beyond the vendor's: a name, or `*.` and a domain.
    ///
    /// # Errors
    /// `bad-target`: not a host; `insecure-http`; `forbidden-host`.
    pub fn parse(text: &str, allowed: &[&str]) -> Result<Self, ServerError> {
        const EXAMPLE: &str = "write the host alone, such as crm0001.wolkvox.com";
        let bad = |why: &str| ServerError::new(Code::BadTarget, why, EXAMPLE);
        let text = text.trim();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        if with_scheme.matches("://").count() > 1 {
            return Err(bad("the server has its scheme twice"));
        }
        let url = Url::parse(&with_scheme).map_err(|error| match error {
            url::ParseError::InvalidPort => {
                bad("the port of the server is not a number from 1 to 65535")
            }
            _ => bad("the server is not a host name"),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("the server must not hold a user name or a password"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(bad("the server must be a host without a path"));
        }
        let host = url
            .host()
            .ok_or_else(|| bad("the server has no host name"))?;
        if let Host::Domain(name) = &host
            && !name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
        {
            return Err(bad("the server is not a host name"));
        }
        let loopback = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
            Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
        };
        let host = host.to_string();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        if !host.chars().all(fits) {
            return Err(bad("the server is not a host name"));
        }
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => {
                return Err(ServerError::new(
                    Code::InsecureHttp,
                    format!("plain http to {host} would show the token to the network"),
                    "use https; plain http is only for loopback, such as http://127.0.0.1:8090",
                ));
            }
            other => return Err(bad(&format!("the scheme {other} is not https"))),
        }
        if !(loopback || is_vendor(&host) || allowed.iter().any(|pattern| matches(pattern, &host)))
        {
            return Err(ServerError::new(
                Code::ForbiddenHost,
                format!("{host} is not a host of the CRM, and the token may not go there"),
                if allowed.is_empty() {
                    format!("if it is yours, add `allow_hosts: [{host}]` to voxplay.yaml")
                } else {
                    format!("if it is yours, add {host} to the list `allow_hosts` in voxplay.yaml")
                },
            ));
        }
        Ok(Self {
            base: url.origin().ascii_serialization(),
            host,
            loopback,
        })
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is on this machine.
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The host that replaced this one, where the vendor has switched it off.
    pub fn retired(&self) -> Option<&'static str> {
        RETIRED
            .iter()
            .find(|(old, _)| *old == self.host)
            .map(|(_, new)| *new)
    }
}

fn is_vendor(host: &str) -> bool {
    VENDOR_DOMAINS.iter().any(|domain| below(domain, host))
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => below(&domain.to_lowercase(), host),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

/// Whether the host is a name under the domain, not the domain itself.
fn below(domain: &str, host: &str) -> bool {
    host.strip_suffix(domain)
        .and_then(|rest| rest.strip_suffix('.'))
        .is_some_and(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_the_vendor_and_loopback_are_allowed() {
        for (text, base) in [
            ("crm0001.wolkvox.com", "https://crm0001.wolkvox.com"),
            ("https://crm.wolkvox.com/", "https://crm.wolkvox.com"),
            (" CRM.Wolkvox.com ", "https://crm.wolkvox.com"),
            ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
            ("http://localhost:1", "http://localhost:1"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(Server::parse(text, &[]).unwrap().base(), base, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        for (text, code) in [
            ("evil.example", Code::ForbiddenHost),
            ("wolkvox.com.evil.example", Code::ForbiddenHost),
            ("notwolkvox.com", Code::ForbiddenHost),
            ("wolkvox.com", Code::ForbiddenHost),
            ("http://crm.wolkvox.com", Code::InsecureHttp),
            ("http://10.0.0.1", Code::InsecureHttp),
            ("https://https://crm.wolkvox.com", Code::BadTarget),
            ("https://user:pw@crm.wolkvox.com", Code::BadTarget),
            ("crm.wolkvox.com/server/API", Code::BadTarget),
            ("crm.wolkvox.com?x=1", Code::BadTarget),
            ("ftp://crm.wolkvox.com", Code::BadTarget),
            ("{{crm_server}}", Code::BadTarget),
            ("", Code::BadTarget),
        ] {
            assert_eq!(Server::parse(text, &[]).unwrap_err().code, code, "{text}");
        }
    }

    #[test]
    fn allow_hosts_names_a_host_or_a_domain() {
        assert!(Server::parse("proxy.example", &["proxy.example"]).is_ok());
        assert!(Server::parse("a.proxy.example", &["*.proxy.example"]).is_ok());
        assert!(Server::parse("proxy.example", &["*.proxy.example"]).is_err());
        assert!(Server::parse("http://proxy.example", &["proxy.example"]).is_err());
    }

    #[test]
    fn retired_hosts_name_their_successor() {
        let server = Server::parse("sv0001.crmvox.com", &[]).unwrap();
        assert_eq!(server.retired(), Some("crm0001.wolkvox.com"));
    }
}
