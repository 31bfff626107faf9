/** What AWS documents of a region and no API tells. */
export interface RegionFacts {
  readonly description: string;
  /** Hosted zone of the region's application load balancers. */
  readonly balancerZone: string;
}

/** Source: https://docs.aws.amazon.com/general/latest/gr/elb.html */
export const REGIONS: { readonly [region: string]: RegionFacts } = {
  "af-south-1": { description: "Africa (Cape Town)", balancerZone: "Z268VQBMOI5EKX" },
  "ap-east-1": { description: "Asia Pacific (Hong Kong)", balancerZone: "Z3DQVH9N71FHZ0" },
  "ap-northeast-1": { description: "Asia Pacific (Tokyo)", balancerZone: "Z14GRHDCWA56QT" },
  "ap-northeast-2": { description: "Asia Pacific (Seoul)", balancerZone: "ZWKZPGTI48KDX" },
  "ap-northeast-3": { description: "Asia Pacific (Osaka)", balancerZone: "Z5LXEXXYW11ES" },
  "ap-south-1": { description: "Asia Pacific (Mumbai)", balancerZone: "ZP97RAFLXTNZK" },
  "ap-southeast-1": { description: "Asia Pacific (Singapore)", balancerZone: "Z1LMS91P8CMLE5" },
  "ap-southeast-2": { description: "Asia Pacific (Sydney)", balancerZone: "Z1GM3OXH4ZPM65" },
  "ca-central-1": { description: "Canada (Central)", balancerZone: "ZQSVJUPU6J1EY" },
  "eu-central-1": { description: "Europe (Frankfurt)", balancerZone: "Z215JYRZR1TBD5" },
  "eu-north-1": { description: "Europe (Stockholm)", balancerZone: "Z23TAZ6LKFMNIO" },
  "eu-south-1": { description: "Europe (Milan)", balancerZone: "Z3ULH7SSC9OV64" },
  "eu-west-1": { description: "Europe (Ireland)", balancerZone: "Z32O12XQLNTSW2" },
  "eu-west-2": { description: "Europe (London)", balancerZone: "ZHURV8PSTC4K8" },
  "eu-west-3": { description: "Europe (Paris)", balancerZone: "Z3Q77PNBQS71R4" },
  "me-south-1": { description: "Middle East (Bahrain)", balancerZone: "ZS929ML54UICD" },
  "sa-east-1": { description: "South America (Sao Paulo)", balancerZone: "Z2P70J7HTTTPLU" },
  "us-east-1": { description: "US East (N. Virginia)", balancerZone: "Z35SXDOTRQ7X7K" },
  "us-east-2": { description: "US East (Ohio)", balancerZone: "Z3AADJGX6KTTL2" },
  "us-west-1": { description: "US West (N. California)", balancerZone: "Z368ELLRRE2KJ0" },
  "us-west-2": { description: "US West (Oregon)", balancerZone: "Z1H1FL5HABSF5" },
};

/** @throws for a region that the table lacks, China's and GovCloud's among them. */
export function regionFacts(region: string): RegionFacts {
  const facts = REGIONS[region];
  if (!facts) {
    const known = Object.keys(REGIONS).join(", ");
    throw new Error(`the AWS double does not know the region "${region}"; it knows ${known}`);
  }
  return facts;
}
