//! What the log says of requests.

use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use web::Limits;

use super::client::{connect, preface, request_with, rest, served};
use super::running::{Running, one_connection, running};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Everything that this thread, which is that of the service too, logs from now on.
    fn record(&self) -> impl Drop + use<> {
        let lines = self.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || lines.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn with(&self, word: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
    }
}

async fn ask(running: &Running, path: &str) -> String {
    let mut stream = connect(running.address).await;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    String::from_utf8(rest(&mut stream).await).unwrap()
}

fn limits() -> Limits {
    Limits { connections: 8, connections_per_peer: 8, ..one_connection() }
}

#[tokio::test]
async fn a_request_has_one_line_with_its_id_and_what_the_service_adds() {
    let (running, lines) = (running(limits()), Lines::default());
    let _recording = lines.record();
    let answer = ask(&running, "/id?token=secret").await;
    let id = answer.rsplit("\r\n").next().unwrap();
    let logged = lines.with("request");
    let [line] = &logged[..] else { panic!("{logged:?}") };
    for part in [
        " INFO ",
        "request http.method=GET http.path=\"/id\" http.status=200 duration_us=",
        &format!("request.id=\"{id}\" peer=\"127.0.0.1:"),
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!line.contains("secret") && !line.contains("refused"), "{line}");
    ask(&running, "/named").await;
    let logged = lines.with("http.path=\"/named\"");
    let [line] = &logged[..] else { panic!("{logged:?}") };
    assert!(line.contains("request provider=\"somebody\" http.method=GET") && line.ends_with("draft=true"), "{line}");
}

#[tokio::test]
async fn a_failure_has_one_line_more_with_its_whole_chain() {
    let (running, lines) = (running(limits()), Lines::default());
    let _recording = lines.record();
    ask(&running, "/failed").await;
    let failed = lines.with("ERROR");
    let [line] = &failed[..] else { panic!("{failed:?}") };
    let causes = format!("nothing works: {}", std::fmt::Error);
    assert!(line.contains("request failed request.id=") && line.contains("refused=\"nothing_works\""), "{line}");
    assert!(line.ends_with(&format!("error=\"{causes}\"")), "{line}");
    let line = lines.with("http.status=500");
    assert!(line.len() == 1 && line[0].contains("refused=\"nothing_works\""), "{line:?}");
}

#[tokio::test]
async fn a_request_that_does_not_reach_the_service_has_a_line_too() {
    let (running, lines) = (running(Limits { header_fields: 4, ..limits() }), Lines::default());
    let _recording = lines.record();
    // Over HTTP/1.1 such a header does not get that far.
    let mut stream = connect(running.address).await;
    let request = request_with(1, "GET", "/many", &[("x", "y"); 5], true);
    stream.write_all(&[preface(1 << 16), request].concat()).await.unwrap();
    served(running.address).await;
    let line = lines.with("http.status=431");
    let path = "http.path=\"/many\"";
    assert!(line.len() == 1 && line[0].contains(path) && line[0].contains("too_many_header_fields"), "{line:?}");
}

#[tokio::test]
async fn a_long_path_is_cut() {
    let (running, lines) = (running(limits()), Lines::default());
    let _recording = lines.record();
    ask(&running, &format!("/{}", "a".repeat(1000))).await;
    let line = lines.with("http.status=200");
    assert!(line.len() == 1 && line[0].contains("aaa\" http.status"), "{line:?}");
    assert!(line[0].len() < 500, "{line:?}");
}
