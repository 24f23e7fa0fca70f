//! What the certificates of a development CA say.

use std::net::{Ipv4Addr, Ipv6Addr};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType,
};
use time::{Duration, OffsetDateTime};
use unix_time::UnixTime;

const CA_YEARS: i64 = 10;
/// The longest lifetime of a server certificate that browsers accept; each start makes a new certificate.
const SERVER_DAYS: i64 = 397;

/// The CA's own certificate. Its name constraints permit localhost and loopback addresses only.
pub(super) fn ca(now: UnixTime) -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = name("Veritee development CA (localhost only)");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
            GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(Ipv6Addr::LOCALHOST.octets(), 128)),
        ],
        excluded_subtrees: Vec::new(),
    });
    (parameters.not_before, parameters.not_after) = validity(now, Duration::days(CA_YEARS.saturating_mul(365)))?;
    Ok(parameters)
}

/// A certificate of a server on this machine.
pub(super) fn server(now: UnixTime) -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()])?;
    parameters
        .subject_alt_names
        .extend([SanType::IpAddress(Ipv4Addr::LOCALHOST.into()), SanType::IpAddress(Ipv6Addr::LOCALHOST.into())]);
    parameters.distinguished_name = name("localhost");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    (parameters.not_before, parameters.not_after) = validity(now, Duration::days(SERVER_DAYS))?;
    Ok(parameters)
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// Begins an hour ago, for clients with slow clocks.
fn validity(now: UnixTime, lifetime: Duration) -> Result<(OffsetDateTime, OffsetDateTime), Error> {
    let now = OffsetDateTime::from_unix_timestamp(now.seconds()).map_err(|_| Error::Time)?;
    Ok((now.saturating_sub(Duration::hours(1)), now.saturating_add(lifetime)))
}
