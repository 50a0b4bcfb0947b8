export { type Args, type Command, call, connectWith, type Result } from "./client";
export { connect } from "./connect";
export { followEvents } from "./events";
export type * from "./generated/types";
export { asksBeforeLeaving, followLeaving } from "./leave";
export { commandKey, commandMutation, commandQuery, invalidate, pagedQuery } from "./query";
export { TenantProvider, useTenant } from "./tenant";
export { asCommandError, CommandError, type EventHandlers, type Transport } from "./transport";
