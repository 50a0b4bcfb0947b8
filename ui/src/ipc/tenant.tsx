import { createContext, type ReactNode, useContext } from "react";

const Context = createContext<string | null>(null);

/** The tenant enters once, here; every command below is made in its name. */
export function TenantProvider({ tenant, children }: { tenant: string; children: ReactNode }) {
  return <Context value={tenant}>{children}</Context>;
}

export function useTenant(): string {
  const tenant = useContext(Context);
  if (tenant === null) throw new Error("useTenant() outside of a TenantProvider");
  return tenant;
}
