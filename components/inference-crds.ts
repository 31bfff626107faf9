import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { manifests } from "./versions";

/**
 * The InferencePool kind, which each model's endpoint picker reads its pods from.
 * The engine fetches the file at each update and checks no digest: the address names a commit, so it cannot come to mean
 * another file, as a release's assets or a tag could.
 */
export class InferenceCrds extends pulumi.ComponentResource {
  /** What charts/model-server depends on. */
  readonly ready: pulumi.Resource[];

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:InferenceCrds", name, {}, opts);
    this.ready = [new k8s.yaml.v2.ConfigFile(name, { file: manifests.inferenceExtension.url }, { parent: this })];
    this.registerOutputs({});
  }
}
