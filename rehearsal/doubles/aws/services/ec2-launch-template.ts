import { at, items, list, type Props, pairs, pascal, props, type Table, text, type Value } from "../table";
import { ec2, ec2Arn, ec2Tags, specified } from "./ec2-network";

/** Terraform keeps these as text, because "not set" differs from "false"; AWS takes booleans. */
const BOOLEANS = new Set(["encrypted", "deleteOnTermination", "associatePublicIpAddress", "ebsOptimized"]);

/** What a template says of the instance, each an input of the same name unless it is handled below. */
const PLAIN = [
  "capacityReservationSpecification",
  "cpuOptions",
  "creditSpecification",
  "iamInstanceProfile",
  "imageId",
  "instanceInitiatedShutdownBehavior",
  "instanceMarketOptions",
  "instanceRequirements",
  "instanceType",
  "keyName",
  "maintenanceOptions",
  "metadataOptions",
  "monitoring",
  "networkPerformanceOptions",
  "placement",
  "privateDnsNameOptions",
  "userData",
] as const;

const OTHER = ["blockDeviceMappings", "ebsOptimized", "networkInterfaces", "tagSpecifications", "vpcSecurityGroupIds"];

function booleans(value: Value): Value {
  if (Array.isArray(value)) return value.map(booleans);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(props(value)).map(([key, inner]) => [
      key,
      BOOLEANS.has(key) && typeof inner === "string" ? inner === "true" : booleans(inner),
    ]),
  );
}

function networkInterface(one: Props): Props {
  const { securityGroups, ...rest } = one;
  return { ...props(pascal(booleans(rest))), ...(securityGroups ? { Groups: securityGroups } : {}) };
}

/** The launch template data of AWS's API from the inputs of the resource. */
export function templateData(inputs: Props): Props {
  const groups = list(inputs.vpcSecurityGroupIds);
  const tags = items(inputs.tagSpecifications).map((one) => ({
    ResourceType: one.resourceType,
    Tags: pairs(one.tags),
  }));
  return {
    ...props(pascal(Object.fromEntries(PLAIN.map((key) => [key, inputs[key]])))),
    BlockDeviceMappings: inputs.blockDeviceMappings ? pascal(booleans(inputs.blockDeviceMappings)) : undefined,
    EbsOptimized: inputs.ebsOptimized === undefined ? undefined : inputs.ebsOptimized === "true",
    NetworkInterfaces: inputs.networkInterfaces ? items(inputs.networkInterfaces).map(networkInterface) : undefined,
    SecurityGroupIds: groups.length > 0 ? groups : undefined,
    TagSpecifications: tags.length > 0 ? tags : undefined,
  };
}

const newVersion = ({ id, now }: { id: string; now: Props }) => [
  ec2("CreateLaunchTemplateVersion", {
    LaunchTemplateId: id,
    VersionDescription: now.description,
    LaunchTemplateData: templateData(now),
  }),
  ...(now.updateDefaultVersion
    ? [ec2("ModifyLaunchTemplate", { LaunchTemplateId: id, DefaultVersion: "$Latest" })]
    : []),
];

export const launchTemplates: Table = {
  "aws:ec2/launchTemplate:LaunchTemplate": {
    autoname: { field: "name", prefix: "namePrefix", max: 128 },
    replaces: ["name", "namePrefix"],
    updates: Object.fromEntries([...PLAIN, ...OTHER, "description"].map((key) => [key, newVersion])),
    local: ["updateDefaultVersion"],
    tags: ec2Tags,
    volatile: ["latestVersion", "defaultVersion"],
    create: (i) =>
      ec2("CreateLaunchTemplate", {
        LaunchTemplateName: i.name,
        VersionDescription: i.description,
        LaunchTemplateData: templateData(i),
        ...specified("launch-template", i),
      }),
    id: (answer) => text(answer, "LaunchTemplate.LaunchTemplateId"),
    outs: (id, _i, _answers, where) => ({
      arn: ec2Arn("launch-template", id, where),
      latestVersion: 1,
      defaultVersion: 1,
    }),
    exists: (id) => ec2("DescribeLaunchTemplates", { LaunchTemplateIds: [id] }),
    seen: (answer) => ({
      latestVersion: at(answer, "LaunchTemplates.0.LatestVersionNumber"),
      defaultVersion: at(answer, "LaunchTemplates.0.DefaultVersionNumber"),
    }),
    remove: (id) => [ec2("DeleteLaunchTemplate", { LaunchTemplateId: id })],
  },
};
