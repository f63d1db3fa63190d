# The suites in workerd, with its modules as the package has them: "nanort" is the workerd build, which imports
# "./nano.wasm" and nothing else. Written for `workerd serve`; the port is any, and told on --control-fd.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "suites", worker = .suites),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "suites") ],
);

const suites :Workerd.Worker = (
  compatibilityDate = "2025-05-05",
  modules = [
    (name = "suites.js", esModule = embed "workerd.js"),
    (name = "nanort", esModule = embed "node_modules/nanort/wasm-out/workerd.js"),
    (name = "nanort/inline", esModule = embed "node_modules/nanort/wasm-out/workerd.js"),
    (name = "nano.wasm", wasm = embed "node_modules/nanort/wasm-out/nano.wasm"),
    (name = "nanort/nano.wasm", wasm = embed "node_modules/nanort/wasm-out/nano.wasm"),
  ],
);
