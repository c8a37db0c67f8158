//! The addresses of a cluster's services. Pure.

use std::net::IpAddr;
use std::str::FromStr;

/// The value of `--service-cluster-ip-range`: one range, or with two stacks two. Addresses as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCidrs(Vec<(IpAddr, u8)>);

/// Why text is no such value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceCidrsError {
    /// A member is not an address, a slash and a length in bits.
    #[error("{range:?} is not a range of addresses, such as 10.96.0.0/12")]
    NotARange {
        /// The member.
        range: String,
    },
    /// The first one has no address for the API.
    #[error("{range:?} has room for one address only")]
    TooSmall {
        /// The member.
        range: String,
    },
}

impl ServiceCidrs {
    /// The ranges, addresses with their lengths in bits.
    pub fn ranges(&self) -> &[(IpAddr, u8)] {
        &self.0
    }

    /// The address of the service `kubernetes`: the second of the first range, whichever its stack (`GetAPIServerVirtualIP` in
    /// kubeadm's `app/constants`).
    pub fn api_server_address(&self) -> Option<IpAddr> {
        let (address, bits) = self.0.first()?;
        Some(match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32_u32.checked_sub((*bits).into())?);
                IpAddr::V4(((address.to_bits() & mask.unwrap_or(0)) | 1).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128_u32.checked_sub((*bits).into())?);
                IpAddr::V6(((address.to_bits() & mask.unwrap_or(0)) | 1).into())
            }
        })
    }
}

impl FromStr for ServiceCidrs {
    type Err = ServiceCidrsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ranges: Vec<_> = text.split(',').map(range).collect::<Result<_, _>>()?;
        if let Some((address, bits)) = ranges.first()
            && u32::from(*bits) == length(address)
        {
            let range = text.split(',').next().unwrap_or_default().to_owned();
            return Err(ServiceCidrsError::TooSmall { range });
        }
        Ok(Self(ranges))
    }
}

fn range(text: &str) -> Result<(IpAddr, u8), ServiceCidrsError> {
    let parsed = text.split_once('/').and_then(|(address, bits)| {
        let address: IpAddr = address.parse().ok()?;
        let digits = bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u8 = digits.then(|| bits.parse().ok()).flatten()?;
        (u32::from(bits) <= length(&address)).then_some((address, bits))
    });
    parsed.ok_or_else(|| ServiceCidrsError::NotARange {
        range: text.to_owned(),
    })
}

/// How many bits an address has.
fn length(address: &IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_has_the_second_address_of_the_first_range() {
        for (flag, address) in [
            ("10.96.0.0/12", "10.96.0.1"),
            ("10.100.7.9/12", "10.96.0.1"),
            ("10.96.0.0/31", "10.96.0.1"),
            ("0.0.0.0/0", "0.0.0.1"),
            ("fd00:10:96::/112", "fd00:10:96::1"),
            ("fd00:10:96::/127,10.96.0.0/16", "fd00:10:96::1"),
            ("::/0", "::1"),
            ("10.96.0.0/16,fd00:10:96::/112", "10.96.0.1"),
        ] {
            let ranges: ServiceCidrs = flag.parse().unwrap();
            let found = ranges.api_server_address().unwrap();
            assert_eq!(found.to_string(), address, "{flag}");
        }
    }

    #[test]
    fn what_is_no_range_is_named() {
        for flag in [
            "",
            "10.96.0.0",
            "10.96.0.0/",
            "10.96.0.0/33",
            "10.96.0.0/+8",
            "a/8",
            "fd00::/129",
            "10.96.0.0/12,",
            "10.96.0.0/12, fd00::/112",
            "010.96.0.0/12",
        ] {
            let error = flag.parse::<ServiceCidrs>().unwrap_err();
            assert!(
                matches!(error, ServiceCidrsError::NotARange { .. }),
                "{flag}"
            );
        }
        for flag in ["10.96.0.1/32", "fd00::1/128,10.96.0.0/12"] {
            let error = flag.parse::<ServiceCidrs>().unwrap_err();
            assert!(
                matches!(&error, ServiceCidrsError::TooSmall { range } if flag.starts_with(range)),
                "{flag}"
            );
        }
    }
}
