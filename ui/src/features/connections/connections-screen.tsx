import { useQuery } from "@tanstack/react-query";
import { Loaded } from "@/components/loaded";
import { Page, Scroll } from "@/components/page";
import { Empty } from "@/components/states";
import { commandQuery, useTenant } from "@/ipc";
import { Connection } from "./connection";

/** Can we reach each system? */
export function ConnectionsScreen() {
  const tenant = useTenant();
  const connections = useQuery(commandQuery("list_connections", { tenant }));
  return (
    <Page title="Connections" lead="Can we reach each system?">
      <Scroll label="Connections">
        <Loaded query={connections} what="the connections">
          {(items) =>
            items.length === 0 ? (
              <Empty kind="none yet" title="No connection yet">
                A connection is one external system and how to reach it. Add connections with a
                workspace file:{" "}
                <code className="font-mono text-mono">tandem apply -f workspace.toml</code>
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
