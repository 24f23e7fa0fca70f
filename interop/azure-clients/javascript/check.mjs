// Microsoft's JavaScript client for Azure Attestation, unmodified, against Veritee: tokens are validated, TLS is verified.
//
//     NODE_EXTRA_CA_CERTS=CA node check.mjs URL CA ADMIN_TOKEN_FILE QUOTE RUNTIME_DATA ISOLATED_URL SIGNER_KEY SIGNER_CERTIFICATE
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AttestationAdministrationClient, AttestationClient, KnownAttestationType } from "@azure/attestation";

const MINIMAL = "version=1.0; authorizationrules{=> permit();}; issuancerules{};";
const DENY = "version=1.0; authorizationrules{=> deny();}; issuancerules{};";

const [url, , tokenFile, quoteFile, runtimeDataFile, isolatedUrl, signerKey, signerCertificate] = process.argv.slice(2);
const quote = readFileSync(quoteFile);
const runtimeData = readFileSync(runtimeDataFile);
const credential = (token) => ({ getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) });
const validationOptions = { validateIssuer: true, expectedIssuer: url };

const done = (what) => console.log("javascript:", what);

async function refused(code, action) {
  await assert.rejects(action, (error) => {
    assert.ok(error.statusCode === 400 || error.statusCode === 401, String(error));
    assert.equal(error.code ?? JSON.parse(error.response.bodyAsText).error.code, code);
    return true;
  });
}

