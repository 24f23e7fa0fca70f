//! The parameters of a request's query that anything is read from.

/// The query of a request. Clients send what they like in it; what is not asked for is ignored.
#[derive(Clone, Default)]
pub(super) struct Query(String);

impl Query {
    pub(super) fn new(query: Option<&str>) -> Self {
        Self(query.unwrap_or_default().to_owned())
    }

    /// The parameter of that name, whatever its case. One that is there twice is none: readers would differ on which counts.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut values = form_urlencoded::parse(self.0.as_bytes()).filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        values.next().is_none().then(|| value.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_there_once_or_not_at_all() {
        let query = Query::new(Some("api-version=2018-09-01-preview&TEE=Sgx%45nclave&a=1&A=2"));
        assert_eq!(query.parameter("tee").as_deref(), Some("SgxEnclave"));
        assert_eq!(query.parameter("Api-Version").as_deref(), Some("2018-09-01-preview"));
        assert_eq!((query.parameter("a"), query.parameter("b"), Query::new(None).parameter("a")), (None, None, None));
    }
}
