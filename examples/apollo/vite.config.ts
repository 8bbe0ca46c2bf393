import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { tokens } from "../shared/tokens.ts";

export default defineConfig({
  plugins: [react(), tokens()],
  // ../shared is the part that the three examples have in common. It has no packages of its own.
  server: { port: 5173, fs: { allow: [".."] } },
  resolve: { dedupe: ["react"] },
  build: { target: "es2024" },
});
