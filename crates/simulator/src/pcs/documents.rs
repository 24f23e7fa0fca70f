//! Signed documents and revocation lists.

use super::answer::{Answer, Refusal, Request};
use super::evaluation::{Evaluation, EvaluationNumbers};
use super::{Fault, Pcs, Tee};
use crate::architectural::identity::sha256;
use crate::blueprint::Blueprint;
use crate::enclave_identity::EnclaveIdentitySpec;
use crate::intel::{PCK_CRL_URI, ROOT_CRL_URI};
use crate::machine::{CaType, FMSPC};
use crate::pki::{CRL, PemStyle};
use crate::signed::Signed;

const IDENTITY_CHAIN: &str = "SGX-Enclave-Identity-Issuer-Chain";

/// MRSIGNER of the simulated quote verification enclave, which does not exist.
const QVE: &[u8] = b"Veritee simulation: signer of the quote verification enclave";

impl Pcs<'_> {
    /// `tcb?fmspc=` with `update` or `tcbEvaluationDataNumber`.
    pub(super) fn tcb(&self, request: &Request<'_>, tee: Tee) -> Result<Answer, Fault> {
        if request.bytes::<6>("fmspc")? != FMSPC {
            return Err(Refusal::NotFound.into());
        }
        let evaluation = evaluation(request)?;
        let mut signed = self.blueprint(tee)?.tcb_info;
        evaluation.rate(&mut signed.spec);
        (signed.spec.issue_date, signed.spec.next_update) = self.window();
        Ok(Answer::json(signed.build()?).with_chain("TCB-Info-Issuer-Chain", &self.signing_chain()))
    }

    /// `qe/identity`.
    pub(super) fn qe_identity(&self, request: &Request<'_>, tee: Tee) -> Result<Answer, Fault> {
        self.identity(request, self.blueprint(tee)?.qe_identity)
    }

    /// `qve/identity`.
    pub(super) fn qve_identity(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let mut signed = self.blueprint(Tee::Sgx)?.qe_identity;
        let mr_signer = sha256(&[QVE]);
        signed.spec = EnclaveIdentitySpec { id: "QVE".to_owned(), isv_prod_id: 2, mr_signer, ..signed.spec };
        self.identity(request, signed)
    }

    fn identity(&self, request: &Request<'_>, mut signed: Signed<EnclaveIdentitySpec>) -> Result<Answer, Fault> {
        let evaluation = evaluation(request)?;
        evaluation.rate_enclave(&mut signed.spec.tcb_levels);
        signed.spec.tcb_evaluation_data_number = evaluation.number();
        (signed.spec.issue_date, signed.spec.next_update) = self.window();
        Ok(Answer::json(signed.build()?).with_chain(IDENTITY_CHAIN, &self.signing_chain()))
    }

    /// `tcbevaluationdatanumbers`.
    pub(super) fn evaluation_numbers(&self, tee: Tee) -> Result<Answer, Fault> {
        let signer = self.blueprint(tee)?.tcb_info.signer;
        let (issue_date, next_update) = self.window();
        let created = self.simulation.intel().created();
        let document = Signed::new(EvaluationNumbers { tee, issue_date, next_update, created }, signer).build()?;
        Ok(Answer::json(document).with_chain("TCB-Evaluation-Data-Numbers-Issuer-Chain", &self.signing_chain()))
    }

    /// `fmspcs?platform=`.
    pub(super) fn fmspcs(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let fmspc = hex::encode_upper(FMSPC);
        match request.parameter("platform")?.unwrap_or("all") {
            "all" | "E5" => Ok(Answer::json(format!("[{{\"fmspc\":\"{fmspc}\",\"platform\":\"E5\"}}]"))),
            "client" | "E3" => Ok(Answer::json("[]")),
            _ => Err(Refusal::Syntax.into()),
        }
    }

    /// `pckcrl?ca=` with `encoding`.
    pub(super) fn pck_crl(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let ca = CaType::from_word(&request.required("ca")?.to_ascii_lowercase()).ok_or(Refusal::Syntax)?;
        let crl = self.pck_crl_of(ca)?;
        let answer = match request.parameter("encoding")?.unwrap_or("pem") {
            "der" => Answer::new(200, "application/pkix-crl", crl),
            "pem" => Answer::pem(PemStyle::default().encode([crl.as_slice()], CRL)),
            _ => return Err(Refusal::Syntax.into()),
        };
        Ok(answer.with_chain("SGX-PCK-CRL-Issuer-Chain", &self.ca_chain(ca)))
    }

    /// `crl?uri=`: what a certificate's distribution point names, in DER.
    pub(super) fn crl(&self, request: &Request<'_>) -> Result<Answer, Fault> {
        let uri = request.required("uri")?;
        if uri == ROOT_CRL_URI {
            return self.root_crl();
        }
        let of = |ca: CaType| uri == format!("{PCK_CRL_URI}?ca={}&encoding=der", ca.word());
        let ca = [CaType::Platform, CaType::Processor].into_iter().find(|ca| of(*ca)).ok_or(Refusal::NotFound)?;
        Ok(Answer::new(200, "application/pkix-crl", self.pck_crl_of(ca)?))
    }

    /// The root CRL in DER, which Intel serves at an address of its own.
    pub(super) fn root_crl(&self) -> Result<Answer, Fault> {
        let mut signed = self.blueprint(Tee::Sgx)?.root_crl;
        (signed.spec.this_update, signed.spec.next_update) = self.crl_window(signed.spec.next_update);
        Ok(Answer::new(200, "application/pkix-crl", signed.build()?))
    }

    fn pck_crl_of(&self, ca: CaType) -> Result<Vec<u8>, Fault> {
        let mut signed = self.simulation.intel().blueprint(ca, self.at)?.pck_crl;
        (signed.spec.this_update, signed.spec.next_update) = self.crl_window(signed.spec.next_update);
        Ok(signed.build()?)
    }

    fn blueprint(&self, tee: Tee) -> Result<Blueprint, Fault> {
        let intel = self.simulation.intel();
        Ok(match tee {
            Tee::Sgx => intel.blueprint(CaType::Platform, self.at)?,
            Tee::Tdx => intel.td_blueprint(CaType::Platform, self.at)?,
        })
    }
}

fn evaluation(request: &Request<'_>) -> Result<Evaluation, Refusal> {
    match (request.parameter("update")?, request.parameter("tcbEvaluationDataNumber")?) {
        (None | Some("standard"), None) => Ok(Evaluation::Standard),
        (Some("early"), None) => Ok(Evaluation::Early),
        (None, Some(number)) => {
            let number = number.parse().map_err(|_| Refusal::Syntax)?;
            let gone = if number < Evaluation::Previous.number() { Refusal::Gone } else { Refusal::NotFound };
            Evaluation::of_number(number).ok_or(gone)
        }
        _ => Err(Refusal::Syntax),
    }
}
