import i18next, { type TOptions } from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";

// One catalogue of every word the panel says. A translation is a second folder beside `en` with the
// same keys; the compiler tells which of them are missing.
declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
    returnNull: false;
  }
}

void i18next.use(initReactI18next).init({
  lng: "en",
  resources: { en: { translation: en } },
  // React escapes; a value of a record must be shown as it is.
  interpolation: { escapeValue: false },
  initAsync: false,
});

/**
 * A text of the catalogue. `{{name}}` in it stands for a value, `{{count, number}}` for a number as
 * the reader writes it; `count` chooses between `…_one` and `…_other`.
 */
export const t = i18next.t;
/** A sentence with elements in it: `<1>…</1>` in the text is the component of that name. */
export { Trans } from "react-i18next";
export type { TOptions };

/** How the reader writes dates and numbers: as the machine is set, which is not the text's language. */
export function locale(): string {
  const set = typeof navigator === "undefined" ? undefined : navigator.language;
  return set || "en-GB";
}
