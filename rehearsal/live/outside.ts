import { rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { listenLocally } from "../../scripts/listen";
import { kubeconfig } from "../control-plane";
import { findEquipment, findLiveTools } from "../equipment";
import { type Run, started } from "../run";
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
  // Told now, not after a minute.
  if (options.port !== 0) await demandFree(options.port);
  const fault = await namespaceFault();
  if (fault !== undefined) throw new Error(fault);
  await findEquipment(say, signal);
  await findLiveTools(say, signal);
  if (options.engine === "vllm") await findVllm(findingHere(say, signal));

  const child = runInside(join(__dirname, "inside.ts"));
  // Whatever ends this process at once, a second Ctrl-C for one, ends everything in there with it.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const tell = (message: ToInside) => child.connected && child.send(message, () => undefined);
  const servers: Server[] = [];
  let late: NodeJS.Timeout | undefined;
  let uninvited: Error | undefined;
  let written = false;
  const onAbort = () => {
    say("ending …");
    tell({ type: "stop" });
    late = setTimeout(() => child.kill("SIGKILL"), ENDING_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  child.on("message", (message) => {
    if (!options.keep) return;
    invite(message as Ready).catch((error: Error) => {
      uninvited = error;
      tell({ type: "stop" });
    });
  });
  tell({ type: "play", stackName, dir, today, options, began: started });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    signal.throwIfAborted();
    if (uninvited !== undefined) throw uninvited;
    if (code !== 0 && code !== SHORTCOMING) throw new Error("the live stage ended with an error; it stands above");
    return code === 0;
  } finally {
    clearTimeout(late);
    process.off("exit", kill);
    // It leads to a stage that is no more.
    if (written && options.info !== undefined) rmSync(options.info, { force: true });
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
    if (options.info !== undefined) {
      // Anew, so that its keys are for nobody else to read, whatever was there.
      rmSync(options.info, { force: true });
      writeFileSync(options.info, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
      written = true;
    }
    say(`endpoint    ${endpoint}`);
    say(`key         ${keys.default}`);
    say(`models      ${models.join(", ")}: they sleep, and a request wakes them`);
    say(`kubeconfig  ${file}`);
    say(
      `try         curl -N ${endpoint}/chat/completions -H 'Authorization: Bearer ${keys.default}' -H 'Content-Type: application/json' ` +
        `-d '{"model":"${models[0]}","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
    );
    say(`logs        ${join(dir, "pods")}/*/logs; no kubelet answers kubectl logs, exec and port-forward`);
    say("Ctrl-C ends it");
  }
}

async function demandFree(port: number): Promise<void> {
  const server = createServer();
  await listenLocally(server, port);
  await new Promise((done) => server.close(done));
}

/** Exit code of a stage on which something was not as it must be. */
export const SHORTCOMING = 3;
