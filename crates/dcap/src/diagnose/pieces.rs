//! Examining collateral piece by piece.

use super::log::{Known, Log, known};
use crate::collateral::{CollateralError, Piece, PieceWindows, Proof, Signed};
use crate::crl::Crl;
use crate::enclave_identity::EnclaveIdentity;
use crate::pck::Issuer;
use crate::tcb_info::TcbInfo;
use unix_time::{UnixTime, ValidityPeriod};

/// The pieces whose signatures hold, whatever the time.
pub(super) struct Pieces {
    pub(super) issuer: Known<Issuer>,
    pub(super) root_crl: Known<Crl>,
    pub(super) pck_crl: Known<Crl>,
    pub(super) tcb_info: Known<TcbInfo>,
    pub(super) qe_identity: Known<EnclaveIdentity>,
}

impl Pieces {
    pub(super) fn examine(proof: &Proof<'_>, at: UnixTime, log: &mut Log) -> Self {
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

        let mut window = |name, windows: &dyn Fn() -> Known<PieceWindows>| {
            let check = || Ok::<Result<(), CollateralError>, _>(windows()?.check(at));
            let _known_from_its_finding = log.check(name, check);
        };
        window("pck_crl.validity", &|| Ok(PieceWindows::of_pck_crl(known(&issuer)?, known(&pck_crl)?)));
        window("root_ca_crl.validity", &|| Ok(PieceWindows::of_root_crl(known(&issuer)?, known(&root_crl)?)));
        window("tcb_info.validity", &|| {
            known(&tcb_info).map(|info| of_document(Piece::TcbInfo, info, info.content.validity))
        });
        window("qe_identity.validity", &|| {
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

fn of_document<T>(piece: Piece, signed: &Signed<T>, own: ValidityPeriod) -> PieceWindows {
    PieceWindows::new(piece, signed.signers.clone(), own)
}
