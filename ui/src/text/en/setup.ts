/** Texts of setup. */
export const setup = {
  welcome: "Welcome to Tandem",
  lead: "It keeps the records of two systems in step, both ways.",
  firstSteps: "First steps",
  done: "Done",

  load: "Load the sample systems",
  loading: "Loading…",
  doLoad: "load the sample systems",
  apply: "Describe your two systems",
  noSample:
    "Write a workspace file (an editor completes it by its schema: <1>tandem apply --schema</1>) and apply it: <2>tandem apply -f workspace.toml</2>. This page goes on by itself. To look around first, start <3>tandem serve --demo</3>, or the window with <4>--demo</4>: both offer two sample systems.",
  loaded_one:
    "Two sample systems are running on this machine, with {{count, number}} sync between them.",
  loaded_other:
    "Two sample systems are running on this machine, with {{count, number}} syncs between them.",
  whatSample:
    "A web shop and an ERP with customers and products, on this machine only. Nothing of yours is touched.",

  run: "Run the first sync",
  runNow: "Sync {{sync}} now",
  starting: "Starting…",
  doRun: "start the first sync",
  whatRun:
    "Both systems are read, records that belong together are paired, and what is missing on one side is created there.",

  look: "See what changed",
  whatLook:
    "The run's page shows every written record before and after, field by field. What needs your decision waits under Conflicts.",
  ownSystems:
    "To connect your own systems instead, describe them in a workspace file and apply it: <1>tandem apply -f workspace.toml</1>",

  tenantName: "Name of the tenant",
  tenantHint:
    "A tenant owns its own connections, syncs, history and conflicts. Nothing crosses to another.",
  createTenant: "Create the tenant",
  creating: "Creating…",
  doCreate: "create the tenant {{name}}",
} as const;
