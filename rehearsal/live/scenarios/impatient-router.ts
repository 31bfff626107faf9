import type { V1ConfigMap } from "../kubernetes-types";
import type { Session } from "../session";

const NAMESPACE = "/namespaces/inference";

/** What of a router's own configuration is changed for a while: a real hold lasts for many minutes. */
export interface Impatience {
  readonly ttlSeconds: number;
  /** Bodies of all held requests. */
  readonly maxBytes?: string;
}

/** Runs `work` with a router that gives up sooner, and puts the chart's router back afterwards. */
export async function impatientRouter(
  session: Session,
  model: string,
  { ttlSeconds, maxBytes }: Impatience,
  work: () => Promise<void>,
): Promise<void> {
  const { cluster } = session.stage;
  const path = `/api/v1${NAMESPACE}/configmaps/${model}-router`;
  const shipped = (await cluster.get<V1ConfigMap>(path))?.data?.["epp.yaml"] ?? "";
  let changed = shipped;
  change("defaultRequestTTL", `${ttlSeconds}s`, "a whole hold would take minutes");
  if (maxBytes !== undefined)
    change("maxBytes", maxBytes, "the shipped limit takes a quarter of a gigabyte of requests to fill");
  await put(changed);
  try {
    await work();
  } finally {
    await put(shipped);
  }

  function change(key: string, here: string, why: string): void {
    const pattern = new RegExp(`${key}: (\\S+)`);
    const ships = pattern.exec(changed)?.[1];
    if (ships === undefined) throw new Error(`the router's configuration has no ${key}`);
    changed = changed.replace(pattern, `${key}: ${here}`);
    session.differs({ what: `${key} of ${model} in part "${session.current}"`, ships, here, why });
  }

  /** A new configuration needs a new router; nothing is held now, so the old one need not be waited for. */
  async function put(config: string): Promise<void> {
    await cluster.patch(path, { data: { "epp.yaml": config } });
    const old = session.routers(model);
    for (const { spec } of old)
      await cluster.remove(`/api/v1${NAMESPACE}/pods/${spec.metadata?.name}`, {
        kind: "DeleteOptions",
        apiVersion: "v1",
        gracePeriodSeconds: 0,
      });
    await session.eventually("a new router", () => {
      const now = session.routers(model);
      return (
        now.length === 1 &&
        now.every((one) => !old.includes(one) && ["envoy", "epp"].every((name) => one.container(name)?.isReady))
      );
    });
    // Its Service follows a moment later.
    await session.wait(2000);
  }
}
