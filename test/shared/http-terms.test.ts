/** Whose certificates are trusted: files that AWS's and Node's variables name. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { caList, httpTerms, readCa } from "../../shared/http-terms.ts";
import { tempDir } from "../support/temp.ts";

const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`;

function file(name: string, text: string): string {
  const path = join(tempDir("ca"), name);
  writeFileSync(path, text);
  return path;
}

describe("certificates", () => {
  it("of AWS_CA_BUNDLE are trusted instead of Node's, those of NODE_EXTRA_CA_CERTS besides", () => {
    const [bundle, extra] = [file("bundle", pem("bundle")), file("extra", pem("extra"))];
    assert.equal(caList(readCa({})), undefined);
    assert.deepEqual(caList(readCa({ caBundle: bundle })), [pem("bundle")]);
    assert.deepEqual(caList(readCa({ extraCa: extra })), [...rootCertificates, pem("extra")]);
    assert.deepEqual(caList(readCa({ caBundle: bundle, extraCa: extra })), [pem("bundle"), pem("extra")]);
  });

  it("go to children as text, with the proxies, and Node's own do not", () => {
    const proxy = { HTTPS_PROXY: "http://user:password@proxy:3128" };
    const terms = httpTerms({ proxy, extraCa: file("extra", pem("extra")) });
    assert.deepEqual(JSON.parse(JSON.stringify(terms)), { proxy, ca: { pem: [pem("extra")], besides: true } });
    assert.deepEqual(httpTerms({}), {});
  });

  it("that cannot be read are refused by name; extra ones count for nothing, as for Node", () => {
    for (const caBundle of [file("empty", "none"), join(tempDir("ca"), "absent")]) {
      assert.throws(() => readCa({ caBundle }), { code: "invalid-config", hint: /AWS_CA_BUNDLE/ });
      assert.equal(readCa({ extraCa: caBundle }), undefined);
    }
  });
});
