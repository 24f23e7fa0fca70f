//! Examining collateral piece by piece.

use crate::documents::collateral_error::{CollateralError, Piece};
use crate::documents::enclave_identity::EnclaveIdentity;
use crate::documents::proof::{PieceValidity, Proof, Proven};
use crate::documents::tcb_info::TcbInfo;
use crate::pki::crl::Crl;
use crate::pki::pck::Issuer;
use crate::report::log::{Known, Log, known};
use unix_time::{UnixTime, ValidityPeriod};

/// The pieces whose signatures hold, whatever the time.
pub(crate) struct Pieces<'a> {
    pub(crate) issuer: Known<Issuer>,
    pub(crate) root_crl: Known<&'a Crl>,
    pub(crate) pck_crl: Known<&'a Crl>,
    pub(crate) tcb_info: Known<&'a TcbInfo>,
    pub(crate) qe_identity: Known<&'a EnclaveIdentity>,
}

impl<'a> Pieces<'a> {
    pub(crate) fn examine(proof: &Proof<'a>, at: UnixTime, log: &mut Log) -> Self {
        let issuer = log.check("pck_crl.issuer_chain", || Ok(proof.issuer()));
        let root_crl = log.check("root_ca_crl", || Ok(proof.root_crl(known(&issuer)?)));
        let pck_crl = log.check("pck_crl", || Ok(proof.pck_crl(known(&issuer)?, known(&root_crl)?)));
        let documents = known(&issuer).and_then(|issuer| Ok(proof.documents(issuer, known(&root_crl)?)));
        let (tcb_info, qe_identity) = match documents {
            Ok((tcb_info, qe_identity)) => (Ok(tcb_info), Ok(qe_identity)),
            Err(because) => (Err(because), Err(because)),
        };
        let tcb_info = log.check("tcb_info", || tcb_info);
        let qe_identity = log.check("qe_identity", || qe_identity);

        let mut validity = |name, of: &dyn Fn() -> Known<PieceValidity>| {
            let check = || Ok::<Result<(), CollateralError>, _>(of()?.check(at));
            let _known_from_its_finding = log.check(name, check);
        };
        validity("pck_crl.validity", &|| Ok(PieceValidity::of_pck_crl(known(&issuer)?, known(&pck_crl)?)));
        validity("root_ca_crl.validity", &|| Ok(PieceValidity::of_root_crl(known(&issuer)?, known(&root_crl)?)));
        validity("tcb_info.validity", &|| {
            known(&tcb_info).map(|info| of_document(Piece::TcbInfo, info, info.content.validity))
        });
        validity("qe_identity.validity", &|| {
            known(&qe_identity).map(|identity| of_document(Piece::QeIdentity, identity, identity.content.validity))
        });
        Self {
            issuer,
            root_crl,
            pck_crl,
            tcb_info: tcb_info.map(|signed| signed.content),
            qe_identity: qe_identity.map(|signed| signed.content),
        }
    }
}

fn of_document<T>(piece: Piece, signed: &Proven<'_, T>, own: ValidityPeriod) -> PieceValidity {
    PieceValidity::new(piece, signed.signers.clone(), own)
}
