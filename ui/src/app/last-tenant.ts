const KEY = "tandem.tenant";

/** The tenant looked at last, so that the panel opens where it was left. */
export function lastTenant(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function rememberTenant(tenant: string): void {
  try {
    localStorage.setItem(KEY, tenant);
  } catch {
    // Without storage the panel opens on the first tenant.
  }
}
