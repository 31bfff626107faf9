import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { images } from "../../../components/versions";
import { apiListener } from "./api";
import { Drain } from "./drain";
import { Engine, REAL_CLOCK } from "./engine";
import { type EngineOptions, OptionError, readArguments, readSurroundings } from "./options";
import { paceOf } from "./pace";
import { requestLog } from "./request-log";

/*
 * A stand-in for `vllm serve` on a machine without GPUs: the same command line, API and metrics, and the speed that the
 * planner predicts for the GPU. PILOTLIGHT_ENGINE says what a pod's arguments do not.
 */

/** Milliseconds between the last answer and the end of the process, if no answer hangs. vLLM takes about 10 s to take its workers down. */
const TEARDOWN_MS = 1000;

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

function readOptions(): EngineOptions {
  try {
    return { ...readArguments(process.argv.slice(2)), ...readSurroundings(process.env) };
  } catch (error) {
    if (error instanceof OptionError) fail(error.message, 2);
    throw error;
  }
}

function serve(options: EngineOptions): void {
  const { host, port, weights, servedNames } = options;
  const pace = paceOf(options);
  const drain = new Drain();
  const listener = apiListener({
    engine: new Engine(pace, REAL_CLOCK),
    drain,
    log: requestLog(options.requestLog),
    model: servedNames[0],
    served: { names: servedNames, maxModelLen: pace.maxModelLen },
    root: weights,
    version: images.vllm.tag.replace(/^v/, ""),
    pace,
  });
  const server = createServer(listener);
  server.once("error", (error) => fail(`cannot listen on ${host}:${port}: ${error.message}`, 1));
  server.listen(port, host, () => {
    const end = async () => {
      console.log(`asked to end: ${options.shutdownTimeoutSeconds} s for what runs`);
      await drain.drain(options.shutdownTimeoutSeconds);
      await sleep(TEARDOWN_MS);
      server.close();
      await drain.emptied();
      process.exit(0);
    };
    process.once("SIGTERM", end);
    process.once("SIGINT", end);
    console.log(`${servedNames[0]} on ${host}:${port}, simulated: ${options.model} on ${options.gpu}`);
  });
}

const options = readOptions();
// Counted from the start of the process, of which importing this is a part.
setTimeout(() => serve(options), Math.max(0, options.loadMs - performance.now()));
