//! The table of the protocol's messages. Kinds, their names, the envelopes, and the ways in and out of these come from it.

use prost::Message;

use super::request::*;
use super::response::*;

/// A message that asks for something, and the one that answers it.
pub(crate) trait Question: Into<Request> {
    /// The message that answers this one.
    type Answer: Default;

    /// Returns the kind of the request.
    fn kind(&self) -> Kind;

    /// Takes the answer out of a response; nothing if the response is to another question.
    fn answer_in(response: Response) -> Option<Self::Answer>;
}

/// Reads rows `Kind = number "name": member Question [required members] => Answer`.
///
/// The number is that of the member in both envelopes, `Request` and `Response`. The name is that of the protocol's member without
/// `Req`. What an answer requires is its error code.
macro_rules! messages {
    ($(
        $(#[doc = $doc:literal])+
        $kind:ident = $number:tt $name:literal: $member:ident $question:ident [$($required:ident)*] => $answer:ident;
    )+) => {
        /// A kind of request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Kind {
            /// All, in the order in which they are looked for in a request: the first that is present is what is asked for.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$kind),+];

            /// How many there are.
            pub const COUNT: usize = [$(Self::$kind),+].len();

            /// Its name in logs and metrics: that of its member in the protocol, without `Req`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }

        /// What a request asks for: its kind with the message.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Asked<'a> {
            $($kind(&'a $question),)+
        }

        /// A request: one of sixteen; see [`Request::kind`].
        #[derive(Clone, PartialEq, Eq, Message)]
        pub struct Request {
            $(
                #[doc = concat!("See [`", stringify!($question), "`].")]
                #[prost(message, optional, tag = $number)]
                pub $member: Option<$question>,
            )+
            /// The daemons that a request has come through, each by a number drawn at its start; no part of the protocol, and
            /// skipped by a receiver that does not know it.
            #[prost(bytes = "vec", repeated, tag = 5653842)]
            pub hops: Vec<Vec<u8>>,
        }

        impl Request {
            /// Returns what it asks for: the first message that is present, in the order of [`Kind::ALL`].
            pub(crate) const fn asked(&self) -> Option<Asked<'_>> {
                $(
                    if let Some(message) = &self.$member {
                        return Some(Asked::$kind(message));
                    }
                )+
                None
            }

            /// Returns the kind of what it asks for; whatever else it holds counts for nothing.
            pub fn kind(&self) -> Option<Kind> {
                match self.asked()? {
                    $(Asked::$kind(message) => Some(message.kind()),)+
                }
            }

            /// Returns the name of a message that lacks what it requires, whether it is what is asked for or not.
            pub(super) fn incomplete(&self) -> Option<&'static str> {
                $(
                    let is_whole = |_message: &$question| true $(&& _message.$required.is_some())*;
                    if !self.$member.as_ref().is_none_or(is_whole) {
                        return Some(concat!($name, "Req"));
                    }
                )+
                None
            }
        }

        /// A response: that to the request.
        #[derive(Clone, PartialEq, Eq, Message)]
        pub struct Response {
            $(
                #[doc = concat!("See [`", stringify!($answer), "`].")]
                #[prost(message, optional, tag = $number)]
                pub $member: Option<$answer>,
            )+
            /// The daemon does not know what was asked.
            #[prost(message, optional, tag = 20)]
            pub unsupported_request: Option<UnsupportedRequestResponse>,
        }

        impl Response {
            /// Returns the answers that are present, each with its error code if it has one.
            pub(super) fn codes(&self) -> impl Iterator<Item = (Kind, Option<u32>)> {
                [$(self.$member.as_ref().map(|answer| (Kind::$kind, answer.error_code))),+].into_iter().flatten()
            }

            /// Makes the answer to a request of that kind that says nothing but an error code.
            pub fn bare(kind: Kind, error_code: u32) -> Self {
                let mut response = Self::default();
                match kind {
                    $(Kind::$kind => response.$member.get_or_insert_default().error_code = Some(error_code),)+
                }
                response
            }
        }

        $(
            impl From<$question> for Request {
                fn from(message: $question) -> Self {
                    Self { $member: Some(message), ..Self::default() }
                }
            }

            impl From<$answer> for Response {
                fn from(message: $answer) -> Self {
                    Self { $member: Some(message), ..Self::default() }
                }
            }

            impl Question for $question {
                type Answer = $answer;

                fn kind(&self) -> Kind {
                    Kind::$kind
                }

                fn answer_in(response: Response) -> Option<$answer> {
                    response.$member
                }
            }
        )+
    };
}

