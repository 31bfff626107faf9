import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { gatewayBase, postgres } from "./gateway-values";
import { helmTemplate, merge, pick, type Values } from "./helm";

const filesOf = (change: Values = {}) =>
  pick<{ data: Record<string, string> }>(
    helmTemplate("gateway", "gateway", merge(gatewayBase, change)),
    "ConfigMap",
    "gateway",
  ).data;
const configOf = (change: Values = {}) => parse(filesOf(change)["config.yaml"] ?? "");
const script = (name: string) => readFileSync(join(__dirname, "../../charts/gateway/files", name), "utf8");

describe("LiteLLM's configuration", () => {
  test("is exactly this, without a database", () => {
    expect(configOf()).toEqual({
      model_list: [
        {
          model_name: "qwen",
          litellm_params: {
            model: "hosted_vllm/qwen",
            api_base: "http://qwen-router.inference.svc:8081/v1",
            api_key: "none",
            timeout: 1110,
            stream_timeout: 1110,
            max_retries: 0,
          },
          model_info: { input_cost_per_token: 5e-8, output_cost_per_token: 2e-7 },
        },
        {
          model_name: "llama-70b",
          litellm_params: {
            model: "hosted_vllm/llama-70b",
            api_base: "http://llama-70b-router.inference.svc:8081/v1",
            api_key: "none",
            timeout: 1500,
            stream_timeout: 1500,
            max_retries: 0,
          },
        },
      ],
      litellm_settings: {
        // The longest of any model.
        request_timeout: 1500,
        sse_keepalive_ping_interval_seconds: 10,
        num_retries: 0,
        telemetry: false,
        turn_off_message_logging: true,
        json_logs: true,
        callbacks: ["held_streams.callback"],
      },
      router_settings: {
        num_retries: 0,
        retry_policy: {
          InternalServerErrorRetries: 6,
          DefaultRetries: 6,
          ServiceUnavailableErrorRetries: 0,
          TimeoutErrorRetries: 0,
          RateLimitErrorRetries: 0,
          BadRequestErrorRetries: 0,
          ContentPolicyViolationErrorRetries: 0,
          AuthenticationErrorRetries: 0,
          NotFoundErrorRetries: 0,
        },
        retry_after: 1,
        disable_cooldowns: true,
      },
      general_settings: {
        master_key: "os.environ/LITELLM_MASTER_KEY",
        cancel_on_disconnect: true,
        custom_auth: "custom_auth.user_api_key_auth",
      },
    });
  });

  test("a database takes the place of the key file, and changes nothing else", () => {
    const { general_settings, ...rest } = configOf();
    const { general_settings: withDatabase, ...others } = configOf(postgres);
    expect(others).toEqual(rest);
    const { custom_auth: _, ...kept } = general_settings;
    expect(withDatabase).toEqual(kept);
  });

  test.each([
    [0, 0],
    [1e-12, 1e-12],
    [1.5e-7, 6e-7],
    [0.00012, 0.5],
  ])("a price of %d and %d dollars stays a number", (inputCostPerToken, outputCostPerToken) => {
    const model = { name: "qwen", url: "http://qwen/v1", timeoutSeconds: 60, inputCostPerToken, outputCostPerToken };
    expect(configOf({ models: [model] }).model_list[0].model_info).toEqual({
      input_cost_per_token: inputCostPerToken,
      output_cost_per_token: outputCostPerToken,
    });
  });

  test("its master key is the environment's, in both modes", () => {
    for (const change of [{}, postgres])
      expect(configOf(change).general_settings.master_key).toBe("os.environ/LITELLM_MASTER_KEY");
  });
});

describe("the program beside it", () => {
  test.each([
    ["without a database checks keys", {}, "custom_auth.py"],
    ["with one makes the first keys", postgres, "create_keys.py"],
  ])("%s, and is the file of the chart", (_, change, name) => {
    const files = filesOf(change);
    expect(Object.keys(files).sort()).toEqual(["config.yaml", "held_streams.py", name].sort());
    // The block scalar ends with one line feed, as the file does.
    for (const file of [name, "held_streams.py"]) expect(files[file]?.trimEnd()).toBe(script(file).trimEnd());
  });
});
