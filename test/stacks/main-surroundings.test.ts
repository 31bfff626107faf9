import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ConfigError } from "../../components/errors";
import main from "../../stacks/main";
import { find, mocks } from "../harness";
import { asText, run, type Settings, settingsOf } from "./program";

/*
 * The program and what it meets: the provider's settings, AWS's answers, the day.
 */

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("settings of the AWS provider", () => {
  test("are handed on, beside the region and the tags", async () => {
    const { seen } = await run({
      ...settingsOf("dev"),
      "aws:profile": "work",
      "aws:allowedAccountIds": ["123456789012"],
      "aws:assumeRoles": [{ roleArn: "arn:aws:iam::123456789012:role/deploy" }],
    });
    // A provider's inputs travel as text.
    expect(find(seen, "pulumi:providers:aws", "aws").inputs).toMatchObject({
      region: "us-east-1",
      profile: "work",
      allowedAccountIds: '["123456789012"]',
      assumeRoles: '[{"roleArn":"arn:aws:iam::123456789012:role/deploy"}]',
      defaultTags: '{"tags":{"pilotlight:stack":"pilotlight-test"}}',
    });
  });

  test("that are not handed on are refused", async () => {
    await expect(run({ ...settingsOf("dev"), "aws:maxRetries": "9" })).rejects.toThrow(
      "✖ aws:maxRetries: is not handed on to AWS by this kit (region, profile, allowedAccountIds, assumeRoles are); set it in the profile",
    );
  });
});

describe("ranges open to everybody", () => {
  test("are allowed, and warned of", async () => {
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const settings = settingsOf("prod");
    settings["pilotlight:cluster"] = {
      ...(settings["pilotlight:cluster"] as Settings),
      apiAccess: { cidrs: ["0.0.0.0/0"] },
    };
    settings["pilotlight:endpoint"] = {
      ...(settings["pilotlight:endpoint"] as Settings),
      allowedCidrs: ["198.18.0.0/24", "0.0.0.0/0"],
    };
    await run(settings);
    const open = "0.0.0.0/0 lets the whole internet in; name the ranges that need it";
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      `cluster.apiAccess.cidrs: ${open}`,
      `endpoint.allowedCidrs: ${open}`,
    ]);
  });
});

test("a lease of which nobody is told is warned of, once", async () => {
  const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
  await run(settingsOf("dev"));
  expect(warn.mock.calls.map(([message]) => message)).toEqual([
    expect.stringMatching(/^spend\.emails: is empty, so GPUs go off unannounced when the lease of 12h ends; /),
  ]);
});

describe("a Kubernetes version after its support", () => {
  /** What the program says on a day on which 1.34 has ended, when AWS answers with `clusters`. */
  async function saidWhen(clusters: () => { names: string[] }): Promise<readonly string[]> {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2027-01-15") });
    vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const settings = settingsOf("dev");
    settings["pilotlight:cluster"] = { ...(settings["pilotlight:cluster"] as Settings), kubernetes: "1.34" };
    pulumi.runtime.setAllConfig(asText(settings));
    const answers = mocks();
    const asked = {
      call: (args: pulumi.runtime.MockCallArgs) =>
        args.token.includes("getClusters") ? clusters() : answers.call(args),
    };
    await pulumi.runtime.setMocks({ ...answers, ...asked }, "pilotlight", "test", false);
    const error = await main().then(
      () => undefined,
      (caught: unknown) => caught,
    );
    await pulumi.runtime.disconnect();
    if (error !== undefined && !(error instanceof ConfigError)) throw error;
    return error?.faults.map(({ path, message }) => `${path}: ${message}`) ?? [];
  }
  const refuse = (message: string) => () => {
    // As an error of gRPC.
    throw Object.assign(new Error(message), { details: message });
  };
  const ENDED = [expect.stringMatching(/^cluster\.kubernetes: EKS ended .*; a new cluster needs one of these$/)];

  test("may stay on a cluster that runs", async () => {
    expect(await saidWhen(() => ({ names: ["other", "pilotlight-test"] }))).toEqual([]);
  });

  test("is refused for a new one", async () => {
    expect(await saidWhen(() => ({ names: ["other"] }))).toEqual(ENDED);
  });

  test("is refused without credentials, when no cluster can be known of", async () => {
    expect(
      await saidWhen(refuse("unable to validate AWS credentials.\nDetails: no valid credential sources found")),
    ).toEqual(ENDED);
  });

  test.each([
    "AccessDeniedException: not authorized to perform: eks:ListClusters",
    "ThrottlingException: Rate exceeded",
    "no valid credential sources found. AWS Error: the SSO session has expired or is invalid",
  ])("is not called new because of: %s", async (answer) => {
    expect(await saidWhen(refuse(answer))).toEqual([
      expect.stringMatching(
        /^cluster\.kubernetes: .* AWS did not say whether pilotlight-test exists \(it takes credentials with eks:ListClusters\): /,
      ),
    ]);
    expect((await saidWhen(refuse(answer)))[0]).toContain(answer);
  });
});

describe("a version that EKS is about to drop", () => {
  /** What is warned of when EKS has 1.34 with this status, and the clusters that were asked about. */
  async function saidOf(versionStatus: string) {
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-11-01") });
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const settings = settingsOf("staging");
    settings["pilotlight:cluster"] = { ...(settings["pilotlight:cluster"] as Settings), kubernetes: "1.34" };
    pulumi.runtime.setAllConfig(asText(settings));
    const asked: unknown[] = [];
    const answers = mocks();
    const dates = { endOfStandardSupportDate: "2026-10-01", endOfExtendedSupportDate: "2027-10-01" };
    const call = (args: pulumi.runtime.MockCallArgs) => {
      if (args.token === "aws:eks/getCluster:getCluster") {
        asked.push(args.inputs.name);
        return { version: "1.34" };
      }
      if (args.token === "aws:eks/getClusterVersions:getClusterVersions")
        return {
          clusterVersions: [
            { clusterVersion: "1.34", versionStatus, ...dates },
            { clusterVersion: "1.35", versionStatus: "STANDARD_SUPPORT", ...dates },
          ],
        };
      return answers.call(args);
    };
    await pulumi.runtime.setMocks({ ...answers, call }, "pilotlight", "test", false);
    await main();
    await pulumi.runtime.disconnect();
    return { asked, warnings: warn.mock.calls.map(([message]) => message) };
  }

  test("is judged by the stack's own cluster", async () => {
    expect(await saidOf("EXTENDED_SUPPORT")).toEqual({
      asked: ["pilotlight-test"],
      warnings: [
        expect.stringMatching(/^cluster\.kubernetes: 1\.34 is in extended support .*one minor version at a time/),
      ],
    });
  });

  test("is not asked about where it is in support: that would take a permission for nothing", async () => {
    expect(await saidOf("STANDARD_SUPPORT")).toEqual({ asked: [], warnings: [] });
  });
});
