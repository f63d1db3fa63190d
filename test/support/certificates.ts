/** A throw-away certificate authority, and what it certified, by the openssl command; made once a process. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** All in PEM. */
export interface Certificates {
  /** The authority's own certificate. */
  ca: string;
  /** For localhost and 127.0.0.1. */
  certificate: string;
  key: string;
  /** As `certificate`, with its last day over. */
  expired: string;
}

let made: Certificates | undefined;

/** Undefined where there is no openssl. */
export function certificates(): Certificates | undefined {
  if (!made && spawnSync("openssl", ["version"]).status === 0) made = make();
  return made;
}

function make(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "nanort-ca-"));
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const issue = (output: string, ...validity: string[]) =>
    openssl(
      ...["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-set_serial", "2"],
      ...["-extfile", "names.txt", "-out", output, ...validity],
    );
  try {
    writeFileSync(join(folder, "names.txt"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    const authority = [
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      "-subj",
      "/CN=throw-away authority",
    ];
    openssl("req", "-x509", ...newKey, ...authority);
    openssl("req", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost");
    issue("server.pem", "-days", "2");
    issue("expired.pem", "-days", "-1");
    return {
      ca: read("ca.pem"),
      certificate: read("server.pem"),
      key: read("server.key"),
      expired: read("expired.pem"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
