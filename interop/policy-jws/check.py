#!/usr/bin/env python3
"""Verifies a signed policy JWS with Python's `cryptography` alone, and prints the policy's text.

    python3 interop/policy-jws/check.py policy.jws

An implementation that shares nothing with Veritee's: RFC 7515 read anew, no JWT library. It takes what
`veritee policy sign` writes: RS256 or ES256, certificates in `x5c`, base64url without padding. Each certificate has to be
signed by the next one. A reset prints nothing.

Exit code 0: verified; 1: not. Needs what requirements.txt names.
"""

import base64
import json
import re
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


class Refused(Exception):
    """Why the JWS does not hold."""


def decode(segment):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", segment):
        raise Refused("a segment is no base64url without padding")
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def load_chain(header):
    chain = [x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) for text in header["x5c"]]
    if not chain:
        raise Refused("there is no certificate")
    for certificate, issuer in zip(chain, chain[1:]):
        certificate.verify_directly_issued_by(issuer)
    return chain


def verify(algorithm, key, message, signature):
    if algorithm == "RS256" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    elif algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        if len(signature) != 64:
            raise Refused("the signature is not r and s of 32 bytes each")
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    else:
        raise Refused(f"{algorithm} is not for this key")


def policy_in(jws):
    segments = jws.split(".")
    if len(segments) != 3:
        raise Refused("there are not three segments")
    header = json.loads(decode(segments[0]))
    # A reset has no payload: a random `kid` makes it unique.
    expected = {"alg", "x5c"} if segments[1] else {"alg", "kid", "x5c"}
    if set(header) != expected:
        raise Refused(f"the header is not of {', '.join(sorted(expected))}")
    key = load_chain(header)[0].public_key()
    verify(header["alg"], key, ".".join(segments[:2]).encode("ascii"), decode(segments[2]))
    payload = decode(segments[1])
    return decode(json.loads(payload)["AttestationPolicy"]).decode("utf-8") if payload else ""


def main(arguments):
    if len(arguments) != 1:
        print("usage: check.py FILE", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="ascii") as file:
            text = policy_in(file.read().strip())
    except InvalidSignature:
        print("not verified: a signature is wrong", file=sys.stderr)
        return 1
    except (Refused, OSError, ValueError, KeyError, TypeError) as error:
        print(f"not verified: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
