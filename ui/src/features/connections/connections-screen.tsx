import { useQuery } from "@tanstack/react-query";
import { Loaded } from "@/components/loaded";
import { Page, Scroll } from "@/components/page";
import { Empty } from "@/components/states";
import { commandQuery, useTenant } from "@/ipc";
import { Trans, t } from "@/text";
import { Connection } from "./connection";

/** Can we reach each system? */
export function ConnectionsScreen() {
  const tenant = useTenant();
  const connections = useQuery(commandQuery("list_connections", { tenant }));
  return (
    <Page title={t("connections.title")} lead={t("connections.question")}>
      <Scroll label={t("connections.title")}>
        <Loaded query={connections} what={t("connections.theConnections")}>
          {(items) =>
            items.length === 0 ? (
              <Empty kind="none yet" title={t("connections.none")}>
                <Trans
                  i18nKey="connections.noneWhy"
                  components={{ 1: <code className="font-mono text-mono" /> }}
                />
              </Empty>
            ) : (
              <ul className="grid items-start gap-3 lg:grid-cols-2">
                {items.map((connection) => (
                  <Connection key={connection.name} connection={connection} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Scroll>
    </Page>
  );
}