messages! {
    /// A launch token of the launch enclave.
    GetLaunchToken = 3 "getLicToken": get_lic_token
        GetLaunchTokenRequest [mr_enclave mr_signer se_attributes] => GetLaunchTokenResponse;
    /// The target info of the EPID quoting enclave.
    InitQuote = 1 "initQuote": init_quote InitQuoteRequest [] => InitQuoteResponse;
    /// An EPID quote.
    GetQuote = 2 "getQuote": get_quote GetQuoteRequest [report quote_type spid buf_size] => GetQuoteResponse;
    /// What to do about a platform that an EPID attestation found fault with.
    ReportAttestationError = 4 "reportErr": report_err
        ReportAttestationErrorRequest [platform_info attestation_error_code update_info_size] => ReportAttestationErrorResponse;
    /// Whether the platform has an update, after EPID.
    CheckUpdateStatus = 18 "checkUpdateStatus": check_update_status
        CheckUpdateStatusRequest [update_info_size config] => CheckUpdateStatusResponse;
    /// The size of the list of enclaves that may be launched.
    GetWhiteListSize = 10 "getWhiteListSize": get_white_list_size GetWhiteListSizeRequest [] => GetWhiteListSizeResponse;
    /// That list.
    GetWhiteList = 11 "getWhiteList": get_white_list GetWhiteListRequest [] => GetWhiteListResponse;
    /// Which extended EPID group the platform is in.
    GetExtendedEpidGroupId = 12 "sgxGetExtendedEpidGroupId": sgx_get_extended_epid_group_id
        GetExtendedEpidGroupIdRequest [] => GetExtendedEpidGroupIdResponse;
    /// To go to another extended EPID group.
    SwitchExtendedEpidGroup = 13 "sgxSwitchExtendedEpidGroup": sgx_switch_extended_epid_group
        SwitchExtendedEpidGroupRequest [] => SwitchExtendedEpidGroupResponse;
    /// To take a list of enclaves that may be launched.
    Register = 14 "sgxRegister": sgx_register RegisterRequest [buf data_type] => RegisterResponse;
    /// The target info of the quoting enclave, with its attestation key made ready.
    InitQuoteEx = 15 "initQuoteEx": init_quote_ex InitQuoteExRequest [b_pub_key_id] => InitQuoteExResponse;
    /// How long a quote is.
    GetQuoteSizeEx = 16 "getQuoteSizeEx": get_quote_size_ex GetQuoteSizeExRequest [] => GetQuoteSizeExResponse;
    /// A quote.
    GetQuoteEx = 17 "getQuoteEx": get_quote_ex GetQuoteExRequest [report buf_size] => GetQuoteExResponse;
    /// Which of several attestation keys to use.
    SelectAttKeyId = 19 "selectAttKeyID": select_att_key_id SelectAttKeyIdRequest [] => SelectAttKeyIdResponse;
    /// How many attestation keys there are.
    GetSupportedAttKeyIdNum = 21 "getSupportedAttKeyIDNum": get_supported_att_key_id_num
        GetSupportedAttKeyIdNumRequest [] => GetSupportedAttKeyIdNumResponse;
    /// Their ids.
    GetSupportedAttKeyIds = 22 "getSupportedAttKeyIDs": get_supported_att_key_ids
        GetSupportedAttKeyIdsRequest [buf_size] => GetSupportedAttKeyIdsResponse;
}
