import { writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { join } from "node:path";
import { kubeconfig } from "../control-plane";
import { findEquipment, findLiveTools } from "../equipment";
import type { Run } from "../run";
import { findingHere } from "../tools";
import { findVllm } from "../tools/vllm";
import type { Ready, ToInside } from "./messages";
import type { LiveOptions } from "./options";
import { namespaceFault, relayPort, runInside } from "./sandbox";

/** The API server's certificate names no address of this side. */
const API_NAME = "kubernetes.default.svc";
/** Longer than a stage takes to end in order. */
const ENDING_MS = 9000;

export interface LiveArgs extends Run {
  readonly stackName: string;
  readonly today: string;
  readonly options: LiveOptions;
}

/**
 * A live rehearsal: gets the tools, which takes a network, and plays it in namespaces without one.
 * @returns whether all that was to be shown was shown.
 */
export async function rehearseLive({ dir, say, signal, stackName, today, options }: LiveArgs): Promise<boolean> {
  const fault = await namespaceFault();
  if (fault !== undefined) throw new Error(fault);
  await findEquipment(say, signal);
  await findLiveTools(say, signal);
  if (options.engine === "vllm") await findVllm(findingHere(say, signal));

  const child = runInside(join(__dirname, "inside.ts"));
  const tell = (message: ToInside) => child.connected && child.send(message, () => undefined);
  const servers: Server[] = [];
  let late: NodeJS.Timeout | undefined;
  const onAbort = () => {
    tell({ type: "stop" });
    late = setTimeout(() => child.kill("SIGKILL"), ENDING_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  child.on("message", (message) => {
    if (!options.keep) return;
    invite(message as Ready).catch((error: Error) => {
      say(error.message);
      tell({ type: "stop" });
    });
  });
  tell({ type: "play", stackName, dir, today, options, began: Date.now() - Math.round(performance.now()) });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    signal.throwIfAborted();
    if (code !== 0 && code !== SHORTCOMING) throw new Error("the live stage ended with an error; it stands above");
    return code === 0;
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", onAbort);
    for (const server of servers) server.close();
  }

  /** Opens ports of this machine, and says what there is to be found. */
  async function invite({ gatewaySocket, apiSocket, keys, token, caData, models }: Ready): Promise<void> {
    const gateway = await relayPort(gatewaySocket, options.port);
    const api = await relayPort(apiSocket, 0);
    servers.push(gateway.server, api.server);
    const endpoint = `http://127.0.0.1:${gateway.port}/v1`;
    const file = join(dir, "kubeconfig");
    const access = { url: `https://127.0.0.1:${api.port}`, caData, token, serverName: API_NAME };
    writeFileSync(file, kubeconfig(access), { mode: 0o600 });
    const info = { endpoint, apiKey: keys.default, keys, models, kubeconfig: file };
    if (options.info !== undefined) writeFileSync(options.info, `${JSON.stringify(info, null, 2)}\n`);
    say(`endpoint    ${endpoint}`);
    say(`key         ${keys.default}`);
    say(`models      ${models.join(", ")}: they sleep, and a request wakes them`);
    say(`kubeconfig  ${file}`);
    say(
      `try         curl -N ${endpoint}/chat/completions -H 'Authorization: Bearer ${keys.default}' -H 'Content-Type: application/json' ` +
        `-d '{"model":"${models[0]}","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
    );
    say("Ctrl-C ends it");
  }
}

/** Exit code of a stage on which something was not as it must be. */
export const SHORTCOMING = 3;
