import fc from "fast-check";
import { expect, test } from "vitest";
import { divide } from "../../components/subnets";

test("a /16 gives each zone a private /18 and a public /20", () => {
  expect(divide("10.40.0.0/16", ["us-east-1a", "us-east-1b", "us-east-1c"])).toEqual([
    { zone: "us-east-1a", privateCidr: "10.40.0.0/18", publicCidr: "10.40.192.0/20" },
    { zone: "us-east-1b", privateCidr: "10.40.64.0/18", publicCidr: "10.40.208.0/20" },
    { zone: "us-east-1c", privateCidr: "10.40.128.0/18", publicCidr: "10.40.224.0/20" },
  ]);
});

const range = (cidr: string): [number, number] => {
  const [base = "", bits = ""] = cidr.split("/");
  const start = base.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return [start, start + 2 ** (32 - Number(bits)) - 1];
};

test("blocks never overlap, stay inside the VPC, and do not move when a zone is added", () => {
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), fc.integer({ min: 16, max: 20 }), (second, third, bits) => {
      const third_ = Math.floor(third / 2 ** (24 - bits)) * 2 ** (24 - bits);
      const cidr = `10.${second}.${bits === 16 ? 0 : third_ % 256}.0/${bits}`;
      const three = divide(cidr, ["a", "b", "c"]);
      expect(divide(cidr, ["a", "b"])).toEqual(three.slice(0, 2));
      const [start, end] = range(cidr);
      const blocks = three
        .flatMap((zone) => [range(zone.privateCidr), range(zone.publicCidr)])
        .sort((x, y) => x[0] - y[0]);
      let last = start - 1;
      for (const [from, to] of blocks) {
        expect(from).toBeGreaterThan(last);
        last = to;
      }
      expect(last).toBeLessThanOrEqual(end);
    }),
  );
});
