import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/button";
import { TextField } from "@/components/fields";
import { ErrorState } from "@/components/states";
import { commandMutation } from "@/ipc";
import { t } from "@/text";

interface Props {
  /** The name to begin with. */
  suggested: string;
  onCreated?: () => void;
}

/** Creates a tenant and goes to it. */
export function NewTenantForm({ suggested, onCreated }: Props) {
  const id = useId();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState(suggested);
  const create = useMutation({
    ...commandMutation("create_tenant"),
    onSuccess: async (tenant) => {
      await client.invalidateQueries({ queryKey: ["", "list_tenants"] });
      onCreated?.();
      await navigate({ to: "/t/$tenant/overview", params: { tenant: tenant.name } });
    },
  });
  const trimmed = name.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (trimmed !== "" && !create.isPending) create.mutate({ name: trimmed });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-4">
      <TextField
        id={id}
        label={t("setup.tenantName")}
        value={name}
        autoComplete="off"
        maxLength={128}
        onChange={(event) => setName(event.target.value)}
        hint={t("setup.tenantHint")}
      />
      {create.error ? (
        <ErrorState doing={t("setup.doCreate", { name: trimmed })} error={create.error} />
      ) : null}
      <div>
        <Button look="primary" type="submit" aria-disabled={trimmed === "" || create.isPending}>
          {t(create.isPending ? "setup.creating" : "setup.createTenant")}
        </Button>
      </div>
    </form>
  );
}

/** The very first screen of a store without any tenant. */
export function FirstTenant() {
  return (
    <main className="mx-auto mt-[12vh] max-w-[36rem]">
      <h1 className="px-4 text-title font-semibold">{t("setup.welcome")}</h1>
      <p className="px-4 text-muted">{t("setup.lead")}</p>
      <NewTenantForm suggested="main" />
    </main>
  );
}
