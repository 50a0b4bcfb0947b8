import { alerts } from "./alerts";
import { app } from "./app";
import { audit } from "./audit";
import { components } from "./components";
import { conflicts } from "./conflicts";
import { connections } from "./connections";
import { errors } from "./errors";
import { history } from "./history";
import { leaving } from "./leaving";
import { overview } from "./overview";
import { settings } from "./settings";
import { setup } from "./setup";
import { syncs } from "./syncs";

/** Every text of the panel, by the room that says it. */
export const en = {
  alerts,
  app,
  audit,
  components,
  conflicts,
  connections,
  errors,
  history,
  leaving,
  overview,
  settings,
  setup,
  syncs,
} as const;
