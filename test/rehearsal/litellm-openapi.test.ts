import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { images } from "../../components/versions";
import { cut, type Described, printed } from "./litellm-openapi";
import { run } from "./programs";

/** Python with LiteLLM of components/versions.ts. */
function gatewayPython(): string {
  const python = process.env.PILOTLIGHT_GATEWAY_PYTHON;
  if (python) return python;
  throw new Error(
    "PILOTLIGHT_GATEWAY_PYTHON is not set: name the python of an environment with the packages of " +
      "rehearsal/tools/requirements-gateway.txt",
  );
}

/** With -u it is written anew. */
test("LiteLLM's own description has every path, field and answer that npm run key is tested against", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pilotlight-openapi-"));
  try {
    const file = join(folder, "openapi.json");
    const { code, output } = await run(gatewayPython(), [join(__dirname, "python", "litellm_openapi.py"), file], {});
    expect(code, output).toBe(0);
    const described: Described = JSON.parse(readFileSync(file, "utf8"));
    expect(`v${described.version}`).toBe(images.litellm.tag);
    await expect(`${printed(cut(described))}\n`).toMatchFileSnapshot("../data/litellm-openapi.json");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
