import { isProps, text } from "../doubles/aws/table";
import { inAws, type World } from "./world";

interface Pending {
  readonly type: string;
  readonly resource: { readonly type: string; readonly inputs?: Record<string, unknown> };
}

/** Deletes by hand what the state lists as begun, where it was done: the engine has no id to ask for it by. */
export async function orphan(world: World): Promise<void> {
  const { deployment } = await world.stack.exportStack();
  const pending: Pending[] = deployment?.pending_operations ?? [];
  for (const { type, resource } of pending) {
    if (type !== "creating") continue;
    const inputs = JSON.parse(JSON.stringify(resource.inputs ?? {}));
    if (resource.type === "aws:eks/cluster:Cluster") await inAws(world, "eks", "DeleteCluster", { name: inputs.name });
    else if (isProps(inputs) && text(inputs, "kind") !== "") await world.stage.kubernetes.deleteByHand(inputs);
    else throw new Error(`no way to delete a ${resource.type} by hand is written down: add it to orphans.ts`);
  }
}
