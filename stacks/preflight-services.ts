import { supportEnded } from "../planner/kubernetes-versions";
import type { OwnStack } from "./config";
import type { EksVersion, Facts, Findings, Where } from "./preflight-facts";

/*
 * Whether EKS has the version of Kubernetes, and Route 53 the domain's zone.
 */

const NOTHING: Findings = { faults: [], warnings: [] };

/** 1.9 is older than 1.10. */
const minor = (version: string) => Number(version.split(".")[1]);

const setVersion = (version: string) => `pulumi config set --path pilotlight:cluster.kubernetes ${version}`;

export function versionFindings(config: OwnStack, { versions }: Facts, { now }: Where): Findings {
  if (versions === undefined) return NOTHING;
  const { kubernetes } = config.cluster;
  const path = "cluster.kubernetes";
  const found = versions.find(({ version }) => version === kubernetes);
  const standard = inSupport(versions);
  const instead = standard[0] === undefined ? "" : `: ${setVersion(standard[0])}`;
  if (found === undefined || found.status === "UNSUPPORTED")
    return {
      faults: [
        {
          path,
          message: `EKS does not support ${kubernetes}; it supports ${standard.join(", ") || "none in standard support"}${instead}`,
        },
      ],
      warnings: [],
    };
  // The same words twice where the kit's own table says it, too.
  if (found.status === "STANDARD_SUPPORT" || supportEnded(kubernetes, now.toISOString().slice(0, 10)) !== undefined)
    return NOTHING;
  return {
    faults: [],
    warnings: [
      {
        path,
        message:
          `${kubernetes} is in extended support since ${found.standardUntil}, at six times the price of a control plane, until ` +
          `${found.extendedUntil}; upgrade to one in standard support (${standard.join(", ") || "none"})${instead}`,
      },
    ],
  };
}

/** Newest first. */
const inSupport = (versions: readonly EksVersion[]): string[] =>
  versions
    .filter(({ status }) => status === "STANDARD_SUPPORT")
    .map(({ version }) => version)
    .sort((a, b) => minor(b) - minor(a));

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
