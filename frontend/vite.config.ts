import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = process.env.MEDIAPORT_URL ?? "http://127.0.0.1:8000";
const paths = [
  "/auth",
  "/docs",
  "/health",
  "/media",
  "/openapi.json",
  "/posts",
  "/storage",
  "/users",
];

export default defineConfig({
  plugins: [react()],
  build: {
    // Where the API finds it, in a checkout as in a wheel.
    outDir: "../src/entrypoints/http/page",
    emptyOutDir: true,
    // A file of its own is kept by browsers when the script around it changes.
    assetsInlineLimit: 0,
    // Of what is bundled: it goes into the wheel and the image beside the page.
    license: { fileName: "licences.md" },
    modulePreload: { polyfill: false },
  },
  server: { proxy: Object.fromEntries(paths.map((path) => [path, api])) },
  test: { environment: "jsdom", include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
});
