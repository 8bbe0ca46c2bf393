import babel from "@rolldown/plugin-babel";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { tokens } from "../shared/tokens.ts";

export default defineConfig({
  // Relay's plugin puts what relay-compiler has made in the place of each graphql`…`.
  plugins: [react(), babel({ plugins: [["relay", { eagerEsModules: true }]] }), tokens()],
  // ../shared is the part that the three examples have in common. It has no packages of its own.
  server: { port: 5173, fs: { allow: [".."] } },
  resolve: { dedupe: ["react"] },
  build: { target: "es2024" },
});
