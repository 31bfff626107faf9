import { isRecord } from "./record";

export type Json = Readonly<Record<string, unknown>>;

/** Where models that also see or hear keep the text part's settings. */
const NESTED = ["text_config", "llm_config", "language_config", "thinker_config"];

/** Reads one `config.json` and remembers what it did not find, so that all of it can be told at once. */
export class ConfigReader {
  readonly missing: string[] = [];
  /** The text part's settings; the whole file's where a model is text only. */
  readonly text: Json;
  /** The key that the text part was found under. */
  readonly nestedIn?: string;
  /** The text part's `model_type`. */
  readonly family: string;

  constructor(
    readonly whole: Json,
    private readonly defaults: (family: string) => Json,
  ) {
    let text = whole;
    for (let key = nestedKey(text); key !== undefined; key = nestedKey(text)) {
      text = text[key] as Json;
      this.nestedIn = key;
    }
    this.text = text;
    this.family = String(text.model_type ?? whole.model_type ?? "");
  }

  /** The first of `keys` that is set: in the text part, in the whole file, or by the family's default. */
  raw(...keys: string[]): unknown {
    const known = this.defaults(this.family);
    for (const source of [this.text, this.whole, known])
      for (const key of keys) if (source[key] !== undefined && source[key] !== null) return source[key];
    return undefined;
  }

  /** A number, or undefined. Lists, which some models write with one entry a layer, give their first entry. */
  number(...keys: string[]): number | undefined {
    const value = this.raw(...keys);
    const first = Array.isArray(value) ? value[0] : value;
    return typeof first === "number" && Number.isFinite(first) && first >= 0 ? first : undefined;
  }

  /** A number above 0; 1 and a remark in `missing` where there is none, so that reading goes on to the next fault. */
  need(...keys: string[]): number {
    const value = this.number(...keys);
    if (value !== undefined && value > 0) return value;
    this.missing.push(keys.join(" or "));
    return 1;
  }

  list(...keys: string[]): readonly unknown[] | undefined {
    const value = this.raw(...keys);
    return Array.isArray(value) ? value : undefined;
  }
}

function nestedKey(settings: Json): string | undefined {
  return NESTED.find((key) => isRecord(settings[key]));
}
