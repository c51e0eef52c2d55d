/** The settings of one command: its flags first, then what `readSettings` finds. */
import { readSettings, type CommandLineSettings, type Settings } from "../../shared/config/settings.ts";
import type { Io } from "../io.ts";

/** Flags that every command that touches the work store takes. */
export interface StoreOptions {
  readonly store?: string;
  readonly queue?: string;
  readonly catalog?: string;
  readonly web?: string;
  readonly work?: string;
}

/** Flags of some commands only. */
interface OtherSettings {
  readonly slots?: string | number;
  readonly metricsPort?: string;
}

export function settingsOf(options: StoreOptions & OtherSettings, io: Io): Settings {
  const { store, queue, catalog, web, work, slots, metricsPort } = options;
  const given: CommandLineSettings = { store, queue, catalog, web, work, slots, metricsPort };
  return readSettings(given, io.environment);
}

/** Of the flags that a command was given, those with which `results` finds what it made. */
export function whereFlags({ store, work }: StoreOptions): string[] {
  return [...(store === undefined ? [] : ["--store", store]), ...(work === undefined ? [] : ["--work", work])];
}

/** Of the flags that a command was given, those with which a daemon works on the same stores. */
export function daemonFlags({ store, queue, catalog, web, work }: StoreOptions): string[] {
  const given = { store, queue, catalog, web, work };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}

/** The flags that make another process of ours find the same stores. */
export function storeFlags(settings: Settings): string[] {
  const { store, queue, catalog, web, work } = settings;
  return ["--store", store, "--queue", queue, "--catalog", catalog, "--web", web, "--work", work];
}
