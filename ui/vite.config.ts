import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The panel is served by two hosts: the window's asset protocol and `tandem serve`. Both send a
// content security policy without 'unsafe-inline', so nothing may be inlined into the page:
// no data: URLs for assets, no inline module preloader.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: ["safari17", "chrome120"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // Loaded from this machine, once: one file is simpler than many.
    chunkSizeWarningLimit: 1000,
  },
  server: { port: 1420, strictPort: true, host: "127.0.0.1" },
  clearScreen: false,
});
