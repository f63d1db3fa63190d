import { createDecipheriv, pbkdf2Sync, webcrypto } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRuntimeSync } from "nanort";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  changePassword,
  createVault,
  openVault,
  parseVault,
  VaultError,
  type VaultFile,
} from "../../examples/password-vault/vault.ts";
import { folderWith, nanort } from "../cli/nanort.ts";

const { crypto } = createRuntimeSync();
const FEW = 10;
const SECRETS = new Map([
  ["mail", "correct horse"],
  ["__proto__", "battery"],
  ["", "stäple"],
]);

/** A vault with those secrets. */
async function filled(password = "open"): Promise<VaultFile> {
  const vault = await openVault(crypto, await createVault(crypto, password, FEW), password);
  assert.is(vault.secrets.size, 0);
  return vault.replaceSecrets(SECRETS);
}

const secretsOf = async (file: VaultFile, password = "open", by: typeof crypto = crypto) =>
  (await openVault(by, file, password)).secrets;

async function refusal(file: VaultFile, password = "open"): Promise<string> {
  try {
    await openVault(crypto, parseVault(JSON.stringify(file)), password);
  } catch (error) {
    assert.instance(error, VaultError);
    return (error as Error).message;
  }
  throw new Error("it was opened");
}

/** The format as its description has it, by node:crypto. */
function read({ format, iterations, salt, wrappedKey, iv, sealed }: VaultFile, password: string): unknown {
  const wrapping = pbkdf2Sync(
    password.normalize("NFC"),
    Buffer.from(salt, "base64url"),
    iterations,
    32,
    "sha256",
  );
  const unwrapper = createDecipheriv("id-aes256-wrap", wrapping, Buffer.alloc(8, 0xa6));
  const key = Buffer.concat([unwrapper.update(Buffer.from(wrappedKey, "base64url")), unwrapper.final()]);
  const bytes = Buffer.from(sealed, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"));
  decipher.setAAD(Buffer.from(format)).setAuthTag(bytes.subarray(-16));
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString());
}

test("what is put in comes out, of a file that is written and read", async () => {
  const file = parseVault(JSON.stringify(await filled()));
  assert.equal(await secretsOf(file), SECRETS);
});

test("the format is the one described: node:crypto reads it, and so does this code with the host's WebCrypto", async () => {
  const file = await filled("Pässwort");
  assert.equal(Object.entries(read(file, "Pässwort") as object), [...SECRETS]);
  const host = webcrypto as unknown as typeof crypto;
  assert.equal(await secretsOf(file, "Pässwort", host), SECRETS);
});

test("a password is the same in composed and decomposed letters, and in nothing else", async () => {
  const file = await filled("Pa\u0308sswort");
  assert.equal(await secretsOf(file, "P\u00e4sswort"), SECRETS);
  for (const wrong of ["Passwort", "p\u00e4sswort", "P\u00e4sswort ", ""]) {
    assert.match(await refusal(file, wrong), "the password is wrong");
  }
});

test("another password wraps the same key anew: the contents are as they were, and the old one opens nothing", async () => {
  const file = await filled();
  const changed = await changePassword(crypto, file, "open", "sesame", FEW);
  assert.equal([changed.iv, changed.sealed], [file.iv, file.sealed]);
  assert.is.not(changed.salt, file.salt);
  assert.is.not(changed.wrappedKey, file.wrappedKey);
  assert.equal(await secretsOf(changed, "sesame"), SECRETS);
  assert.match(await refusal(changed), "the password is wrong");
  for (const password of ["sesame", ""]) {
    const error = await changePassword(crypto, file, password, "new", FEW).catch((error) => error);
    assert.instance(error, VaultError);
  }
});

test("nothing is written twice alike, and nothing tells the names or secrets", async () => {
  const [first, second] = [await filled(), await filled()];
  for (const part of ["salt", "wrappedKey", "iv", "sealed"] as const) {
    assert.is.not(first[part], second[part]);
  }
  assert.not.match(JSON.stringify(first), "mail");
  assert.not.match(Buffer.from(first.sealed, "base64url").toString("latin1"), "horse");
});

test("a file with any bit changed is refused", async () => {
  const file = await filled();
  for (const part of ["salt", "wrappedKey", "iv", "sealed"] as const) {
    const bytes = Buffer.from(file[part], "base64url");
    for (let bit = 0; bit < 8 * bytes.length; bit += 5) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const why = await refusal({ ...file, [part]: changed.toString("base64url") });
      assert.match(why, part === "iv" || part === "sealed" ? "is damaged" : "the password is wrong", part);
    }
    for (const cut of [1, bytes.length - 1]) {
      await refusal({ ...file, [part]: bytes.subarray(0, cut).toString("base64url") });
    }
  }
  await refusal({ ...file, iterations: FEW + 1 });
});

