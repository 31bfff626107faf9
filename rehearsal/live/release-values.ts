import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Props } from "../doubles/aws/table";

/** Values of a release as the program gave them, by Helm's record in the API. @throws Error where there is no such release. */
export async function releaseValues(
  helm: string,
  kubeconfigPath: string,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<Props> {
  const args = ["get", "values", name, "--namespace", namespace, "--output", "json", "--kubeconfig", kubeconfigPath];
  const { stdout } = await promisify(execFile)(helm, args);
  return (JSON.parse(stdout) ?? {}) as Props;
}
