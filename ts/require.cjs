// What `require("nanort")` finds where Node cannot require ES modules; elsewhere it finds the library itself.
throw Object.assign(
  new Error(
    `nanort is an ES module: require() takes it from Node 20.19 and 22.12 on, and this is Node ${process.versions.node}. ` +
      'Everywhere there is: const { createRuntime } = await import("nanort")',
  ),
  { code: "ERR_REQUIRE_ESM" },
);
