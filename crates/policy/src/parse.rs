//! Tokens to a policy: version, sections, rules. Every mistake is reported, not only the first: what was plainly meant is
//! read on as if it had been written.
//!
//! ```text
//! policy   = "version" "=" INTEGER "." INTEGER ";" { section [ ";" ] }
//! section  = ( "configurationrules" | "authorizationrules" | "issuancerules" ) "{" { rule ";" } "}"
//! rule     = [ condition { "&&" condition } ] "=>" action
//! ```
//!
//! Section and action names are read in any case; a rule's `;` is demanded, one after a section is not.

mod action;
mod cursor;
mod operand;
mod rule;

use crate::diagnostic::{Diagnostics, Findings};
use crate::lex::{self, Kind};
use crate::limits::{MAX_RULES, MAX_TEXT};
use crate::source::Span;
use crate::tree::{Policy, Section, SectionRules, Version};
use cursor::{Broken, Parser};
pub(crate) use operand::place_in_text;

/// A policy with what its tree leaves out.
pub(crate) struct Parsed {
    pub(crate) policy: Policy,
    pub(crate) comments: Vec<Span>,
    /// From `version` to its `;`.
    pub(crate) version_span: Span,
}

impl Policy {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// Every mistake that was found, up to [`crate::limits::MAX_DIAGNOSTICS`], in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        parse(text).map(|parsed| parsed.policy)
    }
}

pub(crate) fn parse(text: &str) -> Result<Parsed, Diagnostics> {
    let mut findings = Findings::new(text);
    refuse_other_things(text, &mut findings);
    if findings.has_errors() {
        return Err(findings.finish());
    }
    let (tokens, comments) = lex::tokens(text, &mut findings);
    let mut parser = Parser::new(text, tokens, &mut findings);
    let (policy, version_span) = parser.policy();
    if findings.has_errors() { Err(findings.finish()) } else { Ok(Parsed { policy, comments, version_span }) }
}

/// What is plainly something else gets one error instead of many.
fn refuse_other_things(text: &str, findings: &mut Findings<'_>) {
    let start = Span::default();
    if text.len() > MAX_TEXT {
        findings.error(
            "policy-too-long",
            start,
            "policy is too long",
            format!("a policy has at most {MAX_TEXT} bytes"),
        );
    } else if text.trim().is_empty() {
        let help = "the smallest one is: version=1.0; authorizationrules{ => permit(); };";
        findings.error("policy-empty", start, "policy is empty", help);
    } else if text.trim_start().starts_with("eyJ") {
        let help = "its text is within: `veritee policy decode` prints it";
        findings.error("policy-is-jws", start, "this is a policy in its JWS and not its text", help);
    }
}

impl Parser<'_, '_, '_> {
    fn policy(&mut self) -> (Policy, Span) {
        let start = self.span();
        let version = self.version().unwrap_or_else(|Broken| {
            // Where the version is left out altogether the sections are read all the same.
            if !matches!(self.peek_second(), Kind::Symbol("{")) {
                self.skip_to(&[";"]);
                self.accept(";");
            }
            // The one that has everything: nothing is reported for the version's sake.
            Version::V1_2
        });
        self.version = version;
        let version_span = start.to(self.last());
        let mut sections: Vec<SectionRules> = Vec::new();
        while !self.at_end() {
            let start = self.span();
            match self.section_name(&sections) {
                Ok(section) => {
                    let open = self.last();
                    let rules = self.rules_of(section);
                    sections.push(SectionRules { section, span: start.to(self.last()), open, rules });
                }
                Err(Broken) => self.skip_section(),
            }
            while self.accept(";") {}
        }
        (Policy { text: self.text.into(), version, sections }, version_span)
    }

    fn version(&mut self) -> Result<Version, Broken> {
        const HELP: &str = "a policy begins with: version=1.0;";
        if !self.accept_word("version") {
            return Err(self.wrong("version-missing", "policy does not begin with its version", HELP));
        }
        self.expect("=", HELP)?;
        let start = self.span();
        let major = self.integer(HELP)?;
        self.expect(".", HELP)?;
        let minor = self.integer(HELP)?;
        let number = start.to(self.last());
        if !self.accept(";") {
            // The sections are read as if it were there.
            self.wrong("semicolon-missing", "`;` is needed after the version", HELP);
        }
        match (major, minor) {
            (1, 0) => Ok(Version::V1_0),
            (1, 1) => Ok(Version::V1_1),
            (1, 2) => Ok(Version::V1_2),
            _ => {
                let help = "the versions are 1.0, 1.1 (configurationrules) and 1.2 (functions and `!`)";
                self.findings.error("version-unknown", number, "version that does not exist", help);
                Ok(Version::V1_2)
            }
        }
    }

    fn integer(&mut self, help: &str) -> Result<i64, Broken> {
        match *self.peek() {
            // Digits alone: neither a sign nor leading zeros.
            Kind::Integer(number) if self.span().of(self.text) == number.to_string() && number >= 0 => {
                self.advance();
                Ok(number)
            }
            _ => Err(self.wrong("number-missing", "a number is needed", help)),
        }
    }

    fn section_name(&mut self, seen: &[SectionRules]) -> Result<Section, Broken> {
        const HELP: &str = "sections are configurationrules (from version 1.1), authorizationrules and issuancerules";
        let at = self.span();
        let Kind::Word(word) = *self.peek() else {
            return Err(self.wrong("section-missing", "a section is needed", HELP));
        };
        let Some(section) = Section::ALL.into_iter().find(|section| word.eq_ignore_ascii_case(section.as_str())) else {
            let near = crate::similar::nearest(word, Section::ALL.map(Section::as_str));
            let help = near.map_or_else(|| HELP.to_owned(), |near| format!("did you mean {near}? {HELP}"));
            return Err(self.wrong("section-unknown", "unknown section", help));
        };
        self.advance();
        if section == Section::Configuration && self.version == Version::V1_0 {
            let help = "write version=1.1; for configurationrules";
            self.findings.error("needs-version", at, "section that version 1.0 does not have", help);
        }
        if seen.iter().any(|rules| rules.section == section) {
            let help = "put all rules of a kind into one section";
            self.findings.error("section-repeated", at, "section that is there already", help);
        }
        self.expect("{", "a section's rules stand between { and }")?;
        Ok(section)
    }

    fn rules_of(&mut self, section: Section) -> Vec<crate::tree::Rule> {
        let mut rules = Vec::new();
        loop {
            if self.at_end() {
                self.wrong("section-unclosed", "section is not closed", "close it with };");
                return rules;
            }
            if self.accept("}") {
                return rules;
            }
            if self.is_at(";") {
                self.wrong("semicolon-extra", "`;` without a rule", "remove it");
                self.advance();
                continue;
            }
            if self.rules >= MAX_RULES {
                self.wrong("too-many-rules", "policy has too many rules", format!("a policy has at most {MAX_RULES}"));
            }
            if self.findings.is_full() || self.rules >= MAX_RULES {
                self.skip_to(&[]);
                return rules;
            }
            self.rules = self.rules.saturating_add(1);
            match self.rule(section) {
                Ok(rule) => rules.push(rule),
                Err(Broken) => {
                    self.skip_to(&[";", "}"]);
                    self.accept(";");
                }
            }
        }
    }

    /// Passes over a section whose beginning was wrong, so that the next one is read.
    fn skip_section(&mut self) {
        self.skip_to(&["{", ";"]);
        if self.accept("{") {
            self.skip_to(&["}"]);
            self.accept("}");
        }
    }
}
