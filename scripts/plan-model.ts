import { readFileSync } from "node:fs";
import { shapeOfConfig } from "../planner/model-config";
import type { ModelShape } from "../planner/model-shape";
import { findModel, MODELS } from "../planner/models";
import { didYouMean } from "../planner/near-name";

/** The hub answers in a second or does not answer at all. */
const TIMEOUT_MS = 4000;
const HUB = "https://huggingface.co";

export interface Lookup {
  /** A config.json on this machine; goes before everything else. */
  readonly config?: string;
  /** @default "main" */
  readonly revision?: string;
  /** What the hub's answer comes from; a test's own in tests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly token?: string;
  /** What to write on the command line to give a file, for the messages. @default "--config FILE" */
  readonly flag?: string;
}

function readConfig(name: string, file: string): ModelShape {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`--config ${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  return shapeOfText(name, text, file);
}

function shapeOfText(name: string, text: string, from: string): ModelShape {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new Error(`${from} is no JSON; it must be the config.json of a Hugging Face model`);
  }
  return shapeOfConfig(name, config);
}

/** What the hub's refusal means for the user. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: "there is no such model, or it is gated and HF_TOKEN is not set",
  403: "it is gated, and HF_TOKEN may not read it",
  404: "the repository has no config.json",
};

async function fromHub(name: string, lookup: Lookup): Promise<ModelShape> {
  const { revision = "main", fetch = globalThis.fetch, token = process.env.HF_TOKEN } = lookup;
  const url = `${HUB}/${name}/resolve/${revision}/config.json`;
  const instead = `download its config.json and pass ${lookup.flag ?? "--config FILE"}`;
  let response: Response;
  try {
    response = await fetch(url, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: token ? { authorization: `Bearer ${token}` } : {},
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    const near = didYouMean(name, Object.keys(MODELS));
    throw new Error(`${name} is in no table, and ${HUB} does not answer (${cause}); ${instead}${near}`);
  }
  if (!response.ok) {
    const near = didYouMean(name, Object.keys(MODELS));
    const why = REFUSALS[response.status] ?? "try again later";
    throw new Error(
      `${name} is in no table, and ${url} answers ${response.status}: ${why}; check the name, or ${instead}${near}`,
    );
  }
  return shapeOfText(name, await response.text(), url);
}

/**
 * The shape of a model: by its config.json, from the table, or from the hub.
 * @throws Error that says where it was looked for and what to do.
 */
export async function findShape(name: string, lookup: Lookup = {}): Promise<ModelShape> {
  if (lookup.config !== undefined) return readConfig(name, lookup.config);
  const listed = findModel(name);
  if (listed) return listed;
  if (!/^[\w.-]+\/[\w.-]+$/.test(name))
    throw new Error(
      `${name} is no Hugging Face id; write it as OWNER/NAME, for example Qwen/Qwen3-32B${didYouMean(name, Object.keys(MODELS))}`,
    );
  return fromHub(name, lookup);
}
