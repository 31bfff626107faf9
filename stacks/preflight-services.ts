import { EKS_STANDARD_SUPPORT_ENDS, supportEnded } from "../planner/kubernetes-versions";
import type { OwnStack } from "./config";
import type { EksVersion, Facts, Findings, Where } from "./preflight-facts";

/*
 * Whether EKS has the version of Kubernetes, and Route 53 the domain's zone.
 */

const NOTHING: Findings = { faults: [], warnings: [] };
const PATH = "cluster.kubernetes";

/** 1.9 is older than 1.10. */
const minor = (version: string) => Number(version.split(".")[1]);
const next = (version: string) => `1.${minor(version) + 1}`;

/** Newest first. */
const inSupport = (versions: readonly EksVersion[]): string[] =>
  versions
    .filter(({ status }) => status === "STANDARD_SUPPORT")
    .map(({ version }) => version)
    .sort((a, b) => minor(b) - minor(a));

/** Whether EKS has the version in standard support, so that there is nothing to say of it. */
export const isSupported = (version: string, versions: readonly EksVersion[]): boolean =>
  inSupport(versions).includes(version);

const isKnown = (version: string) => Object.hasOwn(EKS_STANDARD_SUPPORT_ENDS, version);

/** The command that sets a version, which the settings take only if the kit knows it. */
const setVersion = (version: string | undefined) =>
  version !== undefined && isKnown(version)
    ? `pulumi config set --path pilotlight:${PATH} ${version}`
    : `this kit knows ${Object.keys(EKS_STANDARD_SUPPORT_ENDS).join(", ")} alone, so update the kit first`;

export function versionFindings(config: OwnStack, { versions, cluster }: Facts, { now }: Where): Findings {
  const { kubernetes } = config.cluster;
  if (versions === undefined || isSupported(kubernetes, versions)) return NOTHING;
  const found = versions.find(({ version }) => version === kubernetes);
  const standard = inSupport(versions);
  const those = standard.join(", ") || "none in standard support";
  const newest = setVersion(standard.find(isKnown));
  const runs = cluster === "missing" ? undefined : cluster?.version;
  const actual = `the cluster runs ${runs}; name that: ${setVersion(runs)}`;
  const step = `one minor version at a time: ${setVersion(next(kubernetes))}`;
  const warning = (message: string): Findings => ({ faults: [], warnings: [{ path: PATH, message }] });

  if (found === undefined || found.status === "UNSUPPORTED") {
    const without = `EKS does not support ${kubernetes}`;
    if (cluster === "missing")
      return { faults: [{ path: PATH, message: `${without}; it supports ${those}: ${newest}` }], warnings: [] };
    // What runs goes on running: a fault would forbid every other change, too.
    return runs !== undefined && runs !== kubernetes
      ? warning(`${without}, and ${actual}`)
      : warning(
          `${without} (it supports ${those}), and upgrades a cluster of that version by itself; do it before, ${step}`,
        );
  }
  // The same words twice where the kit's own table says it, too.
  if (supportEnded(kubernetes, now.toISOString().slice(0, 10)) !== undefined) return NOTHING;
  const extended =
    `${kubernetes} is in extended support since ${found.standardUntil}, at six times the price of a control plane, until ` +
    found.extendedUntil;
  if (cluster === "missing") return warning(`${extended}; choose one in standard support (${those}): ${newest}`);
  if (runs !== undefined && minor(runs) > minor(kubernetes)) return warning(`${extended}, and ${actual}`);
  return warning(`${extended}; upgrade to one in standard support (${those}), ${step}`);
}

export function hostedZoneFindings({ endpoint }: OwnStack, { hostedZone }: Facts): Findings {
  const { zone } = endpoint;
  if (zone === undefined || hostedZone === undefined || hostedZone === "found") return NOTHING;
  const message =
    hostedZone === "missing"
      ? `there is no public Route 53 zone ${zone} in this account; make it, and enter its name servers where the domain is ` +
        `registered: aws route53 create-hosted-zone --name ${zone} --caller-reference "$(date +%s)"`
      : `there are several public Route 53 zones ${zone} in this account, and the certificate is proved in one; delete those that ` +
        `the domain's name servers do not lead to: aws route53 list-hosted-zones-by-name --dns-name ${zone}`;
  return { faults: [{ path: "endpoint.zone", message }], warnings: [] };
}
