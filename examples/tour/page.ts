import { client } from "./client.ts";
import { style } from "./style.ts";

export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>NANO: a tour</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
  <h1>NANO</h1>
  <p>A WebAssembly-first JavaScript runtime. This page is served by it, and its digests and signatures are
    computed in its Zig core.</p>
</header>
<main>
  <section>
    <h2>Digest</h2>
    <p>Computed while the text arrives, whatever its length.</p>
    <label for="digest-text">Text</label>
    <textarea id="digest-text" rows="3" spellcheck="false">abc</textarea>
    <fieldset>
      <legend>Algorithm</legend>
      <label><input type="radio" name="algorithm" value="SHA-1"> SHA-1</label>
      <label><input type="radio" name="algorithm" value="SHA-256" checked> SHA-256</label>
      <label><input type="radio" name="algorithm" value="SHA-384"> SHA-384</label>
      <label><input type="radio" name="algorithm" value="SHA-512"> SHA-512</label>
    </fieldset>
    <output id="digest-result" for="digest-text"></output>
  </section>

  <section>
    <h2>Signature</h2>
    <p>HMAC-SHA-256, with a key that nobody can export. Sign, change a letter, verify.</p>
    <label for="sign-text">Message</label>
    <input id="sign-text" value="Pay Ada 10 coins" autocomplete="off" spellcheck="false">
    <div class="buttons">
      <button id="sign">Sign</button>
      <button id="verify" disabled>Verify</button>
    </div>
    <output id="sign-result" for="sign-text">not signed yet</output>
  </section>

  <section>
    <h2>Virtual clock</h2>
    <p>An hour of one-second timers, in a second runtime that is made for the purpose.</p>
    <div class="buttons"><button id="clock">Let an hour pass</button></div>
    <output id="clock-result">0 ticks</output>
  </section>

  <section>
    <h2>Streams</h2>
    <p>A body is sent back piece by piece, as it arrives.</p>
    <div class="buttons"><button id="echo">Echo 8 MiB</button></div>
    <output id="echo-result">0 bytes in 0 pieces</output>
  </section>

  <section>
    <h2>Identifiers</h2>
    <p>Random UUIDs (RFC 9562, version 4).</p>
    <div class="buttons"><button id="uuid">Another</button></div>
    <output id="uuid-result"></output>
  </section>

  <section>
    <h2>Memory</h2>
    <p>Each operation has an arena of its own, wiped and given back when it is done.</p>
    <dl id="memory"></dl>
  </section>
</main>
<footer>The same from a shell: <code>curl <span id="origin"></span>/digest -d abc</code></footer>
<script>(${client})()</script>
</body>
</html>
`;
