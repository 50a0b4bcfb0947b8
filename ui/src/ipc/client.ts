import type { Commands } from "./generated/commands";
import type { EventHandlers, Transport } from "./transport";

export type Command = keyof Commands;
export type Args<C extends Command> = Commands[C]["args"];
export type Result<C extends Command> = Commands[C]["reply"];

let transport: Transport | undefined;

/** Chooses how the backend is reached. The app does it once, before the first render. */
export function connectWith(chosen: Transport): void {
  transport = chosen;
}

/** The one way from the panel to the backend. Rejects with a `CommandError`. */
export async function call<C extends Command>(command: C, args: Args<C>): Promise<Result<C>> {
  return (await connected().call(command, args)) as Result<C>;
}

export function listen(handlers: EventHandlers): () => void {
  return connected().listen(handlers);
}

export function connected(): Transport {
  if (!transport) throw new Error("No transport: call connectWith() before the first command.");
  return transport;
}
