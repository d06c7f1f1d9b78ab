//! Which addresses are public. The resolver gives only those, so a connection goes to the address that was checked.

use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

/// A name or an address leads into a private network.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a public address")]
pub(super) struct NotPublic(pub(super) String);

/// Resolves names to their public addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicAddresses;

impl Resolve for PublicAddresses {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic(name.as_str().to_owned()).into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether the host is a name, or a public address in numbers: those do not pass through the resolver.
pub(crate) fn is_public_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    !host.is_empty() && address.is_none_or(is_public)
}

/// How long a name is looked up before an address is taken on trust.
const LOOK_UP: Duration = Duration::from_secs(3);

/// Whether the host leads to a public address now, as far as can be found out: what cannot be resolved may be there later, and is checked
/// again whenever it is called.
pub(crate) async fn leads_to_public(url: &Url) -> bool {
    let Some(name) = url.domain() else { return is_public_host(url) };
    let found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((name, 0))).await;
    let Ok(Ok(found)) = found else { return true };
    let found: Vec<SocketAddr> = found.collect();
    found.is_empty() || found.iter().any(|address| is_public(address.ip()))
}

/// Reachable from the internet (IANA special-purpose registries). What is not known to be public is not.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        // This network, private, loopback.
        0 | 10 | 127 => true,
        // Shared by carriers.
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Protocol assignments, examples, the 6to4 relay, private.
        192 => matches!((b, c), (0, 0 | 2) | (88, 99) | (168, _)),
        // Benchmarks, examples.
        198 => matches!((b, c), (18 | 19, _) | (51, 100)),
        203 => (b, c) == (0, 113),
        // Multicast and reserved.
        224.. => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, ..] = address.segments();
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    // NAT64 carries an IPv4 address in its last half.
    if (a, b, c, d) == (0x64, 0xff9b, 0, 0) {
        let [.., w, x, y, z] = address.octets();
        return is_public_v4(Ipv4Addr::new(w, x, y, z));
    }
    // Global unicast without protocol assignments and Teredo (2001:0::/23), examples (2001:db8::/32, 3fff::/20), 6to4.
    let global = (a & 0xe000) == 0x2000;
    let special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    global && !special
}
