import { isProps, text } from "../doubles/aws/table";
import { inAws, type World } from "./world";

interface Pending {
  readonly type: string;
  readonly resource: { readonly type: string; readonly inputs?: Record<string, unknown> };
}

/**
 * Deletes by hand what the state lists as begun, where it was done: the engine has no id to ask for it by.
 * @returns whether there was any.
 */
export async function orphan(world: World): Promise<boolean> {
  const { deployment } = await world.stack.exportStack();
  const pending: Pending[] = deployment?.pending_operations ?? [];
  const begun = pending.filter(({ type }) => type === "creating");
  for (const { resource } of begun) {
    const inputs = JSON.parse(JSON.stringify(resource.inputs ?? {}));
    if (resource.type === "aws:eks/cluster:Cluster") await inAws(world, "eks", "DeleteCluster", { name: inputs.name });
    else if (isProps(inputs) && text(inputs, "kind") !== "") await world.stage.kubernetes.deleteByHand(inputs);
    else throw new Error(`no way to delete a ${resource.type} by hand is written down: add it to orphans.ts`);
  }
  return begun.length > 0;
}
