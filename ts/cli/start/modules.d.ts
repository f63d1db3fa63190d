/** What `nanort bundle` puts in place of these names. */

/** The default export of the app's own module. */
declare module "nanort:app" {
  const app: import("nanort").AppSource;
  export default app;
}

/** The package's host for Node. */
declare module "nanort:host" {
  export const defaultHost: import("nanort").Host;
}
