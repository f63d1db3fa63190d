/** Key slots show nothing of the keys that they hold to whoever reads the properties of an object. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AesGcmSlot } from "../../ts/core/aes.ts";
import { AesSlot } from "../../ts/core/aes-modes.ts";
import { Core } from "../../ts/core/core.ts";
import { CURVES, EcPrivateSlot } from "../../ts/core/ec.ts";
import { HASHES } from "../../ts/core/hash.ts";
import { HmacSlot } from "../../ts/core/hmac.ts";
import { OKP_CURVES, OkpPrivateSlot } from "../../ts/core/okp.ts";
import { SecretSlot } from "../../ts/core/secret-slot.ts";
import { coreModule } from "../support/core.ts";

test("no property of a slot is bytes, before its key was used and after", () => {
  const core = new Core(coreModule());
  const key = new Uint8Array(32).fill(1);
  const ed25519 = new OkpPrivateSlot(core, OKP_CURVES.Ed25519, key);
  const p256 = EcPrivateSlot.from(core, CURVES["P-256"], key)!;
  const gcm = new AesGcmSlot(core, key, key.slice());
  const hmac = new HmacSlot(core, HASHES["SHA-256"], key, key.slice());
  const slots = [ed25519, p256, gcm, hmac, new AesSlot(core, key, key.slice()), new SecretSlot(core, key)];
  const requireNone = () => {
    for (const slot of slots) {
      const shown = Reflect.ownKeys(slot).filter((name) => ArrayBuffer.isView(Reflect.get(slot, name)));
      assert.equal(shown, [], slot.constructor.name);
    }
  };
  requireNone();
  ed25519.sign(new Uint8Array(0), key);
  p256.publicKey();
  hmac.sign(key);
  gcm.exportBits();
  requireNone();
});

test.run();
