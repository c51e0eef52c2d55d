/** Record formats and the splitter, for those who read blocks. */
import { recordFormat } from "./format.ts";
import { RecordSplitter, type SplitterOptions } from "./splitter.ts";

export { recordFormat, recordFormatNames, type RecordFormat } from "./format.ts";
export {
  recordBytesMax,
  type RejectedLine,
  type SplitterOptions,
  type RecordSplitter as Splitter,
} from "./splitter.ts";

/** A splitter for blocks of the format `name`, one per block. Throws `invalid-config` when there is no such format. */
export function createSplitter(name: string, options: Omit<SplitterOptions, "format">): RecordSplitter {
  return new RecordSplitter({ ...options, format: recordFormat(name) });
}
