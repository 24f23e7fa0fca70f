//! The description of the API: served as it is committed, and of nothing that is not there.

mod running;

use axum::body::Body;
use axum::http::{StatusCode, header};
use running::{described, request, running};

#[tokio::test]
async fn the_document_is_served_to_everybody() {
    let service = running().await;
    let served = service.get("/openapi.json").await;
    assert_eq!((served.status, served.body.as_slice()), (StatusCode::OK, service::OPENAPI.as_bytes()));
    assert_eq!(served.headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
}

/// The reverse, that every answer is described, is put to the test by each request of each test (`running::described`).
#[tokio::test]
async fn every_operation_that_is_described_is_there() {
    let service = running().await;
    let mut count = 0;
    for (method, path, _) in described::operations() {
        let path = path
            .replace("{attestationType}", "SgxEnclave")
            .replace("{type}", "SgxEnclave")
            .replace("{after}", "0")
            .replace("{sha256}", &"0".repeat(64))
            .replace("{platform}", &"0".repeat(64));
        let parts = path.split('/').map(|part| if part.starts_with('{') { "one" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        let asked = request(&method.to_uppercase(), &path).body(Body::empty());
        let answer = service.send(asked.unwrap_or_else(|error| panic!("{path}: {error}"))).await;
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        if answer.status == StatusCode::NOT_FOUND {
            assert_ne!(answer.refusal().2, "route_unknown", "{method} {path}");
        }
        count += 1;
    }
    assert!(count > 50, "{count}");
}
