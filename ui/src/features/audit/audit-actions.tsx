import { useMutation } from "@tanstack/react-query";
import { Download, ShieldCheck } from "lucide-react";
import { Button } from "@/components/button";
import { commandMutation, useTenant } from "@/ipc";
import { Trans, t } from "@/text";
import { type AuditSearch, asked } from "./search";
import { faultText, wholeText } from "./verdict";

/** Writes what the filters show to a file, and checks the whole log. Both say what came of it. */
export function AuditActions({ search }: { search: AuditSearch }) {
  const tenant = useTenant();
  const verify = useMutation(commandMutation("verify_audit"));
  const write = useMutation(commandMutation("export_audit"));
  return (
    <>
      <div role="status" className="max-w-2xl text-muted wrap-anywhere">
        {verify.error ? <p>{t("audit.checkFailed", { why: verify.error.message })}</p> : null}
        {verify.data?.intact ? <p>{wholeText(verify.data)}</p> : null}
        {verify.data && !verify.data.intact ? (
          <p className="font-semibold text-failed">{faultText(verify.data)}</p>
        ) : null}
        {write.error ? <p>{t("audit.exportFailed", { why: write.error.message })}</p> : null}
        {write.data ? (
          <p>
            <Trans
              i18nKey="audit.exported"
              count={write.data.rows}
              values={{ file: write.data.file }}
              components={{ 1: <code className="font-mono text-mono text-text" /> }}
            />
          </p>
        ) : null}
      </div>
      <Button
        aria-disabled={write.isPending}
        onClick={() => (write.isPending ? undefined : write.mutate({ tenant, ...asked(search) }))}
        icon={<Download aria-hidden="true" className="size-4" />}
      >
        {t(write.isPending ? "audit.exporting" : "audit.export")}
      </Button>
      <Button
        aria-disabled={verify.isPending}
        onClick={() => (verify.isPending ? undefined : verify.mutate({ tenant }))}
        icon={<ShieldCheck aria-hidden="true" className="size-4" />}
      >
        {t(verify.isPending ? "audit.checking" : "audit.check")}
      </Button>
    </>
  );
}
