/** A zone's part of the VPC: CIDR blocks in text form. */
export interface ZoneSubnets {
  readonly zone: string;
  readonly privateCidr: string;
  readonly publicCidr: string;
}

const toNumber = (address: string) => address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
const toAddress = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/**
 * Divides a VPC range: a private quarter for each of up to three zones (pods take addresses from it), and a public
 * sixteenth of the last quarter for each (load balancers and NAT alone). A zone's blocks depend on its place in the list
 * alone, so adding a third zone moves nothing.
 * @param cidr /16 to /20, validated before.
 */
export function divide(cidr: string, zones: readonly string[]): ZoneSubnets[] {
  const [base = "", bits = ""] = cidr.split("/");
  const prefix = Number(bits);
  const network = Math.floor(toNumber(base) / 2 ** (32 - prefix)) * 2 ** (32 - prefix);
  const block = (index: number, newPrefix: number, from: number) =>
    `${toAddress(from + index * 2 ** (32 - newPrefix))}/${newPrefix}`;
  const lastQuarter = network + 3 * 2 ** (32 - prefix - 2);
  return zones.map((zone, index) => ({
    zone,
    privateCidr: block(index, prefix + 2, network),
    publicCidr: block(index, prefix + 4, lastQuarter),
  }));
}
