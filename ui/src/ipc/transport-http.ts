import type { WireEvent } from "./generated/types";
import { SseParser } from "./sse";
import { CommandError, isWireError, type Transport } from "./transport";

const TOKEN_KEY = "tandem.token";
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8_000;

/**
 * Takes the bearer token out of the address (`#token=…`), once, and removes it from there, so that
 * it is neither bookmarked nor shared. It lives as long as the tab.
 */
export function adoptToken(location: Location, history: History, storage: Storage): string | null {
  const match = /^#token=([^&]+)(?:&(.*))?$/.exec(location.hash);
  if (match?.[1]) {
    storage.setItem(TOKEN_KEY, decodeURIComponent(match[1]));
    const route = match[2] ? `#${match[2]}` : "";
    history.replaceState(null, "", `${location.pathname}${location.search}${route}`);
  }
  return storage.getItem(TOKEN_KEY);
}

/** `tandem serve`: commands as `POST /api/{command}`, events from one streamed `GET /api/events`. */
export function httpTransport(token: string | null, fetcher: typeof fetch = fetch): Transport {
  const authorization: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};

  return {
    async call(command, args) {
      let response: Response;
      try {
        response = await fetcher(`/api/${command}`, {
          method: "POST",
          headers: { ...authorization, "Content-Type": "application/json" },
          body: JSON.stringify(args),
          credentials: "omit",
          cache: "no-store",
        });
      } catch (thrown) {
        throw unreachable(thrown);
      }
      const body: unknown = await response.json().catch(() => null);
      if (response.ok) return body;
      if (isWireError(body)) throw new CommandError(body);
      throw refused(response.status);
    },

    listen({ onEvent, onLive }) {
      const abort = new AbortController();
      void follow(abort.signal);
      return () => abort.abort();

      // EventSource cannot send a bearer header, so the stream is read by hand. It re-opens with a
      // growing pause; whoever listens refetches on the way back up, so a gap loses nothing.
      async function follow(signal: AbortSignal) {
        let pause = RETRY_FIRST_MS;
        while (!signal.aborted) {
          try {
            const response = await fetcher("/api/events", {
              headers: { ...authorization, Accept: "text/event-stream" },
              credentials: "omit",
              cache: "no-store",
              signal,
            });
            if (!response.ok || !response.body) throw refused(response.status);
            onLive(true);
            pause = RETRY_FIRST_MS;
            await drain(response.body);
          } catch {
            // The reason does not matter here: the next command will show it.
          }
          if (signal.aborted) return;
          onLive(false);
          await sleep(pause, signal);
          pause = Math.min(pause * 2, RETRY_MAX_MS);
        }
      }

      async function drain(stream: ReadableStream<Uint8Array>) {
        const parser = new SseParser();
        const decoder = new TextDecoder();
        const reader = stream.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          for (const message of parser.push(decoder.decode(value, { stream: true }))) {
            onEvent(JSON.parse(message) as WireEvent);
          }
        }
      }
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function unreachable(thrown: unknown): CommandError {
  return new CommandError({
    code: "unreachable",
    message: "The panel cannot reach Tandem.",
    cause: thrown instanceof Error ? thrown.message : String(thrown),
    fix: "Check that `tandem serve` is still running, then retry.",
  });
}

function refused(status: number): CommandError {
  if (status === 401 || status === 403) {
    return new CommandError({
      code: "unauthorized",
      message: "This browser tab is not signed in.",
      cause: "The address was opened without its one-time token, or Tandem was restarted since.",
      fix: "Open the address that `tandem serve` printed most recently.",
    });
  }
  return new CommandError({
    code: "bad_answer",
    message: `Tandem answered with HTTP status ${status} and no explanation.`,
    cause: null,
    fix: "Retry. If it keeps failing, copy the diagnostics and report them.",
  });
}
