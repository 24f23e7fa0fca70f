//! What a quote is about: a report body, and how version 5 announces it.

use abi::quote::{BodyDescriptor, body_type};
use abi::sgx::ReportBody;
use abi::tdx::{TdReport10, TdReport15, TdReport15Ex};
use zerocopy::IntoBytes;

/// What the processor or the TDX module says of the attested environment. Any of the reports becomes one by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// An SGX enclave.
    SgxEnclave(&'a ReportBody),
    /// A trust domain, TDX 1.0.
    Td10(&'a TdReport10),
    /// A trust domain, TDX 1.5.
    Td15(&'a TdReport15),
    /// A trust domain, TDX 1.5 extended.
    Td15Ex(&'a TdReport15Ex),
}

impl<'a> Body<'a> {
    /// Its bytes as they lie in the quote.
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::SgxEnclave(report) => report.as_bytes(),
            Self::Td10(report) => report.as_bytes(),
            Self::Td15(report) => report.as_bytes(),
            Self::Td15Ex(report) => report.as_bytes(),
        }
    }

    /// Its true type and size.
    pub fn descriptor(self) -> BodyDescriptor {
        let (body_type, body_size) = match self {
            Self::SgxEnclave(_) => (body_type::SGX, 384),
            Self::Td10(_) => (body_type::TD10, 584),
            Self::Td15(_) => (body_type::TD15, 648),
            Self::Td15Ex(_) => (body_type::TD15_EX, 885),
        };
        BodyDescriptor { body_type: body_type.into(), body_size: body_size.into() }
    }
}

macro_rules! bodies {
    ($($variant:ident of $report:ty;)+) => {
        $(impl<'a> From<&'a $report> for Body<'a> {
            fn from(report: &'a $report) -> Self {
                Self::$variant(report)
            }
        })+
    };
}

bodies! {
    SgxEnclave of ReportBody;
    Td10 of TdReport10;
    Td15 of TdReport15;
    Td15Ex of TdReport15Ex;
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    #[test]
    fn descriptors_say_the_size_that_bodies_have() {
        let bodies = [
            Body::from(&ReportBody::new_zeroed()).descriptor_and_size(),
            Body::from(&TdReport10::new_zeroed()).descriptor_and_size(),
            Body::from(&TdReport15::new_zeroed()).descriptor_and_size(),
            Body::from(&TdReport15Ex::new_zeroed()).descriptor_and_size(),
        ];
        for (number, (descriptor, size)) in (1..).zip(bodies) {
            assert_eq!(descriptor.body_type.get(), number);
            assert_eq!(usize::try_from(descriptor.body_size.get()), Ok(size));
            assert_eq!(body_type::size(number), Some(size));
        }
    }

    impl Body<'_> {
        fn descriptor_and_size(self) -> (BodyDescriptor, usize) {
            (self.descriptor(), self.as_bytes().len())
        }
    }
}
