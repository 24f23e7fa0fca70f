#!/usr/bin/env python3
"""Signs a policy as the script in Microsoft's guide to Azure Attestation does, and hands it to an Isolated provider.

    guide.py CA TOKEN-FILE PROVIDER-URL SIGNER-KEY SIGNER-CERTIFICATE

The guide's steps, with libraries of today: a PKCS#12 file is read; the signer's certificate and those above it go into `x5c`; PyJWT
signs with RS256 a payload that has the policy's text in the member `text`. The service refuses that member by its name. With
the member `AttestationPolicy`, which the guide's prose asks for, the same script's JWS is taken, whether the text is encoded or not.
"""

import base64
import ssl
import sys
import urllib.error
import urllib.request

import jwt
from azure.core.credentials import AccessToken
from azure.security.attestation import AttestationAdministrationClient, AttestationType
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

POLICY = "version=1.0; authorizationrules{=> permit();}; issuancerules{=> issue(type=\"number\", value=%d);};"
PASSWORD = b"a password of the guide"


class Credential:
    def __init__(self, token):
        self.token = token

    def get_token(self, *_scopes, **_options):
        return AccessToken(self.token, 1 << 32)


def bundle(key_file, certificate_file):
    """A PKCS#12 file such as the guide asks for."""
    with open(key_file, "rb") as key, open(certificate_file, "rb") as certificate:
        key = serialization.load_pem_private_key(key.read(), None)
        certificate = x509.load_pem_x509_certificate(certificate.read())
    encryption = serialization.BestAvailableEncryption(PASSWORD)
    return pkcs12.serialize_key_and_certificates(b"signer", key, certificate, None, encryption)


def sign(file, payload):
    key, certificate, above = pkcs12.load_key_and_certificates(file, PASSWORD)
    der = [one.public_bytes(serialization.Encoding.DER) for one in [certificate, *above]]
    return jwt.encode(payload, key, algorithm="RS256", headers={"x5c": [base64.b64encode(one).decode() for one in der]})


def put(url, ca, token, jws):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/policies/OpenEnclave", jws.encode(), headers, method="PUT")
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=ca)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def main(ca, token_file, provider, key_file, certificate_file):
    with open(token_file, encoding="ascii") as file:
        token = file.read().strip()
    file = bundle(key_file, certificate_file)

    status, answer = put(provider, ca, token, sign(file, {"text": POLICY % 1}))
    assert status == 400 and "policy_jws_text_member" in answer, answer
    assert "`text` instead of `AttestationPolicy`" in answer and "rename the member" in answer, answer
    print("python: the guide's member `text` is refused by its name")

    encoded = base64.urlsafe_b64encode((POLICY % 2).encode()).rstrip(b"=").decode()
    client = AttestationAdministrationClient(provider, Credential(token), connection_verify=ca)
    for number, value in [(2, encoded), (3, POLICY % 3)]:
        status, answer = put(provider, ca, token, sign(file, {"AttestationPolicy": value}))
        assert status == 200, answer
    print("python: the guide's script with the member `AttestationPolicy` sets a policy of an Isolated provider")
    # Microsoft's client reads it from that member, base64url; text as it is it cannot show.
    put(provider, ca, token, sign(file, {"AttestationPolicy": encoded, "iat": 1}))
    assert client.get_policy(AttestationType.OPEN_ENCLAVE)[0] == POLICY % 2
    print("python: and Microsoft's client shows it")


if __name__ == "__main__":
    main(*sys.argv[1:])
