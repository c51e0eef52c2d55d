/** The themes of the pages: what somebody chose, or as the system says. */
export const themes = ["auto", "light", "dark"] as const;
export type Theme = (typeof themes)[number];
