import { exportState } from "../../scripts/destroy-workspace";
import { clientsOf } from "../../scripts/sweep-account";
import { deleteCommand } from "../../scripts/sweep-command";
import type { World } from "./world";

/** What a killed controller left goes at once here; a rehearsal that waits longer has found a fault. */
const PATIENCE = { kindMs: 20_000, everyMs: 200 };

/** `npm run sweep -- --delete --yes` of the rehearsed stack. */
export async function sweep({ stage, stack, region, name }: World): Promise<void> {
  const credentials = async () => ({ accessKeyId: "rehearsal", secretAccessKey: "rehearsal" });
  const clients = clientsOf({ aws: { region, credentials, endpoint: stage.aws.url } });
  const { deployment } = await exportState(stack);
  const search = { clients, region, stack: name };
  await deleteCommand({ search, deployment, say: () => {}, patience: PATIENCE }, async () => true);
}
