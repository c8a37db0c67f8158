//! Who signs, and a certificate as it is specified, signed and verified.

use super::IssuanceError;
use crate::kubernetes::AuthorityName;
use crate::pki::{
    Authority, Certificate, SerialNumber, Specification, Validity, issue, verify_issued,
};

/// The one of `authorities` that is `wanted`. The error names `name`.
pub(super) fn signer<'a>(
    authorities: &'a [(AuthorityName, Authority)],
    wanted: AuthorityName,
    name: &str,
) -> Result<&'a Authority, IssuanceError> {
    let mut found = authorities.iter().filter(|(own, _)| *own == wanted);
    let found = found.next().map(|(_, authority)| authority);
    found.ok_or_else(|| IssuanceError::not_of_this_inventory(name))
}

/// The certificate of `public_key` (SPKI DER). The errors name `name`.
pub(super) fn certify(
    name: &'static str,
    specification: &Specification,
    public_key: &[u8],
    authority: &Authority,
    validity: &Validity,
) -> Result<Certificate, IssuanceError> {
    let serial = SerialNumber::random()?;
    let certificate = issue(specification, public_key, authority, validity, &serial)
        .map_err(|source| IssuanceError::Issue { name, source })?;
    let issuer = authority.certificate();
    verify_issued(&certificate, specification, public_key, issuer, validity)
        .map_err(|source| IssuanceError::Verify { name, source })?;
    Ok(certificate)
}
