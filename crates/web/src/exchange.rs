//! One request and its answer on a connection.

use crate::connection::Connection;

/// One request and its answer, from the header to the last byte written.
#[derive(Debug)]
pub(crate) struct Exchange {
    connection: Connection,
    id: u64,
}

impl Exchange {
    /// A request has come.
    pub(crate) fn begin(connection: &Connection) -> Self {
        let id = connection.exchanges().open().begin();
        Self { connection: connection.clone(), id }
    }

    /// It has an answer.
    pub(crate) fn answered(&self) {
        self.connection.exchanges().open().answered(self.id);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.connection.exchanges().open().end(self.id);
    }
}
