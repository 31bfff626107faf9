import * as aws from "@pulumi/aws";
import { isRecord } from "../planner/record";
import type { OwnStack } from "./config";
import type { EksVersion, Facts, ReservationFacts } from "./preflight-facts";
import { poolsIn } from "./preflight-facts";
import { type Answer, answering, answers, type Question, textOf, type Unanswered } from "./preflight-question";
import { quotaNeeds } from "./preflight-quotas";
import { namedReservations } from "./preflight-reservations";
import { isSupported } from "./preflight-services";

/*
 * Asks AWS through data sources of the provider, so with the stack's own credentials, all at the same time.
 */

/**
 * @param clusterName of the stack, whether it is there or not.
 * @returns what AWS told, and the questions that it did not answer.
 */
export async function askAws(
  config: OwnStack,
  clusterName: string,
): Promise<{ facts: Facts; unanswered: Unanswered[] }> {
  const unanswered: Unanswered[] = [];
  const answer = answering(unanswered);
  const [zones, quotas, offered, reservations, kubernetes, hostedZone] = await Promise.all([
    answer(zonesQuestion(config)),
    answers(quotaQuestions(config), answer),
    answer(offeringsQuestion(config)),
    answers(reservationQuestions(config), answer),
    aboutKubernetes(config, clusterName, answer),
    config.endpoint.zone === undefined ? undefined : answer(hostedZoneQuestion(config.endpoint.zone)),
  ]);
  return {
    facts: { zones: zones ?? config.cluster.zones, quotas, offered, reservations, ...kubernetes, hostedZone },
    unanswered,
  };
}

/** Subnets of the kit's own are in the zones of the settings; those of an adopted network may be elsewhere. */
function zonesQuestion({ cluster, network }: OwnStack): Question<readonly string[]> {
  const subnets = "adopt" in network ? network.adopt.subnetIds : [];
  const ask = async () => {
    const found = await Promise.all(subnets.map((id) => aws.ec2.getSubnet({ id })));
    const zones = [...new Set(found.map(({ availabilityZone }) => availabilityZone))];
    return zones.length === 0 ? cluster.zones : zones;
  };
  return { what: "the zones of network.adopt.subnetIds", permissions: ["ec2:DescribeSubnets"], ask };
}

function quotaQuestions(config: OwnStack): Map<string, Question<number>> {
  const permissions = ["servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"];
  return new Map(
    quotaNeeds(config).map(({ quota: { code } }) => [
      code,
      {
        what: "the vCPU quotas of the GPU pools",
        permissions,
        ask: async () => (await aws.servicequotas.getServiceQuota({ serviceCode: "ec2", quotaCode: code })).value,
      },
    ]),
  );
}

function offeringsQuestion(config: OwnStack): Question<Record<string, string[]>> {
  const types = [...new Set(poolsIn(config).flatMap((pool) => pool.types))];
  const ask = async () => {
    const { instanceTypes, locations } = await aws.ec2.getInstanceTypeOfferings({
      locationType: "availability-zone",
      filters: [{ name: "instance-type", values: types }],
    });
    const offered: Record<string, string[]> = {};
    // Two lists side by side: the type, and a zone that has it.
    for (const [index, type] of instanceTypes.entries()) {
      const zone = locations[index];
      if (zone !== undefined) offered[type] = [...(offered[type] ?? []), zone].sort();
    }
    return offered;
  };
  return { what: "which zones offer the pools' types", permissions: ["ec2:DescribeInstanceTypeOfferings"], ask };
}

/** How the provider and AWS say that there is none. */
const MISSING = /NotFound|couldn't find resource|no matching|empty result/i;

function reservationQuestions(config: OwnStack): Map<string, Question<ReservationFacts | "missing">> {
  return new Map(
    namedReservations(config).map(({ id, block }) => [
      id,
      {
        what: `reservation ${id}`,
        permissions: ["ec2:DescribeCapacityReservations", ...(block ? [] : ["cloudformation:GetResource"])],
        ask: () => orMissing(block ? readBlock(id) : readReservation(id)),
      },
    ]),
  );
}

async function orMissing<T>(asked: Promise<T>): Promise<T | "missing"> {
  try {
    return await asked;
  } catch (error) {
    if (MISSING.test(textOf(error))) return "missing";
    throw error;
  }
}

async function readBlock(id: string): Promise<ReservationFacts> {
  const { state, availabilityZone, instanceType, endDate } = await aws.ec2.getCapacityBlockReservation({ id });
  return { state, zone: availabilityZone, instanceType, endDate: endDate || undefined };
}

/** The provider has no data source for on-demand reservations; AWS's Cloud Control reads them for it. */
async function readReservation(id: string): Promise<ReservationFacts> {
  const { properties } = await aws.cloudcontrol.getResource({
    typeName: "AWS::EC2::CapacityReservation",
    identifier: id,
  });
  const told: unknown = JSON.parse(properties);
  const word = (key: string) => {
    const value = isRecord(told) ? told[key] : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return {
    state: word("State"),
    zone: word("AvailabilityZone"),
    instanceType: word("InstanceType"),
    endDate: word("EndDate"),
  };
}

/** Of the cluster only where it decides something: mostly it does not, and the question takes a permission of its own. */
async function aboutKubernetes(
  { cluster }: OwnStack,
  clusterName: string,
  answer: Answer,
): Promise<Pick<Facts, "versions" | "cluster">> {
  const versions = await answer(VERSIONS_QUESTION);
  if (versions === undefined || isSupported(cluster.kubernetes, versions)) return { versions };
  return { versions, cluster: await answer(clusterQuestion(clusterName)) };
}

function clusterQuestion(name: string): Question<NonNullable<Facts["cluster"]>> {
  const read = async () => ({ version: (await aws.eks.getCluster({ name })).version });
  return {
    what: `the Kubernetes version of cluster ${name}`,
    permissions: ["eks:DescribeCluster"],
    ask: () => orMissing(read()),
  };
}

const STATUS = ["STANDARD_SUPPORT", "EXTENDED_SUPPORT", "UNSUPPORTED"] as const;

const VERSIONS_QUESTION: Question<EksVersion[]> = {
  what: "which versions EKS supports",
  permissions: ["eks:DescribeClusterVersions"],
  ask: async () => {
    const { clusterVersions } = await aws.eks.getClusterVersions({ clusterType: "eks" });
    return clusterVersions.flatMap((one) => {
      const status = STATUS.find((word) => word === one.versionStatus);
      return status === undefined
        ? []
        : [
            {
              version: one.clusterVersion,
              status,
              standardUntil: one.endOfStandardSupportDate.slice(0, 10),
              extendedUntil: one.endOfExtendedSupportDate.slice(0, 10),
            },
          ];
    });
  },
};

function hostedZoneQuestion(name: string): Question<NonNullable<Facts["hostedZone"]>> {
  const ask = async () => {
    try {
      await aws.route53.getZone({ name, privateZone: false });
      return "found";
    } catch (error) {
      const text = textOf(error);
      if (/no matching Route ?53|no Route ?53 zone|NoSuchHostedZone/i.test(text)) return "missing";
      if (/(multiple|several) Route ?53/i.test(text)) return "several";
      throw error;
    }
  };
  return {
    what: `the Route 53 zone ${name}`,
    permissions: ["route53:ListHostedZones", "route53:GetHostedZone", "route53:ListTagsForResource"],
    ask,
  };
}
