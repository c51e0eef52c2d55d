/** The status page's entry. */
import { render } from "preact";
import { App } from "./app.tsx";
import { applyTheme } from "../parts/apply-theme.tsx";
import { storedTheme } from "./theme.tsx";

applyTheme(storedTheme());
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
