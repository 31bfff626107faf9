import { type Props, props, text } from "../aws/table";
import { ApiError } from "./api";
import { nameOf, type Objects } from "./objects";

/** Helm owns what it applies. */
const DRY_RUN = { manager: "helm", force: true, dryRun: true } as const;

/**
 * Has the API server judge rendered objects without keeping them: helm itself passes on fields that no kind has.
 * @throws with every fault at once.
 */
export async function demandStrict(objects: Objects, rendered: readonly Props[], namespace: string): Promise<void> {
  const judged = await Promise.all(rendered.map((object) => fault(objects, object, namespace)));
  const faults = judged.filter((one) => one !== undefined);
  if (faults.length > 0) throw new Error(`the API server refuses what the chart renders:\n  ${faults.join("\n  ")}`);
}

async function fault(objects: Objects, object: Props, namespace: string): Promise<string | undefined> {
  const metadata = props(object.metadata);
  const placed = { ...object, metadata: { ...metadata, namespace: metadata.namespace ?? namespace } };
  try {
    const { namespaced } = await objects.kindOf(object, 0);
    await objects.apply(namespaced ? placed : object, DRY_RUN);
    return undefined;
  } catch (error) {
    const reason = error instanceof ApiError ? `${error.reason}: ${error.message}` : (error as Error).message;
    return `${text(object, "kind")} ${nameOf(placed)}: ${reason}`;
  }
}

/** Names by kind, as the official provider's `resourceNames` has them: `Deployment.apps/apps/v1` → names. */
export function resourceNames(rendered: readonly Props[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const object of rendered) {
    const apiVersion = text(object, "apiVersion");
    const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
    const key = `${text(object, "kind")}${group}/${apiVersion}`;
    names[key] = [...(names[key] ?? []), nameOf(object)].sort();
  }
  return names;
}
