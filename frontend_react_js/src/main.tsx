import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { loadConfig } from "./auth/config.ts";
import { configure, current, restore, subscribe } from "./auth/session.ts";
import { isPrivate, newQueryClient } from "./api/queries.ts";
import { Mishap } from "./parts/Mishap.tsx";
import { App } from "./routes.tsx";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/parts.css";
import "./styles/feed.css";
import "./styles/messages.css";
import "./styles/groups.css";
import "./styles/thread.css";

const root = createRoot(document.getElementById("root") as HTMLElement);

async function start(): Promise<void> {
  configure(await loadConfig());
  await restore();
  const client = newQueryClient();
  // What one person has read must not be there for the next.
  subscribe(() => current() !== "in" && client.removeQueries({ predicate: isPrivate }));
  root.render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <Mishap>
          <App />
        </Mishap>
      </QueryClientProvider>
    </StrictMode>,
  );
}

start().catch(() => {
  root.render(
    <main className="alone" role="alert">
      <h1>Cruddur cannot be reached</h1>
      <p>Check the connection, and load the page again.</p>
    </main>,
  );
});