function signer() {
  const directory = mkdtempSync(join(tmpdir(), "veritee-interop-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=interop policy signer", "-days", "1"];
  execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const made = { privateKey: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
  rmSync(directory, { recursive: true });
  return made;
}

async function attest(client) {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(1, 0);
  header.writeUInt32LE(2, 4);
  header.writeBigUInt64LE(BigInt(quote.length), 8);
  const report = Buffer.concat([header, quote]);
  for (const [name, action] of [
    ["SGX", (options) => client.attestSgxEnclave(quote, options)],
    ["Open Enclave", (options) => client.attestOpenEnclave(report, options)],
  ]) {
    const plain = await action();
    assert.equal(plain.body.enclaveHeldData, undefined);
    assert.ok(plain.body.sgxCollateral.quotehash);
    const held = await action({ runTimeData: runtimeData });
    assert.deepEqual(Buffer.from(held.body.enclaveHeldData), runtimeData);
    const json = await action({ runTimeJson: runtimeData });
    assert.deepEqual(json.body.runTimeClaims, JSON.parse(runtimeData));
    assert.equal(json.body.mrEnclave.length, 64);
    const draft = await action({ draftPolicyForAttestation: MINIMAL });
    assert.equal(draft.token.algorithm, "none");
    await refused("PolicyEvaluationError", () => action({ draftPolicyForAttestation: DENY }));
    await refused("InvalidParameter", () => action({ runTimeData: Buffer.from("something else") }));
    done(`attested ${name}`);
  }
}

async function policies(admin, client) {
  const signed = signer();
  for (const type of Object.values(KnownAttestationType)) {
    // The client cannot read what Azure answers, and so do we, where no policy is set: a JWS with an empty payload.
    const read = async () => (type === "Tpm" ? undefined : (await admin.getPolicy(type)).body);
    const before = await read();
    const set = await admin.setPolicy(type, MINIMAL);
    assert.equal(set.body.policyResolution, "Updated");
    assert.equal((await admin.getPolicy(type)).body, MINIMAL);
    const again = await admin.setPolicy(type, MINIMAL, signed);
    assert.equal(again.body.policyResolution, "Updated");
    assert.equal(again.body.policySigner.certificates.length, 1);
    assert.equal((await admin.resetPolicy(type)).body.policyResolution, "Removed");
    assert.equal((await admin.resetPolicy(type, signed)).body.policyResolution, "Removed");
    assert.equal(await read(), before);
    done(`read, set, signed and reset the policy of ${type}`);
  }
  await admin.setPolicy(KnownAttestationType.SgxEnclave, DENY);
  await refused("PolicyEvaluationError", () => client.attestSgxEnclave(quote));
  await refused("PolicyParsingError", () => admin.setPolicy(KnownAttestationType.SgxEnclave, "version=1.0; x"));
  await admin.resetPolicy(KnownAttestationType.SgxEnclave);
  await client.attestSgxEnclave(quote);
  done("a set policy decides, and one that is none is refused");
  assert.deepEqual((await admin.getPolicyManagementCertificates()).body, []);
  const { privateKey, certificate } = signed;
  for (const change of ["addPolicyManagementCertificate", "removePolicyManagementCertificate"]) {
    await refused("InvalidOperation", () => admin[change](certificate, privateKey, certificate));
  }
  done("certificates are none, and none can be added");
}

async function isolated(admin) {
  const own = { privateKey: readFileSync(signerKey, "utf8"), certificate: readFileSync(signerCertificate, "utf8") };
  const foreign = signer();
  const sgx = KnownAttestationType.SgxEnclave;
  await refused("InvalidOperation", () => admin.setPolicy(sgx, MINIMAL));
  await refused("InvalidOperation", () => admin.resetPolicy(sgx));
  await refused("InvalidParameter", () => admin.setPolicy(sgx, MINIMAL, foreign));
  assert.equal((await admin.setPolicy(sgx, MINIMAL, own)).body.policyResolution, "Updated");
  await admin.setPolicy(sgx, DENY, own);
  await refused("InvalidOperation", () => admin.setPolicy(sgx, MINIMAL, own));
  assert.equal((await admin.getPolicy(sgx)).body, DENY);
  done("only signed policies were taken, and a superseded one was not");

  const listed = async () => (await admin.getPolicyManagementCertificates()).body;
  assert.equal((await listed()).length, 1);
  const added = await admin.addPolicyManagementCertificate(foreign.certificate, own.privateKey, own.certificate);
  assert.equal(added.body.certificateResolution, "IsPresent");
  assert.equal((await listed()).length, 2);
  await admin.setPolicy(sgx, MINIMAL, foreign);
  // The client signs the same bytes for both, and a signed request is used once: somebody else signs the removal.
  await refused("InvalidOperation", () =>
    admin.removePolicyManagementCertificate(foreign.certificate, own.privateKey, own.certificate));
  assert.equal((await listed()).length, 2);
  const removed = await admin.removePolicyManagementCertificate(
    foreign.certificate, foreign.privateKey, foreign.certificate);
  assert.equal(removed.body.certificateResolution, "IsAbsent");
  await refused("InvalidOperation", () =>
    admin.removePolicyManagementCertificate(own.certificate, own.privateKey, own.certificate));
  await refused("InvalidOperation", () =>
    admin.addPolicyManagementCertificate(foreign.certificate, own.privateKey, own.certificate));
  assert.equal((await listed()).length, 1);
  assert.equal((await admin.resetPolicy(sgx, own)).body.policyResolution, "Removed");
  done("listed, added and removed policy signers, each request once, but not the last one");
}

const token = readFileSync(tokenFile, "utf8").trim();
const client = new AttestationClient(url, { validationOptions });
const admin = new AttestationAdministrationClient(url, credential(token), { validationOptions });
assert.equal((await client.getOpenIdMetadata()).issuer, url);
assert.equal((await client.getAttestationSigners()).length, 1);
done("metadata and certificates");
await attest(client);
await policies(admin, client);
const ofIsolated = { validationOptions: { ...validationOptions, expectedIssuer: isolatedUrl } };
await isolated(new AttestationAdministrationClient(isolatedUrl, credential(token), ofIsolated));
const stranger = new AttestationAdministrationClient(url, credential("nobody"), { validationOptions });
await refused("Unauthorized", () => stranger.getPolicy(KnownAttestationType.SgxEnclave));
done("strangers are refused");
