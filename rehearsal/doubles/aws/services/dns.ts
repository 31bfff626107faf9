import { type Call, items, list, type Props, pairs, service, type Table, text } from "../table";

const acm = service("acm");
const route53 = service("route53");

/** A record's name as DNS has it: names that do not end with the zone's are relative to it. */
export function fqdn(name: string, zone: string): string {
  const bare = name.replace(/\.$/, "");
  const root = zone.replace(/\.$/, "");
  if (bare === "" || bare === root) return root;
  return bare.endsWith(`.${root}`) ? bare : `${bare}.${root}`;
}

function recordSet(inputs: Props, name: string): Props {
  const [alias] = items(inputs.aliases);
  return {
    Name: name,
    Type: inputs.type,
    SetIdentifier: inputs.setIdentifier,
    TTL: alias ? undefined : inputs.ttl,
    ResourceRecords: alias ? undefined : list(inputs.records).map((Value) => ({ Value: quoted(inputs.type, Value) })),
    AliasTarget: alias
      ? { HostedZoneId: alias.zoneId, DNSName: alias.name, EvaluateTargetHealth: alias.evaluateTargetHealth }
      : undefined,
  };
}

/** TXT values are quoted in DNS and bare in Pulumi. */
function quoted(type: Props[string], value: Props[string]): string {
  return type === "TXT" ? `"${value}"` : String(value);
}

function change(action: "CREATE" | "UPSERT" | "DELETE", zone: Props[string], record: Props): Call {
  return route53("ChangeResourceRecordSets", {
    HostedZoneId: zone,
    ChangeBatch: { Changes: [{ Action: action, ResourceRecordSet: record }] },
  });
}

const upsert = ({ now, state }: { now: Props; state: Props }) => [
  change("UPSERT", now.zoneId, recordSet(now, text(state, "fqdn"))),
];

function validations(certificate: Props): Props[] {
  return items(certificate.DomainValidationOptions)
    .map((option) => ({
      domainName: text(option, "DomainName"),
      resourceRecordName: text(option, "ResourceRecord.Name"),
      resourceRecordType: text(option, "ResourceRecord.Type"),
      resourceRecordValue: text(option, "ResourceRecord.Value"),
    }))
    .sort((a, b) => a.domainName.localeCompare(b.domainName));
}

export const dns: Table = {
  "aws:route53/record:Record": {
    replaces: ["zoneId", "name", "type", "setIdentifier"],
    updates: { records: upsert, ttl: upsert, aliases: upsert },
    local: ["allowOverwrite"],
    ask: (i) => [route53("GetHostedZone", { Id: i.zoneId })],
    create: (i, _where, [zone]) =>
      change(
        i.allowOverwrite ? "UPSERT" : "CREATE",
        i.zoneId,
        recordSet(i, fqdn(text(i, "name"), text(zone, "HostedZone.Name"))),
      ),
    id: (_answer, i) => [i.zoneId, i.name, i.type, i.setIdentifier].filter(Boolean).join("_"),
    finish: (_id, i) => [route53("GetHostedZone", { Id: i.zoneId })],
    outs: (_id, i, [, zone]) => ({ fqdn: fqdn(text(i, "name"), text(zone, "HostedZone.Name")) }),
    exists: (_id, state) =>
      route53("ListResourceRecordSets", {
        HostedZoneId: state.zoneId,
        StartRecordName: state.fqdn,
        StartRecordType: state.type,
        MaxItems: "1",
      }),
    alive: (answer) => items(answer.ResourceRecordSets).length > 0,
    remove: (_id, state) => [change("DELETE", state.zoneId, recordSet(state, text(state, "fqdn")))],
  },

  "aws:acm/certificate:Certificate": {
    replaces: ["domainName", "subjectAlternativeNames", "validationMethod", "keyAlgorithm"],
    tags: {
      set: (id, _state, tags) => acm("AddTagsToCertificate", { CertificateArn: id, Tags: pairs(tags) }),
      unset: (id, _state, keys) =>
        acm("RemoveTagsFromCertificate", { CertificateArn: id, Tags: keys.map((Key) => ({ Key })) }),
    },
    create: (i) =>
      acm("RequestCertificate", {
        DomainName: i.domainName,
        ValidationMethod: i.validationMethod,
        SubjectAlternativeNames: i.subjectAlternativeNames,
        KeyAlgorithm: i.keyAlgorithm,
        ...(i.tags ? { Tags: pairs(i.tags) } : {}),
      }),
    id: (answer) => text(answer, "CertificateArn"),
    finish: (id) => [acm("DescribeCertificate", { CertificateArn: id })],
    outs: (id, i, [, described]) => ({
      arn: id,
      status: "PENDING_VALIDATION",
      type: "AMAZON_ISSUED",
      subjectAlternativeNames: list(i.subjectAlternativeNames),
      domainValidationOptions: validations((described?.Certificate ?? {}) as Props),
    }),
    exists: (id) => acm("DescribeCertificate", { CertificateArn: id }),
    remove: (id) => [acm("DeleteCertificate", { CertificateArn: id })],
  },

  // Not a thing of AWS: the provider waits here until the certificate is issued.
  "aws:acm/certificateValidation:CertificateValidation": {
    replaces: ["certificateArn", "validationRecordFqdns"],
    create: (i) => ({
      service: "pilotlight",
      operation: "ValidateCertificate",
      params: { arn: i.certificateArn, names: i.validationRecordFqdns ?? [] },
    }),
    id: (_answer, i) => text(i, "certificateArn"),
    exists: (_id, state) => acm("DescribeCertificate", { CertificateArn: state.certificateArn }),
    remove: () => [],
  },
};
