//! SGX: the report body, reports with their targets, requests for keys, what signers say, and what quote daemons are asked with.

mod key_request;
mod local;
mod quoting;
mod report;
mod sigstruct;

pub use key_request::KeyRequest;
pub use local::{Report, TargetInfo};
pub use quoting::{AttestationKeyId, AttestationKeyIdExt, AttestationKeyIdListHeader, QeReportInfo, algorithm};
pub use report::{Attributes, ReportBody};
pub use sigstruct::SigStruct;
