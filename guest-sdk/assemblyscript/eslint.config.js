import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const node = { Buffer: "readonly", URL: "readonly", WebAssembly: "readonly", process: "readonly" };

export default defineConfig(
  { ignores: ["**/node_modules/", "**/build/"] },
  { files: ["**/*.js"], extends: [js.configs.recommended], languageOptions: { globals: node } },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommended],
    rules: {
      "no-loss-of-precision": "off", // integers have 64 bits
      "@typescript-eslint/no-this-alias": "off", // nothing captures this
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/no-wrapper-object-types": "off", // Object is the class of all objects
      "@typescript-eslint/triple-slash-reference": "off", // decorators are declared for editors alone
    },
  },
);
