use dcap::*;
use simulator::*;
fn main() {
    let b = Blueprint::new(1_790_000_000).unwrap();
    let issued = b.issue().unwrap();
    let e = EnclaveReport { mr_enclave: [1; 32], mr_signer: [2; 32], isv_prod_id: 3, isv_svn: 4, debug: false, report_data: [0; 64] };
    let q = issued.quote(&e.on(b.cpu_svn())).unwrap();
    let quote = Quote::parse(&q).unwrap();
    let CertificationData::PckChain(chain) = quote.certification() else { panic!() };
    let der = pem::blocks(chain, "CERTIFICATE").unwrap();
    let which = std::env::args().nth(1).unwrap();
    let c = Certificate::from_der(&der[0]).unwrap();
    let made = issued.collateral().unwrap();
    let t = SignedJson::from_wrapper(&made.tcb_info, "tcbInfo").unwrap();
    let s = std::time::Instant::now();
    let n = 200_000;
    for _ in 0..n {
        match which.as_str() {
            "x509" => { std::hint::black_box(<x509_cert::Certificate as der::Decode>::from_der(&der[0]).unwrap()); }
            "cert" => { std::hint::black_box(Certificate::from_der(&der[0]).unwrap()); }
            "sgx" => { std::hint::black_box(SgxExtension::from_der(c.sgx_extension().unwrap()).unwrap()); }
            "pem" => { std::hint::black_box(pem::blocks(chain, "CERTIFICATE").unwrap()); }
            "strict" => { std::hint::black_box(SignedJson::from_wrapper(&made.tcb_info, "tcbInfo").unwrap()); }
            "tcb" => { std::hint::black_box(TcbInfo::from_json(t.body()).unwrap()); }
            "crl" => { std::hint::black_box(Crl::from_der(&made.pck_crl).unwrap()); }
            _ => {}
        }
    }
    println!("{which} {:.2} us", s.elapsed().as_secs_f64() * 1e6 / n as f64);
}
