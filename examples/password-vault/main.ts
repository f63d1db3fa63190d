import { existsSync, readFileSync } from "node:fs";
import { writeWhole } from "../encrypt-file/whole-file.ts";
import { Questions } from "./ask.ts";
import { changePassword, createVault, openVault, parseVault, VaultError, type VaultFile } from "./vault.ts";

const VERBS = ["create", "set", "get", "list", "remove", "passwd"] as const;
const NAMED: readonly string[] = ["set", "get", "remove"];

const [verb, path, name] = process.argv.slice(2);
if (!VERBS.some((known) => known === verb) || !path || NAMED.includes(verb!) !== (name !== undefined)) {
  console.error(`usage: nanort examples password-vault create|list|passwd FILE
       nanort examples password-vault set|get|remove FILE NAME`);
  process.exit(2);
}

const questions = new Questions();
try {
  await perform();
} catch (error) {
  const { message } = error as Error;
  console.error(`password-vault: ${error instanceof VaultError ? `${path} ${message}` : message}`);
  process.exitCode = 1;
} finally {
  questions.close();
}

async function perform(): Promise<void> {
  if (verb === "create") {
    if (existsSync(path!)) throw new Error(`${path} is there already`);
    return write(await createVault(crypto, await questions.ask("password")), false);
  }
  const file = parseVault(readFileSync(path!, "utf8"));
  const password = await questions.ask("password");
  if (verb === "passwd") {
    return write(await changePassword(crypto, file, password, await questions.ask("new password")));
  }
  const { secrets, replaceSecrets } = await openVault(crypto, file, password);
  if (verb === "list") {
    for (const known of secrets.keys()) console.log(known);
  } else if (verb === "set") {
    await write(await replaceSecrets(secrets.set(name!, await questions.ask("secret"))));
  } else {
    const secret = secrets.get(name!);
    if (secret === undefined) throw new VaultError(`has no secret named ${name}`);
    if (verb === "get") return console.log(secret);
    secrets.delete(name!);
    await write(await replaceSecrets(secrets));
  }
}

async function write(file: VaultFile, replace = true): Promise<void> {
  async function* pieces() {
    yield new TextEncoder().encode(`${JSON.stringify(file, null, 2)}\n`);
  }
  await writeWhole(path!, pieces(), { replace, mode: 0o600 }); // Others shall not even try passwords.
}
