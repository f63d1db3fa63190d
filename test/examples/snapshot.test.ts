import { readFileSync } from "node:fs";
import v8 from "node:v8";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { State } from "../../examples/snapshot/state.ts";
import { folderWith, nanort } from "../cli/nanort.ts";

const file = `${folderWith({})}/state.bin`;

test("snapshot: all of a state is restored, where JSON loses some, and Node reads the file too", async () => {
  const { code, stdout, stderr } = await nanort(["examples", "snapshot", file]);
  assert.equal({ code, stderr }, { code: 0, stderr: "" });
  assert.match(stdout, /^500 users, 2000 orders$/m);
  assert.match(stdout, /^nano +\d+ +[\d.]+ +[\d.]+ {3}all of it$/m);
  assert.match(stdout, /^JSON +\d+ +[\d.]+ +[\d.]+ {3}not all of it$/m);
  assert.match(stdout, /^an order's user is the one in the Map: true$/m);
  assert.match(stdout, /^readings are still a Float64Array, and began on 1970-01-01T00:00:00.000Z$/m);
  const state = v8.deserialize(readFileSync(file)) as State;
  assert.is(state.orders[3]!.user, state.users.get(4));
});

test("snapshot: nanort inspect shows what it wrote", async () => {
  const { code, stdout } = await nanort(["inspect", file]);
  assert.is(code, 0);
  assert.match(stdout, /string "users"\n.* Map #2\n/);
});

test.run();
