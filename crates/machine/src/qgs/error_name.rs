//! Error codes of the quote service, by their names.

/// The name of an error code in an answer of the quote service.
pub const fn error_name(code: u32) -> Option<&'static str> {
    Some(match code {
        0x0001_2001 => "QGS_MSG_ERROR_UNEXPECTED",
        0x0001_2002 => "QGS_MSG_ERROR_OUT_OF_MEMORY",
        0x0001_2003 => "QGS_MSG_ERROR_INVALID_PARAMETER",
        0x0001_2004 => "QGS_MSG_ERROR_INVALID_VERSION",
        0x0001_2005 => "QGS_MSG_ERROR_INVALID_TYPE",
        0x0001_2006 => "QGS_MSG_ERROR_INVALID_SIZE",
        0x0001_2007 => "QGS_MSG_ERROR_INVALID_CODE",
        _ => return None,
    })
}