test("a text that is no vault is refused, and a file that asks for too many iterations", async () => {
  const file = await filled();
  const refused = (text: string) => {
    try {
      parseVault(text);
    } catch (error) {
      assert.instance(error, VaultError);
      return (error as Error).message;
    }
    return undefined;
  };
  for (const text of ["", "{", "null", "[]", '"text"', "{}", JSON.stringify({ ...file, format: "2" })]) {
    assert.is(refused(text), "is no vault", text);
  }
  // No base64url has so many characters; and of 32 bytes the last one has two bits to spare, which are zero.
  const noBytes = { sealed: "A".repeat(25) };
  const sameBytes = { salt: `${"A".repeat(42)}B` };
  const unlike = [{ salt: undefined }, { iv: "§" }, { sealed: 5.5 }, { iterations: "10" }];
  for (const changes of [...unlike, noBytes, sameBytes]) {
    assert.is(refused(JSON.stringify({ ...file, ...changes })), "is damaged");
  }
  for (const iterations of [0, -1, 100_000_001, 2 ** 32]) {
    assert.match(refused(JSON.stringify({ ...file, iterations }))!, "iterations");
  }
});

test("the example keeps, lists, gives and removes secrets, and changes the password", async () => {
  const folder = folderWith({});
  const run = (args: string[], ...lines: string[]) =>
    nanort(["examples", "password-vault", ...args], {
      cwd: folder,
      input: lines.map((line) => `${line}\n`).join(""),
    });
  const done = (stdout = "") => ({ code: 0, stdout, stderr: "" });
  assert.equal(await run(["create", "v"], "open"), done());
  const path = join(folder, "v");
  const made = parseVault(readFileSync(path, "utf8"));
  assert.is(made.iterations, 600_000);
  assert.equal(read(made, "open"), {});
  const isMine = () => process.platform === "win32" || (statSync(path).mode & 0o777) === 0o600;
  assert.ok(isMine(), "others may not read it");

  // From here on one that opens sooner.
  writeFileSync(path, JSON.stringify(await createVault(crypto, "open", FEW)));
  assert.equal(await run(["set", "v", "mail"], "open", "correct horse"), done());
  assert.equal(await run(["set", "v", "door"], "open", "1234"), done());
  assert.equal(await run(["remove", "v", "door"], "open"), done());
  assert.equal(await run(["list", "v"], "open"), done("mail\n"));
  assert.equal(await run(["get", "v", "mail"], "open"), done("correct horse\n"));
  assert.equal(readdirSync(folder), ["v"]);
  assert.ok(isMine(), "nor what replaced it");

  const before = readFileSync(path, "utf8");
  const [wrong, none, missing, again, nobody, usage] = await Promise.all([
    run(["set", "v", "mail"], "sesame", "stolen"),
    run(["list", "v"]),
    run(["get", "v", "door"], "open"),
    run(["create", "v"], "open"),
    run(["list", "w"], "open"),
    run(["get", "v"]),
  ]);
  assert.is(wrong.stderr, "password-vault: v does not open: the password is wrong, or the file is damaged\n");
  assert.is(none.stderr, "password-vault: no password\n");
  assert.is(missing.stderr, "password-vault: v has no secret named door\n");
  assert.is(again.stderr, "password-vault: v is there already\n");
  assert.match(nobody.stderr, /^password-vault: ENOENT/);
  assert.match(usage.stderr, /^usage: /);
  assert.equal(
    [wrong, none, missing, again, nobody, usage].map(({ code }) => code),
    [1, 1, 1, 1, 1, 2],
  );
  assert.is(readFileSync(path, "utf8"), before);

  assert.equal(await run(["passwd", "v"], "open", "sesame"), done());
  const changed = parseVault(readFileSync(path, "utf8"));
  assert.is(changed.iterations, 600_000);
  assert.equal(read(changed, "sesame"), { mail: "correct horse" });
});

test("the example refuses a file that is no vault in a line", async () => {
  const folder = folderWith({});
  writeFileSync(join(folder, "notes"), "milk, eggs");
  const { code, stderr } = await nanort(["examples", "password-vault", "list", "notes"], { cwd: folder });
  assert.equal({ code, stderr }, { code: 1, stderr: "password-vault: notes is no vault\n" });
});

test.run();
