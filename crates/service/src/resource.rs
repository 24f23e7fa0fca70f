//! Providers as the resource manager's API shows them.

use serde_json::{Value, json};

use attestation::Provider;

/// The resource type.
const TYPE: &str = "Microsoft.Attestation/attestationProviders";

/// A provider as a resource.
pub(crate) struct Resource<'a>(pub(crate) &'a Provider);

impl Resource<'_> {
    /// Under its subscription and resource group.
    pub(crate) fn resource(&self) -> Value {
        let settings = self.0.settings();
        let scope = format!("/subscriptions/{}/resourceGroups/{}", settings.subscription, settings.resource_group);
        self.at(&scope)
    }

    /// As the default provider of its location, which belongs to no subscription.
    pub(crate) fn default_of_location(&self) -> Value {
        self.at("")
    }

    fn at(&self, scope: &str) -> Value {
        let (provider, settings) = (self.0, self.0.settings());
        let switch = |on: bool| if on { "Enabled" } else { "Disabled" };
        let accepted: Vec<&str> =
            provider.requirements().quotes.accepted().iter().map(|status| status.as_str()).collect();
        let keys: Vec<Value> = provider
            .key_schedule()
            .into_iter()
            .map(|(kid, signs_from)| json!({"keyId": kid, "signsFrom": signs_from.to_string()}))
            .collect();
        let withdrawn: Vec<Value> = provider
            .withdrawals()
            .iter()
            .map(|key| {
                json!({
                    "keyId": key.kid,
                    "withdrawnAt": key.withdrawn_at.to_string(),
                    "listedUntil": key.listed_until.to_string(),
                })
            })
            .collect();
        json!({
            "id": format!("{scope}/providers/{TYPE}/{}", provider.name()),
            "name": provider.name().as_str(),
            "type": TYPE,
            "location": provider.location(),
            "tags": settings.tags,
            "systemData": {
                "createdBy": provider.created_by(),
                "createdByType": "Application",
                "createdAt": provider.created_at().to_string(),
            },
            "properties": {
                "trustModel": provider.trust_model().as_str(),
                "status": "Ready",
                "attestUri": provider.issuer(),
                "publicNetworkAccess": switch(settings.public_network_access),
                "privateEndpointConnections": [],
                "tpmAttestationAuthentication": switch(settings.tpm_attestation_authentication),
                "veritee": {
                    "default": provider.is_location_default(),
                    "simulated": provider.is_simulated(),
                    "acceptedTcb": accepted,
                    "baseline": settings.baseline,
                    "minimumEvaluationDataNumber": settings.minimum_evaluation_data_number,
                    "collateral": settings.collateral,
                    "tokenAlgorithm": settings.token_algorithm.name(),
                    "tokenLifetime": settings.token_lifetime,
                    "anonymousAttestation": settings.anonymous_attestation,
                    "keyRotationDays": settings.key_rotation_days,
                    "keys": keys,
                    "withdrawnKeys": withdrawn,
                    "revision": provider.revision(),
                },
            },
        })
    }
}

/// What can be asked of the API.
pub(crate) fn operations() -> Value {
    let operation = |name: &str, resource: &str, operation: &str| {
        json!({
            "name": format!("Microsoft.Attestation/{name}"),
            "display": {
                "provider": "Microsoft Attestation",
                "resource": resource,
                "operation": operation,
                "description": operation,
            },
        })
    };
    let (provider, attestation) = ("Attestation Providers", "Attestation");
    json!({"value": [
        operation("attestationProviders/read", provider, "Read a provider"),
        operation("attestationProviders/write", provider, "Make or change a provider"),
        operation("attestationProviders/delete", provider, "Delete a provider"),
        operation("attestationProviders/attestation/read", attestation, "Read policies and policy signers"),
        operation("attestationProviders/attestation/write", attestation, "Set policies and policy signers"),
        operation("attestationProviders/attestation/delete", attestation, "Reset policies and remove policy signers"),
        operation("defaultProviders/read", provider, "Read default providers"),
    ]})
}
