//! How long it takes to verify a quote, beside a peer in the same run.
mod evidence;
mod measure;
mod peer;

use dcap::{CertificationData, ProvenPck, Quote, TcbInfo, Verifier, EnclaveIdentity, Crl, Certificate, pem};
use evidence::{Fleet, HOSTS, Kind, Pieces, QUOTES_PER_HOST, now};
use measure::{Contender, measure};
use peer::Peer;

fn main() {
    for kind in Kind::ALL {
        let fleet = Fleet::new(kind);
        let pieces = Pieces::of(&fleet.collateral);
        let peer = Peer::new(&pieces, &fleet.root);
        let quotes: Vec<Vec<u8>> = (0..HOSTS).flat_map(|_| fleet.host(QUOTES_PER_HOST)).collect();
        let verifier = Verifier::new(fleet.roots());
        let known = pieces.read().verify(verifier.roots(), now()).unwrap();
        let full = |bytes: &[u8], known: &dcap::VerifiedCollateral| {
            let quote = Quote::parse(bytes).unwrap();
            let CertificationData::PckChain(chain) = quote.certification() else { panic!() };
            let pck = ProvenPck::prove(chain, verifier.roots(), now()).unwrap();
            verifier.verify(&quote, &pck, known, now()).unwrap();
        };
        let quote = Quote::parse(&quotes[0]).unwrap();
        let CertificationData::PckChain(chain) = quote.certification() else { panic!() };
        let leaf = pem::blocks(chain, "CERTIFICATE").unwrap().remove(0);
        measure(kind.name(), [
            Contender::new("cold", |n| full(&quotes[n % quotes.len()], &pieces.read().verify(verifier.roots(), now()).unwrap())),
            Contender::new("new-host", |n| full(&quotes[n % quotes.len()], &known)),
            Contender::new("qvl ring", |n| peer.ring(&quotes[n % quotes.len()])),
            Contender::new("qvl aws-lc", |n| peer.aws_lc(&quotes[n % quotes.len()])),
            Contender::new("parse quote", |n| {Quote::parse(&quotes[n % quotes.len()]).unwrap();}),
            Contender::new("pem chain", |_| {pem::blocks(chain, "CERTIFICATE").unwrap();}),
            Contender::new("leaf cert", |_| {Certificate::from_der(&leaf).unwrap();}),
            Contender::new("collateral read", |_| {pieces.read();}),
            Contender::new("tcb info json", |_| {TcbInfo::from_json(pieces.tcb_info.as_bytes()).unwrap();}),
            Contender::new("identity json", |_| {EnclaveIdentity::from_json(pieces.qe_identity.as_bytes()).unwrap();}),
            Contender::new("crl", |_| {Crl::from_der(&pieces.pck_crl).unwrap();}),
        ]);
    }
}
