//! Tokens to a policy: version, sections, rules. Every mistake is reported, not only the first.
//!
//! ```text
//! policy   = "version" "=" INTEGER "." INTEGER ";" { section [ ";" ] }
//! section  = ( "configurationrules" | "authorizationrules" | "issuancerules" ) "{" { rule ";" } "}"
//! rule     = [ condition { "&&" condition } ] "=>" action
//! ```
//!
//! Section and action names are read in any case; a rule's `;` is demanded, one after a section is not.

mod rule;

use crate::error::{ParseError, ParseErrors};
use crate::lex::{self, Kind, Token};
use crate::limits::{MAX_ERRORS, MAX_RULES, MAX_TEXT};
use crate::tree::{Policy, Position, Rule, Version};

/// What a section is called, and what its rules may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Configuration,
    Authorization,
    Issuance,
}

impl Section {
    const ALL: [Self; 3] = [Self::Configuration, Self::Authorization, Self::Issuance];

    const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configurationrules",
            Self::Authorization => "authorizationrules",
            Self::Issuance => "issuancerules",
        }
    }

    const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Configuration => &["issueproperty"],
            Self::Authorization => &["permit", "deny", "add"],
            Self::Issuance => &["add", "issue", "issueproperty"],
        }
    }
}

impl Policy {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// Every mistake that was found, up to [`MAX_ERRORS`], in the order of the text.
    pub fn parse(text: &str) -> Result<Self, ParseErrors> {
        if let Some(error) = not_a_policy(text) {
            ParseErrors::new(vec![error])?;
        }
        let (tokens, errors) = lex::tokens(text);
        let mut parser = Parser { tokens: tokens.into_iter().peekable(), last: None, errors, rules: 0 };
        let policy = parser.policy();
        let mut errors = parser.errors;
        errors.sort_by_key(|error| (error.line, error.column));
        errors.truncate(MAX_ERRORS);
        ParseErrors::new(errors)?;
        Ok(policy)
    }
}

/// What is plainly something else gets one error instead of many.
fn not_a_policy(text: &str) -> Option<ParseError> {
    let whole = |message: &str, help: &str| ParseError {
        line: 1,
        column: 1,
        offending: String::new(),
        message: message.to_owned(),
        help: Some(help.to_owned()),
    };
    if text.len() > MAX_TEXT {
        return Some(whole("policy is too long", "a policy has at most 65536 bytes"));
    }
    if text.trim().is_empty() {
        return Some(whole("policy is empty", "the smallest one is: version=1.0; authorizationrules{ => permit(); };"));
    }
    if text.trim_start().starts_with("eyJ") {
        return Some(whole("this is a signed policy (JWS) and not its text", "decode its member AttestationPolicy"));
    }
    None
}

/// A mistake that ends a rule; it has been recorded.
pub(crate) struct Broken;

pub(crate) struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    last: Option<Position>,
    errors: Vec<ParseError>,
    rules: usize,
}

impl Parser {
    fn policy(&mut self) -> Policy {
        let version = self.version().unwrap_or_else(|Broken| {
            self.skip_to(&[";"]);
            self.accept(";");
            Version::V1_1
        });
        let mut policy = Policy { version, configuration: vec![], authorization: vec![], issuance: vec![] };
        let mut seen = Vec::new();
        while !self.at_end() {
            let at = self.position();
            match self.section_name(version, &seen) {
                Ok(section) => {
                    seen.push(section);
                    let rules = self.rules_of(section);
                    match section {
                        Section::Configuration => policy.configuration = rules,
                        Section::Authorization => policy.authorization = rules,
                        Section::Issuance => policy.issuance = rules,
                    }
                }
                Err(Broken) => self.skip_section(at),
            }
            while self.accept(";") {}
        }
        policy
    }

    fn version(&mut self) -> Result<Version, Broken> {
        const HELP: &str = "a policy begins with: version=1.0;";
        if !self.accept_word("version") {
            return Err(self.wrong("policy does not begin with its version", Some(HELP)));
        }
        self.expect("=", Some(HELP))?;
        let at = self.position();
        let major = self.integer(HELP)?;
        self.expect(".", Some(HELP))?;
        let minor = self.integer(HELP)?;
        let version = match (major, minor) {
            (1, 0) => Version::V1_0,
            (1, 1) => Version::V1_1,
            (1, 2) => {
                let help = "versions 1.0 and 1.1 are; 1.2 adds functions and `!`";
                return Err(self.wrong_at(at, "1.2", "version 1.2 is not supported yet", Some(help)));
            }
            _ => {
                let offending = format!("{major}.{minor}");
                return Err(self.wrong_at(at, &offending, "version that does not exist", Some("use 1.0 or 1.1")));
            }
        };
        if !self.accept(";") {
            // The sections are read as if it were there.
            self.wrong("`;` is needed", Some("the version is closed by ;"));
        }
        Ok(version)
    }

