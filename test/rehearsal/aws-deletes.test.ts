import { afterAll, beforeAll, expect, test } from "vitest";
import type { Props } from "../../rehearsal/doubles/aws/table";
import { AwsNetwork } from "./aws-network";
import { WHERE } from "./aws-stage";

/*
 * What keeps what alive in the double of AWS: a delete that AWS refuses is refused, and in the right order all goes.
 */

let net: AwsNetwork;
beforeAll(async () => {
  net = await AwsNetwork.create();
});
afterAll(() => net?.stage.close());

const KEPT: readonly [string, RegExp][] = [
  ["vpc", /DependencyViolation: The vpc 'vpc-\w+' has dependencies and cannot be deleted/],
  ["subnet-b", /DependencyViolation: The subnet 'subnet-\w+' has dependencies .*: \d network interfaces are in it/],
  ["gateway", /DependencyViolation: .*mapped public address/],
  ["address", /InvalidIPAddress\.InUse/],
  ["node", /DeleteConflict: Cannot delete entity, must detach all policies first/],
  ["cluster", /ResourceInUseException: Cluster has nodegroups attached: nodes-/],
  ["database-group", /DependencyViolation: .*a network interface/],
  ["database-subnets", /InvalidDBSubnetGroupStateFault: .*still using it/],
];

test.each(KEPT)("refuses to delete what is in use: %s", async (name, message) => {
  await expect(net.remove(name)).rejects.toThrow(message);
});

test("issues a certificate only when its proof stands in a zone", async () => {
  const zone = await net.stage.double.lookUp("aws:route53/getZone:getZone", { name: "example.com" }, WHERE);
  const given = { domainName: "llm.example.com", validationMethod: "DNS" };
  await net.add("aws:acm/certificate:Certificate", "certificate", given);
  const [proof] = net.of("certificate").outs.domainValidationOptions as Props[];
  const validate = { certificateArn: net.arn("certificate") };
  const type = "aws:acm/certificateValidation:CertificateValidation";
  await expect(net.stage.create(type, "validation", validate)).rejects.toThrow(
    /stays PENDING_VALIDATION: no hosted zone has the record _\w+\.llm\.example\.com CNAME/,
  );
  await net.add("aws:route53/record:Record", "proof", {
    zoneId: zone.zoneId,
    name: proof?.resourceRecordName,
    type: proof?.resourceRecordType,
    records: [proof?.resourceRecordValue],
    ttl: 60,
  });
  await net.add(type, "validation", { ...validate, validationRecordFqdns: [net.of("proof").outs.fqdn] });
  const described = await net.stage.call("acm", "DescribeCertificate", { CertificateArn: net.arn("certificate") });
  expect((described.Certificate as Props).Status).toBe("ISSUED");
});

test("lets everything go in the order of its dependencies, and then holds nothing", async () => {
  const order = Object.keys(net.made).reverse();
  for (const name of order) await net.remove(name);
  const { left, allowed } = await net.stage.aws.leftovers();
  expect(left).toEqual([]);
  expect(allowed.map(({ kind }) => kind)).toEqual([]);
});
