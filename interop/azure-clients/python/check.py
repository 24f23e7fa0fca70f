"""Microsoft's Python client for Azure Attestation, unmodified, against Veritee: tokens are validated, TLS is verified.

    check.py URL CA ADMIN_TOKEN_FILE QUOTE RUNTIME_DATA

Prints a line for each thing that was done, and ends with an exception where one is not as Azure has it.
"""

import base64
import datetime
import hashlib
import json
import struct
import sys
import time

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.security.attestation import (
    AttestationAdministrationClient,
    AttestationClient,
    AttestationType,
    PolicyModification,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MINIMAL = "version=1.0; authorizationrules{=> permit();}; issuancerules{};"
DENY = "version=1.0; authorizationrules{=> deny();}; issuancerules{};"


class Credential:
    def __init__(self, token):
        self.token = token

    def get_token(self, *scopes, **options):
        return AccessToken(self.token, int(time.time()) + 3600)


def done(what):
    print("python:", what)


def refused(code, action):
    try:
        action()
    except HttpResponseError as error:
        assert error.status_code in (400, 401), error.status_code
        assert error.error.code == code, error.error.code
        return error
    raise AssertionError("was not refused with " + code)


def signer():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "interop policy signer")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(hours=1))
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def attest(client, quote, runtime_data):
    report = struct.pack("<IIQ", 1, 2, len(quote)) + quote
    for name, action in [
        ("SGX", lambda **options: client.attest_sgx_enclave(quote, **options)),
        ("Open Enclave", lambda **options: client.attest_open_enclave(report, **options)),
    ]:
        result, token = action()
        assert result.enclave_held_data is None and result.runtime_claims is None
        assert result.sgx_collateral["quotehash"], result.sgx_collateral
        result, token = action(runtime_data=runtime_data)
        assert result.enclave_held_data == runtime_data
        result, token = action(runtime_json=runtime_data)
        assert result.runtime_claims == json.loads(runtime_data), result.runtime_claims
        assert len(result.mr_enclave) == 64 and len(result.mr_signer) == 64 and result.verifier_type == "sgx"
        result, token = action(draft_policy=MINIMAL)
        assert token.algorithm == "none"
        refused("PolicyEvaluationError", lambda: action(draft_policy=DENY))
        refused("InvalidParameter", lambda: action(runtime_data=b"something else"))
        done("attested " + name)


def policies(admin, client, quote, key, certificate):
    for attestation_type in AttestationType:
        default, _ = admin.get_policy(attestation_type)
        result, _ = admin.set_policy(attestation_type, MINIMAL)
        assert result.policy_resolution == PolicyModification.UPDATED
        assert result.policy_token_hash, result
        assert admin.get_policy(attestation_type)[0] == MINIMAL
        result, _ = admin.set_policy(attestation_type, MINIMAL, signing_key=key, signing_certificate=certificate)
        assert result.policy_resolution == PolicyModification.UPDATED
        assert result.policy_signer.certificates[0].strip() == certificate.strip(), result.policy_signer
        result, _ = admin.reset_policy(attestation_type)
        assert result.policy_resolution == PolicyModification.REMOVED
        result, _ = admin.reset_policy(attestation_type, signing_key=key, signing_certificate=certificate)
        assert result.policy_resolution == PolicyModification.REMOVED
        assert admin.get_policy(attestation_type)[0] == default
        done("read, set, signed and reset the policy of " + attestation_type.value)
    admin.set_policy(AttestationType.SGX_ENCLAVE, DENY)
    refused("PolicyEvaluationError", lambda: client.attest_sgx_enclave(quote))
    error = refused("PolicyParsingError", lambda: admin.set_policy(AttestationType.SGX_ENCLAVE, "version=1.0; x"))
    assert "line 1" in error.error.message, error.error.message
    admin.reset_policy(AttestationType.SGX_ENCLAVE)
    client.attest_sgx_enclave(quote)
    done("a set policy decides, and one that is none is refused")


def certificates(admin, key, certificate):
    listed, _ = admin.get_policy_management_certificates()
    assert listed == [], listed
    for change in [admin.add_policy_management_certificate, admin.remove_policy_management_certificate]:
        refused(
            "InvalidOperation",
            lambda: change(certificate, signing_key=key, signing_certificate=certificate),
        )
    done("certificates are none, and none can be added")


def main(url, ca, token_file, quote_file, runtime_data_file):
    quote = open(quote_file, "rb").read()
    runtime_data = open(runtime_data_file, "rb").read()
    token = open(token_file).read().strip()
    options = {"connection_verify": ca, "validate_issuer": True, "issuer": url}
    client = AttestationClient(url, Credential(token), **options)
    admin = AttestationAdministrationClient(url, Credential(token), **options)
    metadata = client.get_open_id_metadata()
    assert metadata["issuer"] == url, metadata
    kids = [signer.key_id for signer in client.get_signing_certificates()]
    assert len(kids) == 1 and len(base64.b64decode(kids[0])) == hashlib.sha256().digest_size, kids
    done("metadata and certificates")
    attest(client, quote, runtime_data)
    key, certificate = signer()
    policies(admin, client, quote, key, certificate)
    certificates(admin, key, certificate)
    stranger = AttestationAdministrationClient(url, Credential("nobody"), **options)
    refused("Unauthorized", lambda: stranger.get_policy(AttestationType.SGX_ENCLAVE))
    done("strangers are refused")


if __name__ == "__main__":
    main(*sys.argv[1:])
