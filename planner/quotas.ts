/*
 * The vCPU quotas of EC2 that GPU instances count against: one per family and way to buy, in each account and region. Most
 * of them are 0 in a new account.
 */

export interface Quota {
  readonly code: string;
  /** As the Service Quotas console shows it. */
  readonly name: string;
}

/**
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html. It names no quota for P6 on spot,
 * so that has none here.
 */
const QUOTAS: readonly (Quota & { readonly type: RegExp; readonly spot: boolean })[] = [
  { type: /^(g|vt)[\dr]/, spot: false, code: "L-DB2E81BA", name: "Running On-Demand G and VT instances" },
  { type: /^(g|vt)[\dr]/, spot: true, code: "L-3819A6DF", name: "All G and VT Spot Instance Requests" },
  { type: /^p\d/, spot: false, code: "L-417A185B", name: "Running On-Demand P instances" },
  { type: /^p[234]/, spot: true, code: "L-7212CCBC", name: "All P4, P3 and P2 Spot Instance Requests" },
  { type: /^p5/, spot: true, code: "L-C4BD4855", name: "All P5 Spot Instance Requests" },
];

/** The quota that an instance type counts against, or undefined for a type of another family. */
export const quotaOf = (instanceType: string, spot: boolean): Quota | undefined =>
  QUOTAS.find((quota) => quota.spot === spot && quota.type.test(instanceType));

/**
 * The command that asks AWS for more.
 * @param vcpus what is needed in all, in vCPUs.
 */
export const quotaRequest = ({ code }: Quota, vcpus: number, region: string | undefined): string =>
  `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code ${code} --desired-value ${vcpus}${
    region === undefined ? "" : ` --region ${region}`
  }`;
