//! Judging verified quotes: what requirements refuse, and what widens and narrows them.

use crate::simulated::{NOW, at, blueprint, roots_of, verify};
use dcap::{Refusal, Requirements, RevokedIsNeverAcceptable, TcbStatus, VerifiedQuote, Verifier};
use problem::Problem;
use simulator::EnclaveReport;

fn of_status(status: TcbStatus) -> VerifiedQuote {
    let mut made = blueprint(|_| ());
    made.tcb_info.spec.tcb_levels[0].tcb_status = status.to_string();
    verify(&made).unwrap()
}

fn of_numbers(tcb_info: u32, qe_identity: u32) -> VerifiedQuote {
    let mut made = blueprint(|_| ());
    made.tcb_info.spec.tcb_evaluation_data_number = tcb_info;
    made.qe_identity.spec.tcb_evaluation_data_number = qe_identity;
    verify(&made).unwrap()
}

fn debug() -> VerifiedQuote {
    let made = blueprint(|_| ());
    let enclave = EnclaveReport { debug: true, ..crate::simulated::enclave() };
    let quote = made.quote(&enclave.on(made.cpu_svn())).unwrap();
    let collateral = crate::simulated::collateral(&made).unwrap();
    crate::simulated::verify_with(&quote, &collateral, &Verifier::new(roots_of(&made)), at(NOW)).unwrap()
}

fn judge(requirements: &Requirements, quote: VerifiedQuote) -> Result<(), &'static str> {
    match requirements.judge(quote) {
        Ok(_) => Ok(()),
        Err(Refusal { reason, .. }) => {
            assert!(!reason.help().is_empty() && !reason.to_string().is_empty());
            let std::borrow::Cow::Borrowed(code) = reason.code() else { panic!("{reason} has no static code") };
            Err(code)
        }
    }
}

/// Every status that a level of an SGX platform can have and a verified quote carry.
fn statuses() -> impl Iterator<Item = TcbStatus> {
    TcbStatus::ALL.into_iter().take(6)
}

#[test]
fn pitfall_02_the_default_accepts_up_to_date_alone() {
    for status in statuses() {
        let expected = if status == TcbStatus::UpToDate { Ok(()) } else { Err("tcb_status_not_accepted") };
        assert_eq!(judge(&Requirements::default(), of_status(status)), expected, "{status}");
    }
    assert_eq!(Requirements::default().accepted(), [TcbStatus::UpToDate]);
}

#[test]
fn pitfall_19_a_status_is_accepted_only_where_it_is_named() {
    for accepted in statuses() {
        let requirements = Requirements::default().accept([accepted, accepted]).unwrap();
        for status in statuses() {
            let fits = status == accepted || status == TcbStatus::UpToDate;
            assert_eq!(judge(&requirements, of_status(status)).is_ok(), fits, "{accepted} named, {status} judged");
        }
    }
}

#[test]
fn revoked_cannot_be_accepted_alone_or_among_others() {
    for statuses in [&[TcbStatus::Revoked][..], &TcbStatus::ALL] {
        let refused = Requirements::default().accept(statuses.iter().copied());
        assert_eq!(refused, Err(RevokedIsNeverAcceptable));
    }
}

#[test]
fn pitfall_15_debug_is_refused_unless_allowed_and_allowing_it_widens_nothing_else() {
    assert_eq!(judge(&Requirements::default(), debug()), Err("debug_not_allowed"));
    let allowed = Requirements::default().allow(dcap::Allowance::Debug);
    assert_eq!(judge(&allowed, debug()), Ok(()));
    assert_eq!(judge(&allowed, of_status(TcbStatus::OutOfDate)), Err("tcb_status_not_accepted"));
    let every_status = Requirements::default().accept(statuses()).unwrap();
    assert_eq!(judge(&every_status, debug()), Err("debug_not_allowed"));
}

#[test]
fn pitfall_03_the_lower_evaluation_number_must_reach_the_minimum() {
    let requirements = Requirements::default().minimum_evaluation_data_number(18);
    for (tcb_info, qe_identity, fits) in
        [(18, 18, true), (18, 19, true), (17, 18, false), (18, 17, false), (0, 99, false)]
    {
        let expected = if fits { Ok(()) } else { Err("evaluation_number_too_low") };
        assert_eq!(judge(&requirements, of_numbers(tcb_info, qe_identity)), expected, "{tcb_info}, {qe_identity}");
    }
    assert_eq!(judge(&Requirements::default(), of_numbers(0, 0)), Ok(()));
    let asked_for_less = requirements.minimum_evaluation_data_number(1);
    assert_eq!(judge(&asked_for_less, of_numbers(17, 17)), Err("evaluation_number_too_low"), "it is never lowered");
}

#[test]
fn pitfall_03_collateral_older_than_the_maximum_age_is_refused_to_the_second() {
    let quote = of_numbers(20, 20);
    let age = quote.at().seconds() - quote.collateral_issued().seconds();
    let at_most = |seconds| Requirements::default().maximum_collateral_age(seconds);
    assert_eq!(judge(&at_most(age), quote.clone()), Ok(()));
    assert_eq!(judge(&at_most(age - 1), quote.clone()), Err("collateral_too_old"));
    assert_eq!(
        judge(&at_most(age - 1).maximum_collateral_age(age), quote),
        Err("collateral_too_old"),
        "it is never raised"
    );
}

#[test]
fn a_rejected_advisory_is_refused_and_others_alone_are_no_failure() {
    let mut made = blueprint(|_| ());
    made.tcb_info.spec.tcb_levels[0].advisory_ids = vec!["INTEL-SA-00001".to_owned()];
    let quote = verify(&made).unwrap();
    assert_eq!(judge(&Requirements::default(), quote.clone()), Ok(()));
    let reject = |id: &str| Requirements::default().reject_advisories([id.to_owned()]);
    assert_eq!(judge(&reject("INTEL-SA-00002"), quote.clone()), Ok(()));
    assert_eq!(judge(&reject("INTEL-SA-00001"), quote), Err("advisory_rejected"));
}

#[test]
fn each_allowance_says_in_a_word_what_is_not_allowed() {
    use dcap::{Allowance, RefusalReason};
    for (allowance, word) in [
        (Allowance::Debug, "debug"),
        (Allowance::SeptVe, "SEPT_VE_DISABLE"),
        (Allowance::Migratable, "moved"),
        (Allowance::ServiceTd, "service trust domain"),
        (Allowance::ReservedAttributes, "reserved"),
    ] {
        assert!(RefusalReason::NotAllowed(allowance).to_string().contains(word));
    }
}

#[test]
fn a_refusal_gives_the_quote_back_and_an_acceptance_keeps_it() {
    let refusal = Requirements::default().judge(of_status(TcbStatus::OutOfDate)).unwrap_err();
    assert_eq!(refusal.quote.tcb().status, TcbStatus::OutOfDate);
    assert_eq!(refusal.to_string(), "TCB status is `OutOfDate`");
    let accepted = Requirements::default().judge(of_status(TcbStatus::UpToDate)).unwrap();
    assert_eq!(accepted.quote().report().report_data(), &[5; 64]);
}
