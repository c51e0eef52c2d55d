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

type PlaceName = keyof StoreOptions;

const placeNames = ["store", "queue", "catalog", "web", "work"] as const satisfies readonly PlaceName[];
/** With which `results` and `status` find what a run made. */
export const whereNames = ["store", "work"] as const satisfies readonly PlaceName[];

/**
 * The flags that say where things lie, those of `names` that are given: of a command's options, those that it was called with, of
 * settings all. With all of them another process of ours works on the same stores.
 */
export function flagsOf(places: StoreOptions, names: readonly PlaceName[] = placeNames): string[] {
  return names.flatMap((name) => {
    const place = places[name];
    return place === undefined ? [] : [`--${name}`, place];
  });
}