    fn integer(&mut self, help: &str) -> Result<i64, Broken> {
        match self.peek() {
            Kind::Integer(number) => {
                self.advance();
                Ok(number)
            }
            _ => Err(self.wrong("a number is needed", Some(help))),
        }
    }

    fn section_name(&mut self, version: Version, seen: &[Section]) -> Result<Section, Broken> {
        let at = self.position();
        let Kind::Word(word) = self.peek() else {
            return Err(self.wrong("a section is needed", Some("sections are authorizationrules and issuancerules")));
        };
        let Some(section) = Section::ALL.into_iter().find(|section| word.eq_ignore_ascii_case(section.name())) else {
            let help = "sections are configurationrules (1.1), authorizationrules and issuancerules";
            return Err(self.wrong("unknown section", Some(help)));
        };
        self.advance();
        if section == Section::Configuration && version == Version::V1_0 {
            let help = "write version=1.1; for configurationrules";
            self.wrong_at(at, &word, "section that version 1.0 does not have", Some(help));
        }
        if seen.contains(&section) {
            self.wrong_at(at, &word, "section that is there already", Some("put all rules of a kind into one section"));
        }
        self.expect("{", Some("a section's rules stand between { and }"))?;
        Ok(section)
    }

    fn rules_of(&mut self, section: Section) -> Vec<Rule> {
        let mut rules = Vec::new();
        loop {
            if self.at_end() {
                self.wrong("section is not closed", Some("close it with };"));
                return rules;
            }
            if self.accept("}") {
                return rules;
            }
            if self.errors.len() >= MAX_ERRORS || self.rules >= MAX_RULES {
                if self.rules >= MAX_RULES {
                    self.wrong("policy has too many rules", Some("a policy has at most 2000"));
                }
                while !self.at_end() {
                    self.advance();
                }
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
    fn skip_section(&mut self, begun: Position) {
        self.skip_to(&["{", ";"]);
        if self.accept("{") {
            self.skip_to(&["}"]);
            self.accept("}");
        }
        // Whatever it was: something has to be passed over.
        if self.position() == begun {
            self.advance();
        }
    }

    fn at_end(&mut self) -> bool {
        self.peek() == Kind::End
    }

    pub(crate) fn peek(&mut self) -> Kind {
        self.tokens.peek().map_or(Kind::End, |token| token.kind.clone())
    }

    pub(crate) fn position(&mut self) -> Position {
        let next = self.tokens.peek().map(|token| token.at);
        next.or(self.last).unwrap_or(Position { line: 1, column: 1 })
    }

    pub(crate) fn advance(&mut self) {
        self.last = self.tokens.next().map(|token| token.at).or(self.last);
    }

    pub(crate) fn accept(&mut self, symbol: &str) -> bool {
        let there = matches!(self.peek(), Kind::Symbol(found) if found == symbol);
        if there {
            self.advance();
        }
        there
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let there = matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word));
        if there {
            self.advance();
        }
        there
    }

    pub(crate) fn expect(&mut self, symbol: &str, help: Option<&str>) -> Result<(), Broken> {
        if self.accept(symbol) { Ok(()) } else { Err(self.wrong(&format!("`{symbol}` is needed"), help)) }
    }

    fn skip_to(&mut self, symbols: &[&str]) {
        while !matches!(self.peek(), Kind::Symbol(found) if symbols.contains(&found)) && !self.at_end() {
            self.advance();
        }
    }

    /// Records a mistake at the next token.
    pub(crate) fn wrong(&mut self, message: &str, help: Option<&str>) -> Broken {
        let (at, offending) = (self.position(), self.peek().text());
        self.wrong_at(at, &offending, message, help)
    }

    pub(crate) fn wrong_at(&mut self, at: Position, offending: &str, message: &str, help: Option<&str>) -> Broken {
        self.errors.push(ParseError {
            line: at.line,
            column: at.column,
            offending: crate::error::shown(offending),
            message: message.to_owned(),
            help: help.map(str::to_owned),
        });
        Broken
    }
}
