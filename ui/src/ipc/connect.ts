import { connectWith } from "./client";
import { adoptToken, httpTransport } from "./transport-http";
import { tauriTransport } from "./transport-tauri";

/** Finds out where the panel runs, and connects it: inside the window, or served over HTTP. */
export function connect(): void {
  if ("__TAURI_INTERNALS__" in window) connectWith(tauriTransport);
  else connectWith(httpTransport(adoptToken(window.location, window.history, sessionStorage)));
}
