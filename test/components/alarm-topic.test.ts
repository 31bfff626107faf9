import { describe, expect, test } from "vitest";
import { AlarmTopic, topicKeyPolicy, topicPolicy } from "../../components/alarm-topic";
import { find, names, register } from "../harness";
import { creationOrder } from "../order";

const make = (emails: readonly string[] = ["ops@example.com"]) =>
  new AlarmTopic("alarms", { stack: "pilotlight-dev", partition: "aws", accountId: "123456789012", emails });

const TOPIC = "arn:aws:sns:us-east-1:123456789012:pilotlight-dev-alarms";
const FACTS = { partition: "aws", accountId: "123456789012" };

describe("AlarmTopic", () => {
  test("is encrypted with a key of its own, and asks each address", async () => {
    const seen = await register(() => make(["ops@example.com", "finance@example.com"]));
    expect(names(seen)).toEqual([
      ["aws:kms/alias:Alias", "alarms"],
      ["aws:kms/key:Key", "alarms"],
      ["aws:sns/topic:Topic", "alarms"],
      ["aws:sns/topicPolicy:TopicPolicy", "alarms"],
      ["aws:sns/topicSubscription:TopicSubscription", "alarms-finance@example.com"],
      ["aws:sns/topicSubscription:TopicSubscription", "alarms-ops@example.com"],
      ["pilotlight:index:AlarmTopic", "alarms"],
    ]);
    expect(find(seen, "aws:sns/topic:Topic", "alarms").inputs).toEqual({
      name: "pilotlight-dev-alarms",
      kmsMasterKeyId: "arn:aws:mock:us-east-1:123456789012:alarms",
    });
    expect(find(seen, "aws:sns/topicSubscription:TopicSubscription", "alarms-ops@example.com").inputs).toEqual({
      topic: "arn:aws:mock:us-east-1:123456789012:alarms",
      protocol: "email",
      endpoint: "ops@example.com",
    });
  });

  test("an address is asked when AWS may speak already", async () => {
    const order = await creationOrder(() => make());
    expect(order.waits("TopicSubscription alarms-ops@example.com", "TopicPolicy alarms")).toBe(true);
  });
});

describe("CloudWatch and Budgets of this account", () => {
  const spoken = (sources: string) => ({
    StringEquals: { "aws:SourceAccount": "123456789012" },
    ArnLike: { "aws:SourceArn": sources },
  });
  const ALARMS = spoken("arn:aws:cloudwatch:*:123456789012:alarm:*");
  const BUDGETS = spoken("arn:aws:budgets::123456789012:*");

  test("may publish, and nobody without TLS", () => {
    const of = { Effect: "Allow", Action: ["sns:Publish"], Resource: TOPIC };
    expect(topicPolicy(TOPIC, FACTS)).toEqual({
      Version: "2012-10-17",
      Statement: [
        { Sid: "Alarms", ...of, Principal: { Service: ["cloudwatch.amazonaws.com"] }, Condition: ALARMS },
        { Sid: "Budgets", ...of, Principal: { Service: ["budgets.amazonaws.com"] }, Condition: BUDGETS },
        {
          Sid: "TlsOnly",
          Effect: "Deny",
          Principal: "*",
          Action: ["sns:Publish"],
          Resource: TOPIC,
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        },
      ],
    });
  });

  test("may use the key, without which they could not publish", () => {
    const of = { Effect: "Allow", Action: ["kms:Decrypt", "kms:GenerateDataKey*"], Resource: "*" };
    expect(topicKeyPolicy(FACTS).Statement).toEqual([
      {
        Sid: "Account",
        Effect: "Allow",
        Principal: { AWS: ["arn:aws:iam::123456789012:root"] },
        Action: ["kms:*"],
        Resource: "*",
      },
      { Sid: "Alarms", ...of, Principal: { Service: ["cloudwatch.amazonaws.com"] }, Condition: ALARMS },
      { Sid: "Budgets", ...of, Principal: { Service: ["budgets.amazonaws.com"] }, Condition: BUDGETS },
    ]);
  });
});
