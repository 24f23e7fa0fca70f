"""Microsoft's Python clients for managing providers and for attestation, unmodified, against Veritee: an Isolated provider.

    management.py URL CA ADMIN_TOKEN_FILE

Prints a line for each thing that was done, and ends with an exception where one is not as Azure has it.
"""

import base64
import sys

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.attestation import AttestationManagementClient
from azure.mgmt.attestation.models import (
    AttestationServiceCreationParams,
    AttestationServiceCreationSpecificParams,
    AttestationServicePatchParams,
    AttestationServicePatchSpecificParams,
    JSONWebKey,
    JSONWebKeySet,
)
from azure.security.attestation import (
    AttestationAdministrationClient,
    AttestationType,
    CertificateModification,
    PolicyModification,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from check import DENY, MINIMAL, Credential, done, refused, signer

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
GROUP = "interop"


def jwk(certificate):
    der = x509.load_pem_x509_certificate(certificate.encode()).public_bytes(serialization.Encoding.DER)
    return JSONWebKey(kty="RSA", use="sig", alg="RS256", x5_c=[base64.b64encode(der).decode()])


def manage(providers, certificate):
    properties = AttestationServiceCreationSpecificParams(
        policy_signing_certificates=JSONWebKeySet(keys_property=[jwk(certificate)])
    )
    wanted = AttestationServiceCreationParams(location="local", tags={"made": "by"}, properties=properties)
    made = providers.create(GROUP, "isolated", wanted)
    assert made.trust_model == "Isolated" and made.status == "Ready", made
    assert made.tags == {"made": "by"} and made.type == "Microsoft.Attestation/attestationProviders"
    shared = providers.create(GROUP, "trusting", AttestationServiceCreationParams(location="local", properties={}))
    assert shared.trust_model == "AAD", shared
    done("made an Isolated provider, and one that trusts its administrators")
    assert providers.get(GROUP, "isolated").attest_uri == made.attest_uri
    for listed in [providers.list(), providers.list_by_resource_group(GROUP)]:
        assert [one.name for one in listed.value] == ["isolated", "trusting"], listed
    assert [one.name for one in providers.list_default().value] == ["default"]
    assert providers.get_default_by_location("local").name == "default"
    change = AttestationServicePatchParams(
        tags={"changed": "by"},
        properties=AttestationServicePatchSpecificParams(tpm_attestation_authentication="Disabled"),
    )
    changed = providers.update(GROUP, "isolated", change)
    assert changed.tags == {"changed": "by"} and changed.tpm_attestation_authentication == "Disabled", changed
    done("showed, listed and changed providers, and those that are the default of their location")
    return made.attest_uri


def private_links(client):
    assert list(client.private_endpoint_connections.list(GROUP, "isolated")) == []
    assert client.private_link_resources.list_by_provider(GROUP, "isolated").value == []
    try:
        client.private_endpoint_connections.get(GROUP, "isolated", "none")
        raise AssertionError("there is no private endpoint")
    except ResourceNotFoundError:
        pass
    client.private_endpoint_connections.delete(GROUP, "isolated", "none")
    done("looked for private links, of which there are none")


def isolated(admin, key, certificate):
    other_key, other_certificate = signer()
    sgx = AttestationType.SGX_ENCLAVE
    refused("InvalidOperation", lambda: admin.set_policy(sgx, MINIMAL))
    refused("InvalidOperation", lambda: admin.reset_policy(sgx))
    foreign = {"signing_key": other_key, "signing_certificate": other_certificate}
    refused("InvalidParameter", lambda: admin.set_policy(sgx, MINIMAL, **foreign))
    own = {"signing_key": key, "signing_certificate": certificate}
    result, _ = admin.set_policy(sgx, MINIMAL, **own)
    assert result.policy_resolution == PolicyModification.UPDATED
    assert admin.get_policy(sgx)[0] == MINIMAL
    admin.set_policy(sgx, DENY, **own)
    refused("InvalidOperation", lambda: admin.set_policy(sgx, MINIMAL, **own))
    assert admin.get_policy(sgx)[0] == DENY
    done("only signed policies were taken, and a superseded one was not")

    listed, _ = admin.get_policy_management_certificates()
    assert [chain[0].strip() for chain in listed] == [certificate.strip()], listed
    added, _ = admin.add_policy_management_certificate(other_certificate, **own)
    assert added.certificate_resolution == CertificateModification.IS_PRESENT, added
    assert len(admin.get_policy_management_certificates()[0]) == 2
    admin.set_policy(sgx, MINIMAL, **foreign)
    # The client signs the same bytes for both, and a signed request is used once: somebody else signs the removal.
    refused("InvalidOperation", lambda: admin.remove_policy_management_certificate(other_certificate, **own))
    assert len(admin.get_policy_management_certificates()[0]) == 2
    removed, _ = admin.remove_policy_management_certificate(other_certificate, **foreign)
    assert removed.certificate_resolution == CertificateModification.IS_ABSENT, removed
    assert removed.certificate_thumbprint == added.certificate_thumbprint
    refused("InvalidOperation", lambda: admin.remove_policy_management_certificate(certificate, **own))
    refused("InvalidOperation", lambda: admin.add_policy_management_certificate(other_certificate, **own))
    assert len(admin.get_policy_management_certificates()[0]) == 1
    assert admin.reset_policy(sgx, **own)[0].policy_resolution == PolicyModification.REMOVED
    done("listed, added and removed policy signers, each request once, but not the last one")


def main(url, ca, token_file):
    token = open(token_file).read().strip()
    client = AttestationManagementClient(Credential(token), SUBSCRIPTION, base_url=url, connection_verify=ca)
    assert any(operation.name.endswith("/read") for operation in client.operations.list())
    key, certificate = signer()
    attest_uri = manage(client.attestation_providers, certificate)
    private_links(client)
    options = {"connection_verify": ca, "validate_issuer": True, "issuer": attest_uri}
    isolated(AttestationAdministrationClient(attest_uri, Credential(token), **options), key, certificate)
    stranger = AttestationManagementClient(Credential("nobody"), SUBSCRIPTION, base_url=url, connection_verify=ca)
    try:
        stranger.attestation_providers.delete(GROUP, "isolated")
        raise AssertionError("a stranger deleted a provider")
    except HttpResponseError as error:
        assert error.status_code == 401, error
    for name in ["isolated", "trusting"]:
        client.attestation_providers.delete(GROUP, name)
        client.attestation_providers.delete(GROUP, name)
    assert client.attestation_providers.list().value == []
    done("deleted the providers")


main(*sys.argv[1:])
