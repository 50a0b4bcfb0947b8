import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { AnnounceProvider } from "@/components/announce";
import { followTheme, load, PreferencesProvider } from "@/components/preferences";
import { UndoProvider } from "@/components/undo";
import { connect } from "@/ipc";
import { LeaveDialog } from "./leave-dialog";
import { LiveProvider } from "./live";
import { makeRouter } from "./router";
import "./styles.css";

// Before the first paint, so that nobody in a dark room sees a white flash.
followTheme(load());
connect();

// Events say when something changed, so nothing is polled. A refusal of the backend is an answer:
// it is shown at once, with its remedy, instead of being asked for again.
const client = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 60_000, retry: false, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
});
const router = makeRouter(client);

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={client}>
        <PreferencesProvider>
          <AnnounceProvider>
            <UndoProvider>
              <LiveProvider>
                <RouterProvider router={router} />
                <LeaveDialog />
              </LiveProvider>
            </UndoProvider>
          </AnnounceProvider>
        </PreferencesProvider>
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
);
