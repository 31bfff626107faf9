import { expect, test } from "vitest";
import { right, told } from "./config-harness";

const aws = (settings: Record<string, unknown>) => told(right(), { aws: { region: "us-east-1", ...settings } });

test("what is handed on to AWS is allowed", () => {
  expect(
    aws({
      profile: "work",
      allowedAccountIds: ["123456789012"],
      assumeRoles: [{ roleArn: "arn:aws:iam::123456789012:role/deploy", externalId: "x", duration: "1h" }],
    }),
  ).toEqual([]);
  expect(aws({ profile: 123456789012 })).toEqual([]);
});

const NOT = "is not handed on to AWS by this kit (region, profile, allowedAccountIds, assumeRoles are);";
test.each([
  [{ defaultTags: { tags: {} } }, `aws:defaultTags: ${NOT} name tags under pilotlight:tags`],
  [{ secretKey: "x" }, `aws:secretKey: ${NOT} keep credentials out of the stack: use aws:profile, or the environment`],
  [{ endpoints: [] }, `aws:endpoints: ${NOT} set it in the profile that aws:profile names, or in the environment`],
  [{ toString: 1 }, `aws:toString: ${NOT} set it in the profile that aws:profile names, or in the environment`],
  [
    { allowedAccountIds: [123456789012] },
    'aws:allowedAccountIds[0]: 123456789012 is not an account id of 12 digits in quotes, such as "123456789012"',
  ],
  [{ assumeRoles: [{ roleArn: "deploy" }] }, 'aws:assumeRoles[0].roleArn: "deploy" is not the ARN of an IAM role'],
  [
    { assumeRoles: [{ roleArn: "arn:aws:iam::123456789012:role/deploy", externalID: "x" }] },
    'aws:assumeRoles[0].externalID: there is no such setting; did you mean "externalId"?',
  ],
])("%j", (settings, message) => {
  expect(aws(settings)).toEqual([message]);
});
