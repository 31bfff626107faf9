import * as aws from "@pulumi/aws";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { albAnnotations, CLIENT_PATHS } from "./endpoint-annotations";

export interface EndpointArgs {
  namespace: pulumi.Input<string>;
  /** The gateway's Service. */
  serviceName: pulumi.Input<string>;
  servicePort: number;
  exposure: "public" | "internal";
  /** Public subnets for a public endpoint, private ones for an internal one; in two zones at least. */
  subnetIds: pulumi.Input<string>[];
  /** IPv4 ranges that may connect. */
  allowedCidrs: pulumi.Input<string>[];
  /** Host name and the Route 53 zone that holds it; turns TLS on. */
  domain?: { name: string; zone: string };
  /** Seconds, from the hold chain: the load balancer waits longer than anything behind it. */
  idleSeconds: number;
  /** The provider's default tags do not reach what the controller makes. */
  tags: Readonly<Record<string, string>>;
  /** The load balancer controller, which has to outlive the Ingress, and the gateway. */
  after: pulumi.Resource[];
}

/** The door to the models: an application load balancer that passes the paths of clients to the gateway, and no others. */
export class Endpoint extends pulumi.ComponentResource {
  /** Base URL for OpenAI clients, ending in /v1. */
  readonly url: pulumi.Output<string>;
  readonly ingress: k8s.networking.v1.Ingress;

  constructor(name: string, args: EndpointArgs, opts?: pulumi.ComponentResourceOptions) {
    super("pilotlight:index:Endpoint", name, {}, opts);
    const parent = { parent: this };
    const { domain } = args;

    const zoneId = domain && aws.route53.getZoneOutput({ name: domain.zone }, parent).zoneId;
    const certificateArn = domain && zoneId && createCertificate(domain.name, zoneId);
    this.ingress = createIngress();
    const hostname = this.ingress.status.apply((status) => status?.loadBalancer?.ingress?.[0]?.hostname ?? "");
    if (domain && zoneId) createRecord(domain.name, zoneId);

    this.url = domain ? pulumi.output(`https://${domain.name}/v1`) : pulumi.interpolate`http://${hostname}/v1`;
    this.registerOutputs({ url: this.url });

    function createCertificate(domainName: string, zone: pulumi.Input<string>): pulumi.Output<string> {
      const certificate = new aws.acm.Certificate(name, { domainName, validationMethod: "DNS" }, parent);
      // One name, so one proof.
      const proof = (key: "resourceRecordName" | "resourceRecordType" | "resourceRecordValue") =>
        certificate.domainValidationOptions.apply(([option]) => option?.[key] ?? "");
      const record = new aws.route53.Record(
        `${name}-validation`,
        {
          zoneId: zone,
          name: proof("resourceRecordName"),
          type: proof("resourceRecordType"),
          records: [proof("resourceRecordValue")],
          ttl: 60,
        },
        parent,
      );
      return new aws.acm.CertificateValidation(
        name,
        { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
        parent,
      ).certificateArn;
    }

    function createIngress() {
      const annotations = pulumi
        .all([pulumi.all(args.subnetIds), pulumi.all(args.allowedCidrs), certificateArn])
        .apply(([subnetIds, allowedCidrs, certificate]) =>
          albAnnotations({
            exposure: args.exposure,
            subnetIds,
            allowedCidrs,
            idleSeconds: args.idleSeconds,
            certificateArn: certificate,
            tags: args.tags,
          }),
        );
      const service = { name: args.serviceName, port: { number: args.servicePort } };
      return new k8s.networking.v1.Ingress(
        name,
        {
          metadata: { name, namespace: args.namespace, annotations },
          spec: {
            ingressClassName: "alb",
            rules: [
              {
                // With a domain no other Host header is answered.
                ...(domain ? { host: domain.name } : {}),
                http: { paths: CLIENT_PATHS.map((path) => ({ ...path, backend: { service } })) },
              },
            ],
          },
        },
        { ...parent, dependsOn: args.after },
      );
    }

    function createRecord(domainName: string, zone: pulumi.Input<string>) {
      const balancerZone = aws.lb.getHostedZoneIdOutput({ loadBalancerType: "application" }, parent).id;
      return new aws.route53.Record(
        name,
        {
          zoneId: zone,
          name: domainName,
          type: "A",
          aliases: [{ name: hostname, zoneId: balancerZone, evaluateTargetHealth: false }],
        },
        parent,
      );
    }
  }
}
